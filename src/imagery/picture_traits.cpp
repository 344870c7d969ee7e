#include "imagery/picture_traits.h"

#include <algorithm>
#include <vector>

#include "imagery/garment_mask.h"

namespace vitrine::imagery {
namespace {

constexpr int64_t kSide = 96;       // pixels of the longer side: for the mask and the texture
constexpr int64_t kFineSide = 160;  // for the names, so that a small check keeps its two colours
constexpr double kSecondShare = 0.25;
constexpr double kPatternedTexture = 8.7;  // L*a*b* units
constexpr int64_t kInner = 3;              // pixels

/// White cloth is grey in its folds: where white has half of what grey has, the grey is shadow.
void count_shadows_of_white(std::array<double, kColourNames>& counts) {
  auto& grey = counts[static_cast<size_t>(ColourName::grey)];
  auto& white = counts[static_cast<size_t>(ColourName::white)];
  if (white >= grey || white < grey / 2) return;
  white += grey;
  grey = 0;
}

bool is_garment(const GarmentMask& mask, const LabGrid& grid, int64_t x, int64_t y) {
  const int64_t u = x * mask.width / grid.width, v = y * mask.height / grid.height;
  return mask.garment[static_cast<size_t>(v * mask.width + u)] > 0.5f;
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

/// What the names have in the pixels of `grid` that `mask` says are garment, or are not.
ColourShares colour_shares(const LabGrid& grid, const GarmentMask& mask, bool garment) {
  ColourShares shares;
  std::array<double, kColourNames> counts{};
  std::array<Lab, kColourNames> sums{};
  double total = 0;
  for (int64_t y = 0; y < grid.height; ++y) {
    for (int64_t x = 0; x < grid.width; ++x) {
      if (is_garment(mask, grid, x, y) != garment) continue;
      const Lab lab = grid.at(x, y);
      const auto fits = name_fits(lab);
      for (size_t i = 0; i < kColourNames; ++i) {
        counts[i] += fits[i];
        sums[i].l += fits[i] * lab.l;
        sums[i].a += fits[i] * lab.a;
        sums[i].b += fits[i] * lab.b;
      }
      ++total;
    }
  }
  if (total == 0) return shares;
  shares.all = counts;
  count_shadows_of_white(shares.all);
  for (double& share : shares.all) share /= total;
  const auto best = static_cast<size_t>(std::max_element(shares.all.begin(), shares.all.end()) -
                                        shares.all.begin());
  shares.name = static_cast<ColourName>(best);
  shares.share = shares.all[best];
  shares.second = second_of(shares);
  const auto count = static_cast<float>(counts[best]);
  shares.mean = {sums[best].l / count, sums[best].a / count, sums[best].b / count};
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
  const LabGrid grid = lab_grid(picture, kSide), fine = lab_grid(picture, kFineSide);
  const GarmentMask mask = find_garment(grid);
  PictureTraits traits;
  traits.garment = colour_shares(fine, mask, /*garment=*/true);
  traits.background = colour_shares(fine, mask, /*garment=*/false);
  traits.texture = texture_of(grid, mask.garment);
  traits.pattern = traits.texture > kPatternedTexture ? Pattern::patterned : Pattern::plain;
  traits.brightness = brightness_of(grid);
  traits.coverage = mask.coverage;
  traits.confidence = mask.confidence;
  return traits;
}

}  // namespace vitrine::imagery
