// recipes/copy_quality.h - how good a text is for its attributes, by counting: no model, no randomness.
#pragma once
#include <string_view>

#include "data/product.h"

namespace vitrine::recipes {

struct QualityParts {
  double coverage = 0;     // checks::literal_coverage, the category by any word
  double length = 0;       // 1 inside 55..160 code points, falling to 0 at 0 and 320
  double variety = 0;      // distinct character 2-grams / all, 0 at half, 1 at all
  double punctuation = 0;  // 1 = pairs close, it starts and ends well, sentences of 4..60 code points, few exclamation marks
  /// 0.4 coverage + 0.2 of each other part, 0..1.
  double score() const { return 0.4 * coverage + 0.2 * (length + variety + punctuation); }
};

QualityParts quality_of(std::u32string_view text, const data::Product& product);

}  // namespace vitrine::recipes
