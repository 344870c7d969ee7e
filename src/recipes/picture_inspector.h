// recipes/picture_inspector.h - pictures of a prompt beside what was asked: the measured defects, and the class by a probe, a CLIP, or both.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/config.h"
#include "base/json.h"
#include "imagery/asked.h"
#include "imagery/inspection.h"
#include "recipes/resample.h"

namespace vitrine::recipes {

struct PictureInspectorConfig {
  bool inspect = true;
  int attempts = 3;
  std::string probe = "auto", clip = "auto";
  imagery::InspectionConfig limits;

  void describe(FieldVisitor& v) {
    v.field("inspect", inspect, "inspect each picture, and draw what is refused anew");
    v.field("attempts", attempts, "at most so many for each picture; then the best one is kept, marked as not accepted", 1, 1000);
    v.field("probe", probe, "classifier of train probe that judges the class: a folder, or a name in models/; auto = probe-mini where it is there; none = without");
    v.field("clip", clip, "CLIP that judges the class: a folder, or a name in models/; auto = clip-mini where it is there; none = without");
    limits.describe(v);
  }
  /// Throws InvalidInput, naming the field; UsageError for a judge that is given where nothing is inspected.
  void validate() const;
};

/// One caller at a time.
class PictureInspector {
 public:
  ///   device  of the CLIP: cpu, cuda:0; the probe is on the CPU
  /// Loads the judges; none when nothing is inspected. Throws what validate and their loaders throw.
  PictureInspector(const PictureInspectorConfig& config, const std::string& device);
  ~PictureInspector();

  /// The probability of the classes asked for is the mean of the judges that know one of them; not looked at when none does.
  std::vector<imagery::Inspection> inspect(std::span<const DrawnPicture> pictures, const imagery::Asked& asked);
  /// {"probe": {"model", "sha256"}, "clip": …}; null for one that is not there.
  Json record() const;

 private:
  struct Judges;
  std::vector<std::vector<double>> class_probabilities(std::span<const DrawnPicture> pictures, const std::vector<std::string>& classes);

  imagery::InspectionConfig limits_;
  std::unique_ptr<Judges> judges_;
};

}  // namespace vitrine::recipes
