// vitrine score copy TEXTS --model DIR
#include "apps/command_line.h"
#include "apps/verbs.h"
#include "generation/decoder.h"
#include "recipes/score_copy.h"

namespace vitrine::apps {
namespace {

struct ScoreVerb {
  explicit ScoreVerb(CLI::App& app) : options(app) {}
  CommonOptions common;
  recipes::ScoreCopyRun run;
  VerbOptions options;
};

int score_copy(ScoreVerb& verb) {
  if (verb.options.resolve()) return kDone;
  VerbOptions::require(!verb.run.input.empty(), "TEXTS");
  VerbOptions::require(!verb.run.model.empty(), "--model");
  verb.run.dtype = verb.common.dtype;
  verb.run.threads = verb.common.threads;
  return recipes::run_score_copy(verb.run) ? kDone : kSomeRejected;
}

}  // namespace

void register_score(CLI::App& app, int& exit_code) {
  CLI::App* verb = app.add_subcommand("score", "log-probability of given texts");
  verb->require_subcommand(1);
  CLI::App* copy = verb->add_subcommand("copy", "natural-log probability of texts by a language model, one line a row");
  auto state = std::make_shared<ScoreVerb>(*copy);
  copy->add_option("TEXTS", state->run.input, "JSONL: id, prompt, text; AdvertiseGen rows; or id, input_ids, labels_from; - = standard input");
  state->options.add(state->run);
  state->options.add_common(state->common, {.dtypes = generation::decoder_dtypes()});
  copy->callback([state, &exit_code] { exit_code = score_copy(*state); });
}

}  // namespace vitrine::apps
