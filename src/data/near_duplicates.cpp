#include "data/near_duplicates.h"

#include <algorithm>

#include "base/random.h"

namespace vitrine::data {
namespace {

constexpr double kChanceAgreement = 1.0 / 256;  // of two bytes of different hashes
constexpr size_t kTextsInBlock = size_t{1} << 14;
constexpr size_t kMostInBucket = 64;  // of a bucket that half the shop falls into the first ones count

uint32_t text_in(uint64_t entry) { return static_cast<uint32_t>(entry); }
uint32_t key_in(uint64_t entry) { return static_cast<uint32_t>(entry >> 32); }

}  // namespace

NearDuplicateScan::NearDuplicateScan(const MinhashConfig& config) : config_(config) {
  check_config(config, "minhash");
  num_prints_ = static_cast<size_t>(config.bands) * static_cast<size_t>(config.rows_per_band);
}

void NearDuplicateScan::add(std::string_view utf8) {
  const auto shingles = shingles_of(utf8, config_.shingle_size);
  if (size() % kTextsInBlock == 0) blocks_.emplace_back().reserve(kTextsInBlock * num_prints_);
  for (const uint64_t hash : minhash_signature(shingles, static_cast<int>(num_prints_))) blocks_.back().push_back(static_cast<uint8_t>(mix64(hash) & 0xff));
  has_grams_.push_back(!shingles.empty());
}

std::span<const uint8_t> NearDuplicateScan::prints_of(uint32_t text) const {
  return std::span(blocks_[text / kTextsInBlock]).subspan(text % kTextsInBlock * num_prints_, num_prints_);
}

/// With four rows the key is the band's bytes themselves.
uint32_t NearDuplicateScan::band_key(uint32_t text, size_t band) const {
  const auto rows = static_cast<size_t>(config_.rows_per_band);
  uint64_t key = 0;
  for (const uint8_t print : prints_of(text).subspan(band * rows, rows)) key = (rows > 4 ? mix64(key) : key << 8) | print;
  return static_cast<uint32_t>(key);
}

/// Key and text of every text that has grams, texts of one key side by side and rising.
std::vector<uint64_t> NearDuplicateScan::sorted_band(size_t band) const {
  std::vector<uint64_t> entries;
  entries.reserve(size());
  for (uint32_t text = 0; text < size(); ++text) {
    if (has_grams_[text]) entries.push_back(uint64_t{band_key(text, band)} << 32 | text);
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

uint32_t NearDuplicateScan::num_equal_prints(uint32_t a, uint32_t b) const {
  const auto prints_a = prints_of(a), prints_b = prints_of(b);
  uint32_t equal = 0;
  for (size_t i = 0; i < num_prints_; ++i) equal += prints_a[i] == prints_b[i];
  return equal;
}

double NearDuplicateScan::similarity_of(uint32_t num_equal) const {
  const double agreement = static_cast<double>(num_equal) / static_cast<double>(num_prints_);
  return std::max(0.0, (agreement - kChanceAgreement) / (1 - kChanceAgreement));
}

void NearDuplicateScan::compare_bucket(std::span<const uint64_t> bucket, std::vector<Earlier>& best) const {
  for (size_t second = 1; second < bucket.size(); ++second) {
    Earlier& found = best[text_in(bucket[second])];
    for (const uint64_t first : bucket.first(std::min(second, kMostInBucket))) {
      if (found.num_equal > 0 && found.first <= text_in(first)) break;
      const uint32_t equal = num_equal_prints(text_in(first), text_in(bucket[second]));
      if (similarity_of(equal) >= config_.min_similarity) found = {text_in(first), equal};
    }
  }
}

std::vector<NearDuplicate> NearDuplicateScan::find() const {
  std::vector<Earlier> best(size());
  for (size_t band = 0; band < static_cast<size_t>(config_.bands); ++band) {
    const auto entries = sorted_band(band);
    for (auto begin = entries.begin(); begin != entries.end();) {
      const auto end = std::find_if(begin, entries.end(), [&](uint64_t entry) { return key_in(entry) != key_in(*begin); });
      compare_bucket({begin, end}, best);
      begin = end;
    }
  }
  std::vector<NearDuplicate> found;
  for (uint32_t second = 0; second < size(); ++second) {
    const Earlier& earlier = best[second];
    if (earlier.num_equal > 0) found.push_back({earlier.first, second, similarity_of(earlier.num_equal)});
  }
  return found;
}

}  // namespace vitrine::data
