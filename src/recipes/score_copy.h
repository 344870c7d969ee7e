// recipes/score_copy.h - `vitrine score copy`: the log-probability that a language model gives to known texts.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "generation/decoder.h"
#include "recipes/score_rows.h"

namespace vitrine::recipes {

/// A model and, when the directory has one, its tokenizer. One caller at a time.
class CopyScorer : public LineScorer {
 public:
  /// Throws what Decoder::load and RowTokenizer throw.
  CopyScorer(const std::filesystem::path& model_dir, const generation::DecoderConfig& config);

  /// As RowTokenizer, with labels; the first id has nothing before it and is never scored.
  ScoreRow encode(const Json& row, const std::string& where) const { return tokenizer_.encode(row, where); }

  /// {"id", "tokens", "logprob"}; the id is the row's own, else `number`.
  Json score(const Json& row, int64_t number, const std::string& where);
  std::vector<Json> take(const Json& row, int64_t number, const std::string& where) override { return {score(row, number, where)}; }

 private:
  generation::Decoder decoder_;
  RowTokenizer tokenizer_;
};

/// As score_lines, and throws UsageError as check_score_run does.
bool run_score_copy(const ScoreRun& run);

}  // namespace vitrine::recipes
