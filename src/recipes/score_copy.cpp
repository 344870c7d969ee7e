#include "recipes/score_copy.h"

#include "base/error.h"
#include "copywriting/copy_model.h"

namespace vitrine::recipes {
namespace {

constexpr std::string_view kVerb = "score copy";

}  // namespace

CopyScorer::CopyScorer(const std::filesystem::path& model_dir, const generation::DecoderConfig& config)
    : decoder_(generation::Decoder::load(model_dir, config)),
      tokenizer_(model_dir, decoder_.config().vocab_size, kVerb, Labels::needed) {}

Json CopyScorer::score(const Json& row, int64_t number, const std::string& where) {
  const ScoreRow ids = encode(row, where);
  try {
    const auto score = decoder_.score(ids.input_ids, ids.labels_from);
    return {{"id", row_id(row, number)}, {"tokens", score.tokens}, {"logprob", score.logprob}};
  } catch (const InvalidInput& e) {
    throw InvalidInput(concat(where, ": ", e.what()));
  }
}

bool run_score_copy(const ScoreRun& run) {
  check_score_run(kVerb, run);
  generation::DecoderConfig config{.threads = run.threads};
  if (!run.dtype.empty()) config.dtype = run.dtype;
  CopyScorer scorer(copywriting::find_model(run.model), config);
  return score_lines(kVerb, run, scorer);
}

}  // namespace vitrine::recipes
