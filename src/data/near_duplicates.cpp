#include "data/near_duplicates.h"

#include <algorithm>
#include <numeric>

#include "base/random.h"

namespace vitrine::data {
namespace {

constexpr size_t kMostPrints = 100;       // an estimate of standard error 0.05 at worst
constexpr double kChanceAgreement = 1.0 / 256;  // of two bytes of different hashes

}  // namespace

NearDuplicateScan::NearDuplicateScan(const MinhashConfig& config) : config_(config) {
  check_config(config, "minhash");
  prints_ = std::min<size_t>(kMostPrints, static_cast<size_t>(config.bands) * static_cast<size_t>(config.rows_per_band));
}

void NearDuplicateScan::add(std::string_view utf8) {
  const auto shingles = shingles_of(utf8, config_.shingle_size);
  const auto bands = static_cast<size_t>(config_.bands), rows = static_cast<size_t>(config_.rows_per_band);
  const auto signature = minhash_signature(shingles, config_.bands * config_.rows_per_band);
  for (size_t band = 0; band < bands; ++band) {
    uint64_t key = mix64(band + 1);
    for (size_t row = 0; row < rows; ++row) key = mix64(key ^ signature[band * rows + row]);
    keys_.push_back(static_cast<uint32_t>(key >> 32));
  }
  for (size_t i = 0; i < prints_; ++i) signatures_.push_back(static_cast<uint8_t>(mix64(signature[i]) & 0xff));
  has_grams_.push_back(!shingles.empty());
}

double NearDuplicateScan::estimate(uint32_t a, uint32_t b) const {
  size_t equal = 0;
  for (size_t i = 0; i < prints_; ++i) equal += signatures_[a * prints_ + i] == signatures_[b * prints_ + i];
  const double agreement = static_cast<double>(equal) / static_cast<double>(prints_);
  return std::max(0.0, (agreement - kChanceAgreement) / (1 - kChanceAgreement));
}

std::vector<NearDuplicate> NearDuplicateScan::find() const {
  const auto bands = static_cast<size_t>(config_.bands);
  constexpr size_t kMostInBucket = 64;  // of a bucket that half the shop falls into the first ones count
  std::vector<NearDuplicate> best(size());
  std::vector<uint32_t> texts(size());
  for (size_t band = 0; band < bands; ++band) {
    std::iota(texts.begin(), texts.end(), 0U);
    const auto key = [&](uint32_t text) { return keys_[text * bands + band]; };
    std::sort(texts.begin(), texts.end(), [&](uint32_t a, uint32_t b) { return key(a) != key(b) ? key(a) < key(b) : a < b; });
    for (size_t begin = 0; begin < texts.size();) {
      size_t end = begin + 1;
      while (end < texts.size() && key(texts[end]) == key(texts[begin])) ++end;
      for (size_t second = begin + 1; second < end; ++second) {
        for (size_t first = begin; first < second && first < begin + kMostInBucket; ++first) {
          const uint32_t a = texts[first], b = texts[second];
          NearDuplicate& found = best[b];
          const bool known = found.similarity > 0 && found.first <= a;
          if (known || !has_grams_[a] || !has_grams_[b]) continue;
          const double similarity = estimate(a, b);
          if (similarity >= config_.min_similarity) found = {a, b, similarity};
        }
      }
      begin = end;
    }
  }
  std::erase_if(best, [](const NearDuplicate& found) { return found.similarity == 0; });
  return best;
}

}  // namespace vitrine::data
