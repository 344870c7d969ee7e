// recipes/score_ranker.h - `vitrine score ranker`: the score that a ranking model gives to known
// texts.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "generation/ranker.h"
#include "recipes/score_rows.h"

namespace vitrine::recipes {

/// A ranking model and, when the directory has one, its tokenizer. Texts are scored several at
/// once. One caller at a time.
class RankerScorer : public LineScorer {
 public:
  /// Throws what Ranker::load and RowTokenizer throw.
  RankerScorer(const std::filesystem::path& model_dir, const generation::RankerConfig& config);

  /// {"id", "tokens", "score"}: all ids of the row, as RowTokenizer gives them without labels; the
  /// id is the row's own, else `number`.
  std::vector<Json> take(const Json& row, int64_t number, const std::string& where) override;
  std::vector<Json> finish() override;

 private:
  generation::Ranker ranker_;
  RowTokenizer tokenizer_;
  std::vector<Json> ids_;                    // of the rows kept back
  std::vector<std::vector<int32_t>> texts_;  // as many
};

/// As score_lines, and throws UsageError as check_score_run does.
bool run_score_ranker(const ScoreRun& run);

}  // namespace vitrine::recipes
