#include "imagery/perceptual_hash.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "io/picture_resize.h"

namespace vitrine::imagery {
namespace {

constexpr size_t kSide = 32, kLow = 8;
using Grey = std::array<double, kSide * kSide>;

/// Luma of BT.601 at 32 x 32.
Grey small_grey(const io::Picture& picture) {
  const io::Picture small = io::resize(picture, kSide, kSide);
  Grey grey;
  for (size_t i = 0; i < grey.size(); ++i) {
    const uint8_t* rgb = small.rgb.data() + i * 3;
    grey[i] = 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
  }
  return grey;
}

/// cos(pi (2 x + 1) u / 64) for the frequencies u = 1 .. 8.
const std::array<double, kLow * kSide>& cosines() {
  static const auto kTable = [] {
    std::array<double, kLow * kSide> table{};
    for (size_t u = 0; u < kLow; ++u) {
      for (size_t x = 0; x < kSide; ++x)
        table[u * kSide + x] = std::cos(std::numbers::pi * static_cast<double>((2 * x + 1) * (u + 1)) / (2 * kSide));
    }
    return table;
  }();
  return kTable;
}

/// Coefficients of the DCT-II (unscaled: only their order counts) at frequencies 1..8 x 1..8.
std::array<double, kLow * kLow> low_frequencies(const Grey& grey) {
  const auto& table = cosines();
  std::array<double, kSide * kLow> rows{};  // [y, u]
  for (size_t y = 0; y < kSide; ++y) {
    for (size_t u = 0; u < kLow; ++u) {
      for (size_t x = 0; x < kSide; ++x) rows[y * kLow + u] += grey[y * kSide + x] * table[u * kSide + x];
    }
  }
  std::array<double, kLow * kLow> low{};  // [v, u]
  for (size_t v = 0; v < kLow; ++v) {
    for (size_t u = 0; u < kLow; ++u) {
      for (size_t y = 0; y < kSide; ++y) low[v * kLow + u] += rows[y * kLow + u] * table[v * kSide + y];
    }
  }
  return low;
}

}  // namespace

uint64_t perceptual_hash(const io::Picture& picture) {
  const auto low = low_frequencies(small_grey(picture));
  auto sorted = low;
  std::sort(sorted.begin(), sorted.end());
  const double median = (sorted[sorted.size() / 2 - 1] + sorted[sorted.size() / 2]) / 2;
  uint64_t hash = 0;
  for (const double value : low) hash = hash << 1 | static_cast<uint64_t>(value > median);
  return hash;
}

std::string hash_text(uint64_t hash) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text(16, '0');
  for (size_t i = text.size(); i-- > 0; hash >>= 4) text[i] = kDigits[hash & 15];
  return text;
}

std::optional<HashIndex::Neighbour> HashIndex::nearest(uint64_t hash, int max_distance) const {
  std::optional<Neighbour> best;
  int least = max_distance + 1;
  for (size_t i = 0; i < hashes_.size() && least > 0; ++i) {
    const int distance = hamming_distance(hash, hashes_[i]);
    if (distance >= least) continue;
    least = distance;
    best = {i, distance};
  }
  return best;
}

}  // namespace vitrine::imagery
