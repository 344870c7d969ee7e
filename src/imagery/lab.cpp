#include "imagery/lab.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"

namespace vitrine::imagery {
namespace {

constexpr double kWhiteX = 0.95047, kWhiteZ = 1.08883;  // D65, Y = 1
constexpr double kDelta = 6.0 / 29.0;

double linear(uint8_t value) {
  const double v = value / 255.0;
  return v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
}

const std::array<double, 256>& linear_table() {
  static const auto kTable = [] {
    std::array<double, 256> table{};
    for (size_t i = 0; i < table.size(); ++i) table[i] = linear(static_cast<uint8_t>(i));
    return table;
  }();
  return kTable;
}

double lab_f(double t) {
  return t > kDelta * kDelta * kDelta ? std::cbrt(t) : t / (3 * kDelta * kDelta) + 4.0 / 29.0;
}

Lab from_linear(double r, double g, double b) {
  const double fx = lab_f((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / kWhiteX);
  const double fy = lab_f(0.2126729 * r + 0.7151522 * g + 0.0721750 * b);
  const double fz = lab_f((0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / kWhiteZ);
  return {static_cast<float>(116 * fy - 16), static_cast<float>(500 * (fx - fy)),
          static_cast<float>(200 * (fy - fz))};
}

Lab mean_of_area(const io::Picture& picture, int64_t x0, int64_t x1, int64_t y0, int64_t y1) {
  const auto& table = linear_table();
  double sums[3] = {0, 0, 0};
  for (int64_t y = y0; y < y1; ++y) {
    const uint8_t* pixel = picture.rgb.data() + (y * picture.width + x0) * 3;
    for (int64_t x = x0; x < x1; ++x) {
      for (double& sum : sums) sum += table[*pixel++];
    }
  }
  const auto count = static_cast<double>((x1 - x0) * (y1 - y0));
  return from_linear(sums[0] / count, sums[1] / count, sums[2] / count);
}

}  // namespace

float distance(Lab x, Lab y) noexcept { return std::hypot(x.l - y.l, x.a - y.a, x.b - y.b); }

LabGrid lab_grid(const io::Picture& picture, int64_t max_side) {
  io::require_whole(picture, "lab_grid");
  VITRINE_REQUIRE(max_side >= 1, "[lab_grid] max_side: expected >= 1, got ", max_side);
  const double scale =
      std::min(1.0, static_cast<double>(max_side) /
                        static_cast<double>(std::max(picture.width, picture.height)));
  LabGrid grid{
      .width = std::max<int64_t>(1, std::lround(static_cast<double>(picture.width) * scale)),
      .height = std::max<int64_t>(1, std::lround(static_cast<double>(picture.height) * scale)),
      .pixels = {}};
  grid.pixels.reserve(static_cast<size_t>(grid.width * grid.height));
  for (int64_t y = 0; y < grid.height; ++y) {
    const int64_t y0 = y * picture.height / grid.height,
                  y1 = (y + 1) * picture.height / grid.height;
    for (int64_t x = 0; x < grid.width; ++x) {
      grid.pixels.push_back(mean_of_area(picture, x * picture.width / grid.width,
                                         (x + 1) * picture.width / grid.width, y0, y1));
    }
  }
  return grid;
}

}  // namespace vitrine::imagery
