#include "imagery/picture_traits.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "imagery/garment_mask.h"

namespace vitrine::imagery {
namespace {

constexpr int64_t kSide = 96;  // pixels of the longer side on which everything is measured
constexpr double kSecondShare = 0.25;
constexpr double kPatternedTexture =
    9.2;                       // L*a*b* units; best on 54 labelled pictures of the training part
constexpr int64_t kInner = 3;  // pixels

/// White cloth is grey in its folds: where white has half of what grey has, the grey is shadow.
void count_shadows_of_white(std::array<double, kColourNames>& counts) {
  auto& grey = counts[static_cast<size_t>(ColourName::grey)];
  auto& white = counts[static_cast<size_t>(ColourName::white)];
  if (white >= grey || white < grey / 2) return;
  white += grey;
  grey = 0;
}

std::optional<ColourName> second_of(const ColourShares& shares) {
  std::optional<ColourName> second;
  double most = kSecondShare;
  for (size_t i = 0; i < kColourNames; ++i) {
    if (static_cast<ColourName>(i) == shares.name || shares.all[i] < most) continue;
    most = shares.all[i];
    second = static_cast<ColourName>(i);
  }
  return second;
}

ColourShares colour_shares(const LabGrid& grid, const std::vector<float>& weights) {
  ColourShares shares;
  std::vector<ColourName> names(grid.pixels.size());
  for (size_t i = 0; i < grid.pixels.size(); ++i) {
    if (weights[i] <= 0.5f) continue;
    names[i] = name_colour(grid.pixels[i]);
    shares.all[static_cast<size_t>(names[i])] += 1;
  }
  const auto counts = shares.all;
  count_shadows_of_white(shares.all);
  const double total = std::accumulate(counts.begin(), counts.end(), 0.0);
  if (total == 0) return shares;
  const auto best = static_cast<size_t>(std::max_element(shares.all.begin(), shares.all.end()) -
                                        shares.all.begin());
  shares.name = static_cast<ColourName>(best);
  for (double& share : shares.all) share /= total;
  shares.share = shares.all[best];
  shares.second = second_of(shares);
  const auto count = static_cast<float>(counts[best]);
  for (size_t i = 0; i < grid.pixels.size(); ++i) {
    if (weights[i] <= 0.5f || names[i] != shares.name) continue;
    shares.mean.l += grid.pixels[i].l / count;
    shares.mean.a += grid.pixels[i].a / count;
    shares.mean.b += grid.pixels[i].b / count;
  }
  return shares;
}

/// Pixels whose neighbourhood of kInner pixels is all garment: its outline is no pattern.
std::vector<bool> inner_pixels(const LabGrid& grid, const std::vector<float>& garment) {
  std::vector<bool> inner(grid.pixels.size(), false);
  const auto all_garment = [&](int64_t x, int64_t y) {
    for (int64_t v = y - kInner; v <= y + kInner; ++v) {
      for (int64_t u = x - kInner; u <= x + kInner; ++u) {
        if (garment[static_cast<size_t>(v * grid.width + u)] <= 0.5f) return false;
      }
    }
    return true;
  };
  for (int64_t y = kInner; y + kInner < grid.height; ++y) {
    for (int64_t x = kInner; x + kInner < grid.width; ++x) {
      inner[static_cast<size_t>(y * grid.width + x)] = all_garment(x, y);
    }
  }
  return inner;
}

/// How far a pixel stands out of the line between its two neighbours: nothing on a slope of light.
float bend(Lab before, Lab here, Lab after) {
  return distance(here,
                  {(before.l + after.l) / 2, (before.a + after.a) / 2, (before.b + after.b) / 2});
}

/// The median over the garment of bend across + bend down. Folds and shadows change slowly and
/// count little, one printed word covers less than half; a print, a check or a weave is everywhere.
double texture_of(const LabGrid& grid, const std::vector<float>& garment) {
  const auto inner = inner_pixels(grid, garment);
  std::vector<float> bends;
  for (int64_t y = kInner; y + kInner < grid.height; ++y) {
    for (int64_t x = kInner; x + kInner < grid.width; ++x) {
      if (!inner[static_cast<size_t>(y * grid.width + x)]) continue;
      const Lab here = grid.at(x, y);
      bends.push_back(bend(grid.at(x - 1, y), here, grid.at(x + 1, y)) +
                      bend(grid.at(x, y - 1), here, grid.at(x, y + 1)));
    }
  }
  if (bends.empty()) return 0;
  const auto middle = bends.begin() + static_cast<std::ptrdiff_t>(bends.size() / 2);
  std::nth_element(bends.begin(), middle, bends.end());
  return *middle;
}

double brightness_of(const LabGrid& grid) {
  double sum = 0;
  for (const Lab pixel : grid.pixels) sum += pixel.l;
  return sum / static_cast<double>(grid.pixels.size());
}

}  // namespace

std::string_view english(Pattern pattern) {
  return pattern == Pattern::plain ? "plain" : "patterned";
}
std::string_view chinese(Pattern pattern) { return pattern == Pattern::plain ? "纯色" : "印花"; }

PictureTraits measure_traits(const io::Picture& picture) {
  const LabGrid grid = lab_grid(picture, kSide);
  const GarmentMask mask = find_garment(grid);
  std::vector<float> background = mask.garment;
  for (float& p : background) p = 1 - p;
  PictureTraits traits;
  traits.garment = colour_shares(grid, mask.garment);
  traits.background = colour_shares(grid, background);
  traits.texture = texture_of(grid, mask.garment);
  traits.pattern = traits.texture > kPatternedTexture ? Pattern::patterned : Pattern::plain;
  traits.brightness = brightness_of(grid);
  traits.coverage = mask.coverage;
  traits.confidence = mask.confidence;
  return traits;
}

}  // namespace vitrine::imagery
