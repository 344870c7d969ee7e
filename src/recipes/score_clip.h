// recipes/score_clip.h - `vitrine score clip`: how well texts fit their pictures, by a CLIP model.
#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "imagery/pair_scorer.h"
#include "recipes/score_rows.h"

namespace vitrine::recipes {

/// Rows are scored several at once. One caller at a time.
class ClipLineScorer : public LineScorer {
 public:
  /// Pictures are looked for below `folder`, where their paths are relative.
  ClipLineScorer(std::unique_ptr<imagery::PairScorer> scorer, std::filesystem::path folder);

  /// {"image", "text"} -> {"id", "score"}: CLIPScore, 100 * max(cosine, 0); the id is the row's own, else `number`.
  std::vector<Json> take(const Json& row, int64_t number, const std::string& where) override;
  std::vector<Json> finish() override;

 private:
  std::unique_ptr<imagery::PairScorer> scorer_;
  std::filesystem::path folder_;
  std::vector<Json> ids_;  // of the rows kept back
  std::vector<io::Picture> pictures_;
  std::vector<std::string> texts_;
  int64_t num_pixels_ = 0;  // of pictures_
};

/// As score_lines; paths of pictures are relative to the folder of the input, or to the current one for standard input.
/// Throws UsageError as check_score_run does.
bool run_score_clip(const ScoreRun& run, const std::string& device);

}  // namespace vitrine::recipes
