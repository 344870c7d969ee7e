// imagery/inspection.h - what is wrong with a generated product picture, as far as it can be measured.
//
// The classes of defects are those that e-commerce picture systems report (space mismatch, size mismatch, indistinct, shape
// hallucination, text); each check says by which number it decided. The limits are quantiles measured on real photographs of
// products (docs/pictures.md), so that few of these would be refused.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"
#include "imagery/colour_names.h"
#include "imagery/picture_traits.h"
#include "io/picture.h"

namespace vitrine::imagery {

enum class Defect {
  blank,           // nearly one colour
  indistinct,      // blurred: hardly an edge
  space_mismatch,  // the product is cut off: it fills much of the picture's border
  size_mismatch,   // it fills too little or too much of the picture
  wrong_category,  // the classifier sees another class (shape hallucination)
  wrong_colour,    // the product's colour is not the one that was asked for
  text_like,       // rows of small strokes, as of letters or a watermark
};
inline constexpr size_t kDefects = 7;
/// "blank" … "text_like"; 空白 … 疑似文字.
std::string_view english(Defect defect);
std::string_view chinese(Defect defect);

/// Defaults: the 0.5 % and 99.5 % quantiles of 767 photographs of the clothing set, cut to 128x160; coverage as find_garment sees it.
struct InspectionConfig {
  double least_spread = 9;
  double least_detail = 0.65;
  double most_border = 0.25;
  double least_coverage = 0.29;
  double most_coverage = 0.625;
  double least_class_probability = 0.25;
  double least_colour_share = 0.2;
  int most_text_rows = 0;

  void describe(FieldVisitor& v) {
    v.field("least_spread", least_spread, "standard deviation of the colours in Lab; below: blank", 0, 100);
    v.field("least_detail", least_detail, "mean |Laplacian| of the lightness; below: indistinct", 0, 100);
    v.field("most_border", most_border, "share of the picture's border that the product may fill; above: cut off", 0, 1);
    v.field("least_coverage", least_coverage, "share of the picture that the product must fill", 0, 1);
    v.field("most_coverage", most_coverage, "share that it may fill", 0, 1);
    v.field("least_class_probability", least_class_probability, "probability that the classifier must give the class asked for", 0, 1);
    v.field("least_colour_share", least_colour_share, "share of the product's pixels that must have the colour asked for", 0, 1);
    v.field("most_text_rows", most_text_rows, "rows of letter-like strokes that are let pass", 0, 1000);
  }
};

/// What was asked for, and what a classifier says of the picture. Empty = not asked, not known.
struct InspectionRequest {
  std::optional<ColourName> colour;
  std::optional<double> class_probability;  // of the class that was asked for
};

struct Finding {
  Defect defect = Defect::blank;
  double value = 0, limit = 0;  // what was measured, what it was compared with
};

struct Inspection {
  std::vector<Finding> findings;  // in the order of Defect; empty = accepted
  PictureTraits traits;
  double spread = 0, detail = 0, border = 0;
  int text_rows = 0;
  double score = 0;  // how far it shows what was asked: class probability + share of the colour, as far as asked; 0..2
  bool accepted() const { return findings.empty(); }
};

/// Throws InvalidInput for a picture that is not whole.
Inspection inspect_picture(const io::Picture& picture, const InspectionRequest& request, const InspectionConfig& config = {});

/// Rows of at least five strokes that are alike in height and lie side by side, on a ground that differs from them.
int count_text_rows(const io::Picture& picture);

}  // namespace vitrine::imagery
