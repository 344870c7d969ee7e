#include "imagery/picture_detail.h"

#include <cmath>

namespace vitrine::imagery {
namespace {

double spread_of(const LabGrid& grid) {
  double sums[3] = {}, squares[3] = {};
  for (const Lab pixel : grid.pixels) {
    const double values[3] = {pixel.l, pixel.a, pixel.b};
    for (int i = 0; i < 3; ++i) {
      sums[i] += values[i];
      squares[i] += values[i] * values[i];
    }
  }
  const auto count = static_cast<double>(grid.pixels.size());
  double variance = 0;
  for (int i = 0; i < 3; ++i) variance += squares[i] / count - (sums[i] / count) * (sums[i] / count);
  return std::sqrt(std::max(0.0, variance));
}

double mean_laplacian(const LabGrid& grid) {
  double sum = 0;
  for (int64_t y = 1; y + 1 < grid.height; ++y) {
    for (int64_t x = 1; x + 1 < grid.width; ++x) {
      const float around = grid.at(x - 1, y).l + grid.at(x + 1, y).l + grid.at(x, y - 1).l + grid.at(x, y + 1).l;
      sum += std::abs(around / 4 - grid.at(x, y).l);
    }
  }
  const int64_t count = std::max<int64_t>(0, grid.width - 2) * std::max<int64_t>(0, grid.height - 2);
  return count > 0 ? sum / static_cast<double>(count) : 0;
}

}  // namespace

PictureDetail measure_detail(const LabGrid& grid) {
  if (grid.pixels.empty()) return {};
  return {spread_of(grid), mean_laplacian(grid)};
}

}  // namespace vitrine::imagery
