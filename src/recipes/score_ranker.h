// recipes/score_ranker.h - `vitrine score ranker`: the score that a ranking model gives to known
// texts.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "copywriting/ranking_model.h"
#include "generation/ranker.h"
#include "recipes/score_rows.h"

namespace vitrine::recipes {

/// A ranking model and, when the directory has one, its tokenizer. Texts are scored several at
/// once. One caller at a time.
class RankerScorer : public LineScorer {
 public:
  /// A directory of ours (vitrine.json, kind ranker) reads texts as it was trained
  /// (copywriting/ranking_model.h). Throws what Ranker::load, RankingModel::load and RowTokenizer
  /// throw.
  RankerScorer(const std::filesystem::path& model_dir, const generation::RankerConfig& config);

  /// {"id", "tokens", "score"}: all ids of the row; the id is the row's own, else `number`.
  /// A directory of ours: input_ids as they stand, or the product of `prompt` or `content`
  /// (attributes in AdvertiseGen notation) and `text` or `summary`. Another one: as RowTokenizer
  /// gives them without labels.
  std::vector<Json> take(const Json& row, int64_t number, const std::string& where) override;
  std::vector<Json> finish() override;

 private:
  std::vector<int32_t> ids_of(const Json& row, const std::string& where) const;
  generation::Ranker& ranker() { return ours_ ? ours_->ranker() : *other_; }

  std::optional<copywriting::RankingModel> ours_;  // one of ours_ and other_ is there
  std::optional<generation::Ranker> other_;
  std::optional<RowTokenizer> tokenizer_;
  std::vector<Json> ids_;                    // of the rows kept back
  std::vector<std::vector<int32_t>> texts_;  // as many
};

/// As score_lines, and throws UsageError as check_score_run does.
bool run_score_ranker(const ScoreRun& run);

}  // namespace vitrine::recipes
