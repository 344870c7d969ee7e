#include "imagery/inspection.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "imagery/garment_mask.h"
#include "imagery/lab.h"
#include "imagery/picture_detail.h"

namespace vitrine::imagery {
namespace {

constexpr int64_t kGridSide = 256;
constexpr std::array<std::pair<std::string_view, std::string_view>, kDefects> kNames{{{"blank", "空白"},
                                                                               {"indistinct", "模糊"},
                                                                               {"space_mismatch", "主体被裁切"},
                                                                               {"size_mismatch", "主体大小不当"},
                                                                               {"wrong_category", "品类不符"},
                                                                               {"wrong_colour", "颜色不符"},
                                                                               {"text_like", "疑似文字"}}};

/// Mean probability of the garment over the outermost pixels.
double border_share(const GarmentMask& mask) {
  double sum = 0;
  int64_t count = 0;
  for (int64_t y = 0; y < mask.height; ++y) {
    const bool whole_row = y == 0 || y == mask.height - 1;
    for (int64_t x = 0; x < mask.width; x += whole_row ? 1 : std::max<int64_t>(1, mask.width - 1)) {
      sum += mask.garment[static_cast<size_t>(y * mask.width + x)];
      ++count;
    }
  }
  return count > 0 ? sum / static_cast<double>(count) : 0;
}

/// A connected set of stroke pixels.
struct Stroke {
  int64_t left, top, right, bottom, pixels;
  int64_t height() const { return bottom - top + 1; }
  int64_t width() const { return right - left + 1; }
};

/// Pixels that are much darker (sign -1) or lighter (sign 1) than the mean of their surroundings.
std::vector<bool> stroke_pixels(const LabGrid& grid, double sign) {
  constexpr int64_t kRadius = 6;
  constexpr double kContrast = 14;  // of L*
  const int64_t W = grid.width, H = grid.height;
  std::vector<double> sums(static_cast<size_t>((W + 1) * (H + 1)), 0.0);  // integral of L*
  const auto at = [&](int64_t x, int64_t y) -> double& { return sums[static_cast<size_t>(y * (W + 1) + x)]; };
  for (int64_t y = 0; y < H; ++y) {
    for (int64_t x = 0; x < W; ++x) at(x + 1, y + 1) = at(x, y + 1) + at(x + 1, y) - at(x, y) + static_cast<double>(grid.at(x, y).l);
  }
  std::vector<bool> stroke(static_cast<size_t>(W * H));
  for (int64_t y = 0; y < H; ++y) {
    for (int64_t x = 0; x < W; ++x) {
      const int64_t l = std::max<int64_t>(0, x - kRadius), r = std::min(W, x + kRadius + 1), t = std::max<int64_t>(0, y - kRadius), b = std::min(H, y + kRadius + 1);
      const double mean = (at(r, b) - at(l, b) - at(r, t) + at(l, t)) / static_cast<double>((r - l) * (b - t));
      stroke[static_cast<size_t>(y * W + x)] = sign * (static_cast<double>(grid.at(x, y).l) - mean) > kContrast;
    }
  }
  return stroke;
}

/// Flood fill from one pixel; clears what it visits.
Stroke take_stroke(std::vector<bool>& pixels, int64_t W, int64_t H, int64_t x, int64_t y) {
  Stroke stroke{x, y, x, y, 0};
  std::vector<std::pair<int64_t, int64_t>> open{{x, y}};
  pixels[static_cast<size_t>(y * W + x)] = false;
  while (!open.empty()) {
    const auto [px, py] = open.back();
    open.pop_back();
    ++stroke.pixels;
    stroke.left = std::min(stroke.left, px), stroke.right = std::max(stroke.right, px);
    stroke.top = std::min(stroke.top, py), stroke.bottom = std::max(stroke.bottom, py);
    for (int64_t ny = std::max<int64_t>(0, py - 1); ny <= std::min(H - 1, py + 1); ++ny) {
      for (int64_t nx = std::max<int64_t>(0, px - 1); nx <= std::min(W - 1, px + 1); ++nx) {
        if (!pixels[static_cast<size_t>(ny * W + nx)]) continue;
        pixels[static_cast<size_t>(ny * W + nx)] = false;
        open.emplace_back(nx, ny);
      }
    }
  }
  return stroke;
}

bool is_letter_like(const Stroke& stroke) {
  constexpr int64_t kLeastHeight = 5, kMostHeight = 40;
  const bool is_sized = stroke.height() >= kLeastHeight && stroke.height() <= kMostHeight && stroke.width() <= 2 * stroke.height();
  const double filled = static_cast<double>(stroke.pixels) / static_cast<double>(stroke.width() * stroke.height());
  return is_sized && filled > 0.15 && filled < 0.9;
}

std::vector<Stroke> letter_like_strokes(const LabGrid& grid, double sign) {
  std::vector<bool> pixels = stroke_pixels(grid, sign);
  std::vector<Stroke> strokes;
  for (int64_t y = 0; y < grid.height; ++y) {
    for (int64_t x = 0; x < grid.width; ++x) {
      if (!pixels[static_cast<size_t>(y * grid.width + x)]) continue;
      const Stroke stroke = take_stroke(pixels, grid.width, grid.height, x, y);
      if (is_letter_like(stroke)) strokes.push_back(stroke);
    }
  }
  return strokes;
}

/// Whether `next` goes on the row that ends with `last`: alike in height, on one line, near.
bool goes_on(const Stroke& last, const Stroke& next) {
  const double ratio = static_cast<double>(next.height()) / static_cast<double>(last.height());
  const int64_t gap = next.left - last.right;
  return ratio > 0.75 && ratio < 1.34 && std::abs(next.bottom - last.bottom) <= std::max<int64_t>(1, last.height() / 6) && gap >= 0 && gap <= last.height();
}

int count_rows(std::vector<Stroke> strokes) {
  constexpr int kLeastStrokes = 5;
  std::sort(strokes.begin(), strokes.end(), [](const Stroke& a, const Stroke& b) { return a.left < b.left; });
  std::vector<bool> used(strokes.size());
  int rows = 0;
  for (size_t first = 0; first < strokes.size(); ++first) {
    if (used[first]) continue;
    int length = 1;
    size_t last = first;
    for (size_t i = first + 1; i < strokes.size(); ++i) {
      if (used[i] || !goes_on(strokes[last], strokes[i])) continue;
      used[i] = true;
      last = i;
      ++length;
    }
    if (length >= kLeastStrokes) ++rows;
  }
  return rows;
}

void add_if(std::vector<Finding>& findings, bool is_fault, Defect defect, double value, double limit) {
  if (is_fault) findings.push_back({defect, value, limit});
}

}  // namespace

std::string_view english(Defect defect) { return kNames[static_cast<size_t>(defect)].first; }
std::string_view chinese(Defect defect) { return kNames[static_cast<size_t>(defect)].second; }

int count_text_rows(const io::Picture& picture) {
  const LabGrid grid = lab_grid(picture, kGridSide);
  return count_rows(letter_like_strokes(grid, -1)) + count_rows(letter_like_strokes(grid, 1));
}

Inspection inspect_picture(const io::Picture& picture, const InspectionRequest& request, const InspectionConfig& config) {
  Inspection result;
  result.traits = measure_traits(picture);
  const LabGrid grid = lab_grid(picture, kGridSide);
  const PictureDetail detail = measure_detail(grid);
  result.spread = detail.spread;
  result.detail = detail.detail;
  result.border = border_share(find_garment(grid));
  result.text_rows = count_text_rows(picture);
  const double coverage = result.traits.coverage;
  auto& findings = result.findings;
  add_if(findings, detail.spread < config.least_spread, Defect::blank, detail.spread, config.least_spread);
  add_if(findings, detail.detail < config.least_detail, Defect::indistinct, detail.detail, config.least_detail);
  add_if(findings, result.border > config.most_border, Defect::space_mismatch, result.border, config.most_border);
  add_if(findings, coverage < config.least_coverage, Defect::size_mismatch, coverage, config.least_coverage);
  add_if(findings, coverage > config.most_coverage, Defect::size_mismatch, coverage, config.most_coverage);
  if (request.class_probability) {
    result.score += *request.class_probability;
    add_if(findings, *request.class_probability < config.least_class_probability, Defect::wrong_category, *request.class_probability, config.least_class_probability);
  }
  if (request.colour) {
    const double share = result.traits.garment.all[static_cast<size_t>(*request.colour)];
    result.score += share;
    const bool is_named = result.traits.garment.name == *request.colour;
    add_if(findings, !is_named && share < config.least_colour_share, Defect::wrong_colour, share, config.least_colour_share);
  }
  add_if(findings, result.text_rows > config.most_text_rows, Defect::text_like, result.text_rows, config.most_text_rows);
  return result;
}

}  // namespace vitrine::imagery
