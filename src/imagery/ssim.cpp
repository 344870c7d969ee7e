#include "imagery/ssim.h"

#include <algorithm>
#include <vector>

#include "base/error.h"

namespace vitrine::imagery {
namespace {

constexpr int64_t kWindow = 8;
constexpr double kC1 = 0.01 * 255 * 0.01 * 255, kC2 = 0.03 * 255 * 0.03 * 255;

/// Rec. 601 luma.
std::vector<double> luma(const io::Picture& picture) {
  std::vector<double> values(static_cast<size_t>(picture.width * picture.height));
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = 0.299 * picture.rgb[3 * i] + 0.587 * picture.rgb[3 * i + 1] +
                0.114 * picture.rgb[3 * i + 2];
  return values;
}

/// Sums over every rectangle in constant time: sum of [0, y) x [0, x) at y * (width + 1) + x.
class SummedArea {
 public:
  template <typename ValueAt>
  SummedArea(int64_t width, int64_t height, ValueAt value_at)
      : stride_(width + 1), sums_(static_cast<size_t>(stride_ * (height + 1))) {
    for (int64_t y = 0; y < height; ++y) {
      double row = 0;
      for (int64_t x = 0; x < width; ++x) {
        row += value_at(static_cast<size_t>(y * width + x));
        at(x + 1, y + 1) = at(x + 1, y) + row;
      }
    }
  }
  double sum(int64_t x, int64_t y, int64_t width, int64_t height) {
    return at(x + width, y + height) - at(x, y + height) - at(x + width, y) + at(x, y);
  }

 private:
  double& at(int64_t x, int64_t y) { return sums_[static_cast<size_t>(y * stride_ + x)]; }
  int64_t stride_;
  std::vector<double> sums_;
};

}  // namespace

double ssim(const io::Picture& a, const io::Picture& b) {
  io::require_whole(a, "ssim");
  io::require_whole(b, "ssim");
  VITRINE_REQUIRE(a.width == b.width && a.height == b.height,
                  "[ssim] expected pictures of one size, got ", a.width, " x ", a.height, " and ",
                  b.width, " x ", b.height);
  const auto x = luma(a), y = luma(b);
  SummedArea of_x(a.width, a.height, [&](size_t i) { return x[i]; });
  SummedArea of_y(a.width, a.height, [&](size_t i) { return y[i]; });
  SummedArea of_xx(a.width, a.height, [&](size_t i) { return x[i] * x[i]; });
  SummedArea of_yy(a.width, a.height, [&](size_t i) { return y[i] * y[i]; });
  SummedArea of_xy(a.width, a.height, [&](size_t i) { return x[i] * y[i]; });
  const int64_t w = std::min(kWindow, a.width), h = std::min(kWindow, a.height);
  const double n = static_cast<double>(w * h);
  double total = 0;
  for (int64_t top = 0; top + h <= a.height; ++top)
    for (int64_t left = 0; left + w <= a.width; ++left) {
      const auto mean = [&](SummedArea& sums) { return sums.sum(left, top, w, h) / n; };
      const double mx = mean(of_x), my = mean(of_y);
      const double vx = mean(of_xx) - mx * mx, vy = mean(of_yy) - my * my,
                   cov = mean(of_xy) - mx * my;
      total +=
          (2 * mx * my + kC1) * (2 * cov + kC2) / ((mx * mx + my * my + kC1) * (vx + vy + kC2));
    }
  return total / static_cast<double>((a.width - w + 1) * (a.height - h + 1));
}

}  // namespace vitrine::imagery
