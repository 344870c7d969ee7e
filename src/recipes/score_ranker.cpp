#include "recipes/score_ranker.h"

#include "copywriting/copy_model.h"

namespace vitrine::recipes {
namespace {

constexpr std::string_view kVerb = "score ranker";
constexpr size_t kTextsAtOnce = 64;

}  // namespace

RankerScorer::RankerScorer(const std::filesystem::path& model_dir,
                           const generation::RankerConfig& config)
    : ranker_(generation::Ranker::load(model_dir, config)),
      tokenizer_(model_dir, ranker_.config().vocab_size, kVerb, Labels::unused) {}

std::vector<Json> RankerScorer::take(const Json& row, int64_t number, const std::string& where) {
  ScoreRow encoded = tokenizer_.encode(row, where);
  ranker_.check(encoded.input_ids, where);
  ids_.push_back(row_id(row, number));
  texts_.push_back(std::move(encoded.input_ids));
  return texts_.size() < kTextsAtOnce ? std::vector<Json>{} : finish();
}

std::vector<Json> RankerScorer::finish() {
  const auto scores = ranker_.score(texts_);
  std::vector<Json> lines;
  for (size_t i = 0; i < scores.size(); ++i) {
    lines.push_back({{"id", ids_[i]}, {"tokens", texts_[i].size()}, {"score", scores[i]}});
  }
  ids_.clear();
  texts_.clear();
  return lines;
}

bool run_score_ranker(const ScoreRun& run) {
  check_score_run(kVerb, run);
  generation::RankerConfig config{.threads = run.threads};
  if (!run.dtype.empty()) config.dtype = run.dtype;
  RankerScorer scorer(copywriting::find_model(run.model), config);
  return score_lines(kVerb, run, scorer);
}

}  // namespace vitrine::recipes
