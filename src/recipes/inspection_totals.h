// recipes/inspection_totals.h - how many pictures of a run were accepted, before and after refused ones were drawn anew, and why not.
#pragma once
#include <array>
#include <string>

#include "base/json.h"
#include "imagery/inspection.h"
#include "imagery/size_label.h"

namespace vitrine::recipes {

class InspectionTotals {
 public:
  /// A candidate of candidates.jsonl (docs/formats/drawn_pictures.md).
  void add(const Json& candidate);

  size_t pictures() const { return pictures_; }
  size_t refused() const { return pictures_ - accepted_; }
  /// {"pictures", "accepted_first", "accepted", "availability_before", "availability_after", "mean_attempts",
  ///  "defects": {"blank": {"first", "kept"}, …}, "size_labels": {"concept", …}}
  Json to_json() const;
  /// For a terminal, Chinese first.
  std::string table() const;

 private:
  struct DefectCount {
    size_t first = 0, kept = 0;  // pictures that have it, at the first attempt and in the end
  };
  size_t pictures_ = 0, accepted_first_ = 0, accepted_ = 0, attempts_ = 0;
  std::array<DefectCount, imagery::kDefects> defects_{};
  std::array<size_t, std::size(imagery::kSizeLabels)> size_labels_{};
};

}  // namespace vitrine::recipes
