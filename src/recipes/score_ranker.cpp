#include "recipes/score_ranker.h"

#include "base/error.h"
#include "copywriting/copy_model.h"
#include "data/advertisegen.h"
#include "recipes/json_lines.h"

namespace vitrine::recipes {
namespace {

constexpr std::string_view kVerb = "score ranker";
constexpr size_t kTextsAtOnce = 64;

/// The first of the two fields that the row has.
std::string text_of_either(const Json& row, const char* name, const char* other,
                           const std::string& where) {
  return text_of_field(row, row.contains(name) || !row.contains(other) ? name : other, where);
}

data::Product product_of(const Json& row, const std::string& where) {
  const std::string content = text_of_either(row, "prompt", "content", where);
  try {
    return data::product_from_content(content);
  } catch (const InvalidInput& e) {
    throw InvalidInput(concat(where, ": prompt: ", e.what()));
  }
}

}  // namespace

RankerScorer::RankerScorer(const std::filesystem::path& model_dir,
                           const generation::RankerConfig& config) {
  if (copywriting::is_ranking_model(model_dir)) {
    ours_ = copywriting::RankingModel::load(model_dir, config);
  } else {
    other_ = generation::Ranker::load(model_dir, config);
  }
  tokenizer_.emplace(model_dir, ranker().config().vocab_size, kVerb, Labels::unused);
}

std::vector<int32_t> RankerScorer::ids_of(const Json& row, const std::string& where) const {
  const bool raw = !row.is_object() || row.contains("input_ids");
  if (!ours_ || raw) return tokenizer_->encode(row, where).input_ids;
  const auto product = product_of(row, where);
  return ours_->input_ids(product, text_of_either(row, "text", "summary", where), where);
}

std::vector<Json> RankerScorer::take(const Json& row, int64_t number, const std::string& where) {
  std::vector<int32_t> input_ids = ids_of(row, where);
  ranker().check(input_ids, where);
  ids_.push_back(row_id(row, number));
  texts_.push_back(std::move(input_ids));
  return texts_.size() < kTextsAtOnce ? std::vector<Json>{} : finish();
}

std::vector<Json> RankerScorer::finish() {
  const auto scores = ranker().score(texts_);
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
