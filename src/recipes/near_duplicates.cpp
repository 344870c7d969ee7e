#include "recipes/near_duplicates.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/random.h"

namespace vitrine::recipes {
namespace {

constexpr size_t kBands = 32, kRows = 4, kGram = 4;

std::vector<uint64_t> shingles_of(std::u32string_view text) {
  std::vector<uint64_t> shingles;
  for (size_t at = 0; at + kGram <= text.size(); ++at) {
    uint64_t hash = 0;
    for (const char32_t c : text.substr(at, kGram)) hash = mix64(hash ^ c);
    shingles.push_back(hash);
  }
  std::sort(shingles.begin(), shingles.end());
  shingles.erase(std::unique(shingles.begin(), shingles.end()), shingles.end());
  return shingles;
}

std::array<uint64_t, kBands> bands_of(const std::vector<uint64_t>& shingles) {
  std::array<uint64_t, kBands> bands{};
  for (size_t hash_idx = 0; hash_idx < kBands * kRows; ++hash_idx) {
    uint64_t least = UINT64_MAX;
    for (const uint64_t shingle : shingles) least = std::min(least, mix64(shingle ^ (hash_idx * 0x9e3779b97f4a7c15ULL)));
    uint64_t& band = bands[hash_idx / kRows];
    band = mix64(band ^ least) + hash_idx / kRows;
  }
  return bands;
}

double jaccard(const std::vector<uint64_t>& a, const std::vector<uint64_t>& b) {
  size_t common = 0;
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    common += a[i] == b[j];
    const bool step_a = a[i] <= b[j], step_b = b[j] <= a[i];
    i += step_a;
    j += step_b;
  }
  const size_t all = a.size() + b.size() - common;
  return all == 0 ? 1.0 : static_cast<double>(common) / static_cast<double>(all);
}

}  // namespace

NearDuplicates::Nearest NearDuplicates::nearest(std::u32string_view text) const {
  const auto shingles = shingles_of(text);
  std::set<uint32_t> met;
  for (const uint64_t band : bands_of(shingles)) {
    const auto found = buckets_.find(band);
    if (found != buckets_.end()) met.insert(found->second.begin(), found->second.end());
  }
  Nearest best;
  for (const uint32_t index : met) {
    const double similarity = jaccard(shingles, texts_[index]);
    if (similarity > best.similarity) best = {similarity, index};
  }
  return best;
}

void NearDuplicates::add(std::u32string_view text) {
  texts_.push_back(shingles_of(text));
  const auto index = static_cast<uint32_t>(texts_.size() - 1);
  for (const uint64_t band : bands_of(texts_.back())) buckets_[band].push_back(index);
}

}  // namespace vitrine::recipes
