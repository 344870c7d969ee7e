#include "data/minhash.h"

#include <algorithm>
#include <limits>

#include "base/hash.h"
#include "base/random.h"
#include "text/utf8.h"

namespace vitrine::data {
namespace {

constexpr uint64_t kSignatureSeed = 0x6d696e68617368;  // any fixed number: signatures must not change between runs

uint64_t hash_gram(std::u32string_view gram) {
  return hash64({reinterpret_cast<const char*>(gram.data()), gram.size() * sizeof(char32_t)});
}

}  // namespace

std::vector<uint64_t> shingles_of(std::string_view utf8, int shingle_size) {
  const std::u32string text = text::metric_code_points(utf8);
  const auto size = static_cast<size_t>(shingle_size);
  std::vector<uint64_t> shingles;
  if (text.empty()) return shingles;
  if (text.size() < size) return {hash_gram(text)};
  for (size_t begin = 0; begin + size <= text.size(); ++begin) shingles.push_back(hash_gram(std::u32string_view(text).substr(begin, size)));
  std::sort(shingles.begin(), shingles.end());
  shingles.erase(std::unique(shingles.begin(), shingles.end()), shingles.end());
  return shingles;
}

double jaccard(std::span<const uint64_t> a, std::span<const uint64_t> b) {
  size_t both = 0;
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    if (a[i] == b[j]) ++both, ++i, ++j;
    else if (a[i] < b[j]) ++i;
    else ++j;
  }
  const size_t either = a.size() + b.size() - both;
  return either == 0 ? 1 : static_cast<double>(both) / static_cast<double>(either);
}

std::vector<uint64_t> minhash_signature(std::span<const uint64_t> shingles, int num_hashes) {
  std::vector<uint64_t> signature(static_cast<size_t>(num_hashes), std::numeric_limits<uint64_t>::max());
  for (size_t function = 0; function < signature.size(); ++function) {
    const uint64_t seed = mix64(kSignatureSeed + function);
    for (const uint64_t shingle : shingles) signature[function] = std::min(signature[function], mix64(shingle ^ seed));
  }
  return signature;
}

NearDuplicateIndex::NearDuplicateIndex(const MinhashConfig& config) : config_(config) { check_config(config, "minhash"); }

std::vector<uint64_t> NearDuplicateIndex::band_keys(std::span<const uint64_t> shingles) const {
  const auto signature = minhash_signature(shingles, config_.bands * config_.rows_per_band);
  const auto rows = static_cast<size_t>(config_.rows_per_band);
  std::vector<uint64_t> keys;
  for (size_t band = 0; band * rows < signature.size(); ++band) {
    uint64_t key = mix64(band + 1);
    for (size_t row = 0; row < rows; ++row) key = mix64(key ^ signature[band * rows + row]);
    keys.push_back(key);
  }
  return keys;
}

std::vector<uint32_t> NearDuplicateIndex::in_buckets_of(std::span<const uint64_t> shingles) const {
  std::vector<uint32_t> candidates;
  for (const uint64_t key : band_keys(shingles)) {
    const auto bucket = buckets_.find(key);
    if (bucket != buckets_.end()) candidates.insert(candidates.end(), bucket->second.begin(), bucket->second.end());
  }
  std::sort(candidates.begin(), candidates.end());
  candidates.erase(std::unique(candidates.begin(), candidates.end()), candidates.end());
  return candidates;
}

std::vector<uint32_t> NearDuplicateIndex::candidates(std::string_view utf8) const {
  return in_buckets_of(shingles_of(utf8, config_.shingle_size));
}

std::optional<NearDuplicateIndex::Match> NearDuplicateIndex::find(std::string_view utf8) const {
  const auto shingles = shingles_of(utf8, config_.shingle_size);
  std::optional<Match> best;
  for (const uint32_t index : in_buckets_of(shingles)) {
    const double similarity = jaccard(shingles, texts_[index]);
    if (similarity >= config_.min_similarity && (!best || similarity > best->similarity)) best = Match{index, similarity};
  }
  return best;
}

size_t NearDuplicateIndex::add(std::string_view utf8) {
  const size_t index = texts_.size();
  texts_.push_back(shingles_of(utf8, config_.shingle_size));
  for (const uint64_t key : band_keys(texts_.back())) buckets_[key].push_back(static_cast<uint32_t>(index));
  return index;
}

}  // namespace vitrine::data
