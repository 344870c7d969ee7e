// vitrine score copy|ranker TEXTS --model DIR
#include "apps/command_line.h"
#include "apps/verbs.h"
#include "generation/decoder.h"
#include "generation/dtypes.h"
#include "recipes/score_copy.h"
#include "recipes/score_ranker.h"

namespace vitrine::apps {
namespace {

struct ScoreVerb {
  explicit ScoreVerb(CLI::App& app) : options(app) {}
  CommonOptions common;
  recipes::ScoreRun run;
  VerbOptions options;
};

using RunScore = bool (*)(const recipes::ScoreRun&);

int score(ScoreVerb& verb, RunScore run) {
  if (verb.options.resolve()) return kDone;
  VerbOptions::require(!verb.run.input.empty(), "TEXTS");
  VerbOptions::require(!verb.run.model.empty(), "--model");
  verb.run.dtype = verb.common.dtype;
  verb.run.threads = verb.common.threads;
  return run(verb.run) ? kDone : kSomeRejected;
}

void add(CLI::App& object, const char* texts, RunScore run, int& exit_code) {
  auto state = std::make_shared<ScoreVerb>(object);
  object.add_option("TEXTS", state->run.input, texts);
  state->options.add(state->run);
  state->options.add_common(state->common, {.dtypes = generation::weight_dtypes()});
  object.callback([state, run, &exit_code] { exit_code = score(*state, run); });
}

}  // namespace

void register_score(CLI::App& app, int& exit_code) {
  CLI::App* verb = app.add_subcommand("score", "log-probability or ranking score of given texts");
  verb->require_subcommand(1);
  add(*verb->add_subcommand("copy", "natural-log probability of texts by a language model, one line a row"),
      "JSONL: id, prompt, text; AdvertiseGen rows; or id, input_ids, labels_from; - = standard input", recipes::run_score_copy, exit_code);
  add(*verb->add_subcommand("ranker", "score of texts by a ranking model, one line a row; higher is better"),
      "JSONL: id, prompt, text; AdvertiseGen rows; or id, input_ids; - = standard input", recipes::run_score_ranker, exit_code);
}

}  // namespace vitrine::apps
