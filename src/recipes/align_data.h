// recipes/align_data.h - what the rounds of `align copy` run over and learn from.
#pragma once
#include <string>
#include <vector>

#include "copywriting/distinctive_point.h"
#include "data/preferences.h"
#include "data/product.h"
#include "recipes/align_copy.h"

namespace vitrine::recipes {

struct AlignData {
  std::vector<data::Product> products;        // with attributes; max_products of them
  std::vector<data::Product> humans;          // those whose human copy passed the funnel, or, without it, the checks
  copywriting::ValueFrequencies frequencies;  // over all products of the file
  std::vector<data::PreferencePair> given;    // of picks and feedback
  int64_t rejected = 0;                       // rows of all files that were left out, each file warned of
};

/// Throws what the readers throw, InvalidInput when no product has attributes.
AlignData read_align_data(const AlignCopyRun& run, const AlignCopyConfig& config);

}  // namespace vitrine::recipes
