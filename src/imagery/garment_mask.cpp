#include "imagery/garment_mask.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"

namespace vitrine::imagery {
namespace {

// Cells of 7 in L and 8 in a and b: near the size at which two colours look different at a glance.
constexpr int64_t kCellsL = 15, kCellsAB = 28;
constexpr float kCellL = 7, kCellAB = 8;
constexpr int kRounds = 6;

size_t cell_of(Lab lab) {
  const auto index = [](float value, float cell, int64_t cells) {
    return std::clamp<int64_t>(std::lround(value / cell), 0, cells - 1);
  };
  const int64_t l = index(lab.l, kCellL, kCellsL);
  const int64_t a = index(lab.a + kCellAB * kCellsAB / 2, kCellAB, kCellsAB);
  const int64_t b = index(lab.b + kCellAB * kCellsAB / 2, kCellAB, kCellsAB);
  return static_cast<size_t>((l * kCellsAB + a) * kCellsAB + b);
}

std::vector<size_t> cells_of(const LabGrid& grid) {
  std::vector<size_t> cells;
  cells.reserve(grid.pixels.size());
  for (const Lab pixel : grid.pixels) cells.push_back(cell_of(pixel));
  return cells;
}

/// values <- [1 2 1] / 4 along an axis of `count` steps of `stride`, the ends repeated.
void blur_axis(std::vector<float>& values, int64_t count, int64_t stride) {
  const auto size = static_cast<int64_t>(values.size());
  for (int64_t start = 0; start < size; ++start) {
    if (start / stride % count != 0) continue;
    float before = values[static_cast<size_t>(start)];
    for (int64_t i = 0; i < count; ++i) {
      float& value = values[static_cast<size_t>(start + i * stride)];
      const float after = values[static_cast<size_t>(start + std::min(i + 1, count - 1) * stride)];
      const float blurred = (before + 2 * value + after) / 4;
      before = value;
      value = blurred;
    }
  }
}

/// A smoothed histogram with sum 1; every cell keeps a little, so that no colour is impossible.
std::vector<float> histogram(const std::vector<size_t>& cells, const std::vector<float>& weights) {
  std::vector<float> bins(static_cast<size_t>(kCellsL * kCellsAB * kCellsAB), 0.0f);
  for (size_t i = 0; i < cells.size(); ++i) bins[cells[i]] += weights[i];
  blur_axis(bins, kCellsAB, 1);
  blur_axis(bins, kCellsAB, kCellsAB);
  blur_axis(bins, kCellsL, kCellsAB * kCellsAB);
  float sum = 0;
  for (const float bin : bins) sum += bin;
  const float floor = 2e-5f;
  for (float& bin : bins) bin = sum > 0 ? bin / sum + floor : floor;
  return bins;
}

/// How likely a place is the garment before any colour is seen: high in the middle, low at the
/// border, least in the corners.
std::vector<float> place_prior(const LabGrid& grid) {
  std::vector<float> prior;
  prior.reserve(grid.pixels.size());
  for (int64_t y = 0; y < grid.height; ++y) {
    for (int64_t x = 0; x < grid.width; ++x) {
      const double u = (2.0 * static_cast<double>(x) + 1) / static_cast<double>(grid.width) - 1;
      const double v = (2.0 * static_cast<double>(y) + 1) / static_cast<double>(grid.height) - 1;
      const double t = std::clamp((std::hypot(u, v) - 0.25) / 0.95, 0.0, 1.0);
      prior.push_back(static_cast<float>(0.9 - 0.82 * t * t * (3 - 2 * t)));
    }
  }
  return prior;
}

std::vector<float> complement(const std::vector<float>& values) {
  std::vector<float> rest(values.size());
  std::transform(values.begin(), values.end(), rest.begin(), [](float v) { return 1 - v; });
  return rest;
}

double overlap(const std::vector<float>& p, const std::vector<float>& q) {
  double sum = 0;
  for (size_t i = 0; i < p.size(); ++i) sum += std::sqrt(static_cast<double>(p[i]) * q[i]);
  return std::min(1.0, sum);
}

double share_of_clear(const std::vector<float>& garment) {
  const auto clear = std::count_if(garment.begin(), garment.end(),
                                   [](float p) { return std::abs(p - 0.5f) > 0.3f; });
  return static_cast<double>(clear) / static_cast<double>(garment.size());
}

}  // namespace

GarmentMask find_garment(const LabGrid& grid) {
  VITRINE_REQUIRE(!grid.pixels.empty(), "[find_garment] empty grid");
  const auto cells = cells_of(grid);
  const auto prior = place_prior(grid);
  GarmentMask mask{.width = grid.width, .height = grid.height, .garment = prior};
  std::vector<float> inside, outside;
  for (int round = 0; round < kRounds; ++round) {
    inside = histogram(cells, mask.garment);
    outside = histogram(cells, complement(mask.garment));
    std::vector<float> neighbours = mask.garment;
    for (int pass = 0; pass < 3; ++pass) {
      blur_axis(neighbours, grid.width, 1);
      blur_axis(neighbours, grid.height, grid.width);
    }
    for (size_t i = 0; i < cells.size(); ++i) {
      const float before = round == 0 ? prior[i] : (prior[i] + neighbours[i]) / 2;
      const float garment = before * inside[cells[i]], rest = (1 - before) * outside[cells[i]];
      mask.garment[i] = garment / (garment + rest);
    }
  }
  for (const float p : mask.garment) mask.coverage += p;
  mask.coverage /= static_cast<double>(mask.garment.size());
  mask.confidence = (1 - overlap(inside, outside)) * share_of_clear(mask.garment);
  return mask;
}

}  // namespace vitrine::imagery
