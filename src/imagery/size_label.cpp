#include "imagery/size_label.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace vitrine::imagery {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kNames{{{"concept", "概念图"}, {"thumbnail", "缩略图"}, {"listing-ready", "可上架"}}};
constexpr int64_t kLeastMeasured = 8;  // pixels: below, no octave is measured

/// The lightness as it is coded, one number a pixel.
struct Grey {
  int64_t width = 0, height = 0;
  std::vector<float> values;  // [H, W]
  float at(int64_t x, int64_t y) const { return values[static_cast<size_t>(y * width + x)]; }
  int64_t side() const { return std::min(width, height); }
};

Grey grey_of(const io::Picture& picture) {
  Grey grey{picture.width, picture.height, {}};
  grey.values.reserve(picture.rgb.size() / 3);
  for (size_t i = 0; i < picture.rgb.size(); i += 3) {  // weights of ITU-R BT.601
    grey.values.push_back(0.299f * static_cast<float>(picture.rgb[i]) + 0.587f * static_cast<float>(picture.rgb[i + 1]) + 0.114f * static_cast<float>(picture.rgb[i + 2]));
  }
  return grey;
}

/// Means of 2 x 2 pixels; an odd last row or column is left out.
Grey half_of(const Grey& grey) {
  Grey half{grey.width / 2, grey.height / 2, {}};
  half.values.reserve(static_cast<size_t>(half.width * half.height));
  for (int64_t y = 0; y < half.height; ++y) {
    for (int64_t x = 0; x < half.width; ++x) {
      half.values.push_back((grey.at(2 * x, 2 * y) + grey.at(2 * x + 1, 2 * y) + grey.at(2 * x, 2 * y + 1) + grey.at(2 * x + 1, 2 * y + 1)) / 4);
    }
  }
  return half;
}

/// Mean square of the Laplacian.
double fine_energy(const Grey& grey) {
  double sum = 0;
  for (int64_t y = 1; y + 1 < grey.height; ++y) {
    for (int64_t x = 1; x + 1 < grey.width; ++x) {
      const float bend = (grey.at(x - 1, y) + grey.at(x + 1, y) + grey.at(x, y - 1) + grey.at(x, y + 1)) / 4 - grey.at(x, y);
      sum += static_cast<double>(bend) * static_cast<double>(bend);
    }
  }
  return sum / static_cast<double>((grey.width - 2) * (grey.height - 2));
}

/// Squares of the differences between neighbours, by the place of the first: in a row, and in a column.
std::pair<std::vector<double>, std::vector<double>> differences(const Grey& grey) {
  std::vector<double> across(static_cast<size_t>(grey.width - 1)), down(static_cast<size_t>(grey.height - 1));
  for (int64_t y = 0; y + 1 < grey.height; ++y) {
    for (int64_t x = 0; x + 1 < grey.width; ++x) {
      const double dx = grey.at(x + 1, y) - grey.at(x, y), dy = grey.at(x, y + 1) - grey.at(x, y);
      across[static_cast<size_t>(x)] += dx * dx;
      down[static_cast<size_t>(y)] += dy * dy;
    }
  }
  return {across, down};
}

/// The largest share that one place of every `period` has.
double share_at_one_place(const std::vector<double>& energies, size_t period) {
  std::vector<double> sums(period);
  double all = 0;
  for (size_t i = 0; i < energies.size(); ++i) {
    sums[i % period] += energies[i];
    all += energies[i];
  }
  return all > 0 ? *std::max_element(sums.begin(), sums.end()) / all : 0;
}

bool is_made_of_blocks(const Grey& grey) {
  const auto [across, down] = differences(grey);
  const auto is_so = [&](size_t period) { return share_at_one_place(across, period) > kMostBlockShare && share_at_one_place(down, period) > kMostBlockShare; };
  return is_so(2) || is_so(3) || is_so(4);
}

}  // namespace

std::string_view english(SizeLabel label) { return kNames[static_cast<size_t>(label)].first; }
std::string_view chinese(SizeLabel label) { return kNames[static_cast<size_t>(label)].second; }

std::optional<SizeLabel> size_label_named(std::string_view word) {
  for (const SizeLabel label : kSizeLabels) {
    if (english(label) == word) return label;
  }
  return std::nullopt;
}

int64_t own_side(const io::Picture& picture) {
  io::require_whole(picture, "own_side");
  Grey grey = grey_of(picture);
  int64_t side = grey.side();
  while (grey.side() >= 2 * kLeastMeasured) {
    Grey half = half_of(grey);
    if (!is_made_of_blocks(grey) && fine_energy(grey) >= kLeastFineEnergy * fine_energy(half)) break;
    grey = std::move(half);
    side /= 2;
  }
  return side;
}

SizeLabel most_of_side(int64_t shorter_side) {
  if (shorter_side >= kListingSide) return SizeLabel::listing_ready;
  return shorter_side >= kThumbnailSide ? SizeLabel::thumbnail : SizeLabel::concept_picture;
}

SizeLabel size_label(const io::Picture& picture, bool accepted) {
  const int64_t own = own_side(picture);
  const SizeLabel by_sharpness = own >= kListingSide ? SizeLabel::listing_ready : own >= kThumbnailOwnSide ? SizeLabel::thumbnail : SizeLabel::concept_picture;
  return accepted ? std::min(by_sharpness, most_of_side(std::min(picture.width, picture.height))) : SizeLabel::concept_picture;
}

}  // namespace vitrine::imagery
