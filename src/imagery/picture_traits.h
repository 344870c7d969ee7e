// imagery/picture_traits.h - what can be measured from the pixels of a product photograph: colours
// of garment and background, pattern, brightness. No network.
#pragma once
#include <array>
#include <optional>
#include <string_view>

#include "imagery/colour_names.h"
#include "io/picture.h"

namespace vitrine::imagery {

enum class Pattern { plain, patterned };
/// "plain", "patterned"
std::string_view english(Pattern pattern);
/// 纯色, 印花: values of 图案 in product tables.
std::string_view chinese(Pattern pattern);

struct ColourShares {
  ColourName name = ColourName::grey;      // the most frequent one
  double share = 0;                        // of the region, 0..1
  std::optional<ColourName> second;        // the next one where it has at least a quarter
  Lab mean;                                // of the pixels that bear `name`
  std::array<double, kColourNames> all{};  // by ColourName; sum 1
};

struct PictureTraits {
  ColourShares garment, background;
  Pattern pattern = Pattern::plain;
  double texture = 0;     // what `pattern` is decided by: see picture_traits.cpp; 0 = even
  double brightness = 0;  // mean L* of the whole picture, 0..100
  double coverage = 0;    // share of the picture that the garment fills, 0..1
  double confidence = 0;  // 0..1: how clearly garment and background differ (garment_mask.h)
};

/// A pure function of the pixels; a few milliseconds for a picture of 256 x 384. Any thread.
/// Throws InvalidInput for a picture that is not whole.
PictureTraits measure_traits(const io::Picture& picture);

}  // namespace vitrine::imagery
