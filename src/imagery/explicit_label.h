// imagery/explicit_label.h - the visible label of a picture: how high it must be, where it stands,
// drawing and proving it.
//
// A label is an opaque plate with the wording on it, in a corner. It hides what it stands on, so
// its contrast does not depend on the picture, and the stored description is enough to draw it
// again and compare. It is only ever added. Source of the rules: GB 45438-2025 5.2 (wording, edge
// or corner, 5 % of the shortest side), the rest is this project's; docs/labels.md.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "checks/text_label.h"
#include "imagery/glyphs.h"
#include "io/picture.h"

namespace vitrine::imagery {

inline constexpr int64_t kMinLabelledSide =
    128;  // pixels; a smaller picture cannot hold a legible label
inline constexpr double kMinContrast = 4.5;  // of ink and plate, WCAG 2
inline constexpr double kMinSimilarity =
    0.9;  // SSIM of a label in a lossy file and the label drawn again

struct Rect {
  int64_t x = 0, y = 0, width = 0, height = 0;  // pixels, from the top left
  bool operator==(const Rect&) const = default;
};

/// Where the product is. [H, W], of the picture's size; not 0 = product.
struct ProductMask {
  int64_t width = 0, height = 0;
  std::vector<uint8_t> product;
};

/// max(12, ceil(shortest side / 20)): pixels that each character must be high.
int64_t required_ink_height(int64_t width, int64_t height);
/// (L1 + 0.05) / (L2 + 0.05) of the relative luminances, 1 to 21.
double contrast_ratio(const io::Colour& a, const io::Colour& b);

/// Wordings of rules/labels/picture_wordings.tsv.
const checks::LabelWordings& picture_wordings();

/// All that is needed to draw a label again.
struct DrawnLabel {
  std::string wording;
  Rect rect;  // of the plate
  int64_t em = 0, ink_height = 0;
  io::Colour ink{}, plate{};
  std::string glyphs_sha256;
};

Json to_json(const DrawnLabel& label);
/// Nothing when a field is missing or of another type: then there is no label that could be proved.
std::optional<DrawnLabel> read_drawn_label(const Json& json);

struct ExplicitLabelConfig {
  std::string wording;                // one of picture_wordings; empty = the first
  const ProductMask* mask = nullptr;  // null = no product to keep clear
  bool may_grow = false;  // where each corner overlaps the product, the picture gets a strip below
};

/// Draws the label onto `picture`, which has its final size: resizing comes before. The corner is
/// the one whose label covers least of the product; ties go to bottom right, bottom left, top
/// right, top left. Throws InvalidInput for a side under kMinLabelledSide, another wording, a mask
/// of another size.
DrawnLabel draw_explicit_label(io::Picture& picture, const ExplicitLabelConfig& config);

/// The plate of a label and how much of each of its pixels is ink. Throws InvalidInput for a label
/// that the shipped outlines cannot draw, or whose rectangle has another size than it.
struct LabelPlate {
  io::Picture picture;
  Coverage coverage;  // of the plate's size
  int64_t ink_height = 0;
};
LabelPlate draw_plate(const DrawnLabel& label);

/// What comparing a picture with its stored label shows.
struct LabelProof {
  bool wording = false;   // an allowed one
  bool same = false;      // redrawn, it is what the picture shows
  double similarity = 0;  // SSIM of the two
  int64_t height = 0, required = 0;
  bool edge = false;    // in a corner, with a margin of at least half the height
  double contrast = 0;  // of the picture's own pixels: where there is ink, and where there is none
  std::string problem;  // why it could not be redrawn

  bool holds() const {
    return wording && same && height >= required && edge && contrast >= kMinContrast;
  }
};
/// `lossless`: equal pixels are asked for, else similarity of at least kMinSimilarity.
LabelProof prove_label(const io::Picture& picture, const DrawnLabel& label, bool lossless);

}  // namespace vitrine::imagery
