// recipes/curate_images_filters.h - the filters of `curate images`, one small class each.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "recipes/curate_images.h"

namespace vitrine::recipes {

/// What a filter decides about one row.
struct PictureDecision {
  bool keep = true;
  std::string reason;           // why dropped or changed
  std::optional<double> score;  // nothing: the row takes no part in the histogram
  std::string bucket;           // the kind of row it is; empty = the filter tells none apart
  bool repaired = false;        // the row was changed
};

class PictureFilter {
 public:
  virtual ~PictureFilter() = default;
  virtual std::string name() const = 0;
  virtual bool enabled() const = 0;
  /// The settings that the filter reads, for the hash.
  virtual Json settings() const = 0;
  virtual std::string score_name() const { return ""; }
  /// Asked after prepare.
  virtual std::vector<double> thresholds() const { return {}; }
  virtual Json notes() const { return nullptr; }
  /// All rows that come in, before the first decision.
  virtual void prepare(std::vector<PictureRow>&) {}
  /// May change the row. Rows come in order.
  virtual PictureDecision decide(PictureRow& row) = 0;
};

/// In the order in which they run. The arguments must outlive the filters.
std::vector<std::unique_ptr<PictureFilter>> make_picture_filters(const CurateImagesConfig& config, const CurateImagesTools& tools,
                                                                 const imagery::CaptionWords& captions);

/// Reads and measures the main pictures of all rows, on so many threads.
void measure_pictures(std::vector<PictureRow>& rows, int threads);

/// Writes the caption of a row from its own text, its attributes, and what was measured.
void write_caption(PictureRow& row, const imagery::CaptionWords& captions);

}  // namespace vitrine::recipes
