// vitrine score copy TEXTS --model DIR
#include "apps/command_line.h"
#include "apps/verbs.h"
#include "base/log.h"
#include "base/progress.h"
#include "recipes/score_copy.h"

namespace vitrine::apps {
namespace {

struct ScoreVerb {
  CommonOptions common;
  recipes::ScoreCopyRun run;
};

int score_copy(ScoreVerb& verb) {
  set_log_level(verb.common.quiet ? LogLevel::warn : parse_log_level(verb.common.log_level));
  set_progress_enabled(!verb.common.quiet);
  verb.run.dtype = verb.common.dtype;
  verb.run.threads = verb.common.threads;
  return recipes::run_score_copy(verb.run) ? kDone : kSomeRejected;
}

}  // namespace

void register_score(CLI::App& app, int& exit_code) {
  CLI::App* verb = app.add_subcommand("score", "log-probability of given texts");
  verb->require_subcommand(1);
  CLI::App* copy = verb->add_subcommand("copy", "natural-log probability of texts by a language model, one line a row");
  auto state = std::make_shared<ScoreVerb>();
  copy->add_option("TEXTS", state->run.input, "JSONL: id, prompt, text; AdvertiseGen rows; or id, input_ids, labels_from; - = standard input")
      ->required();
  copy->add_option("--model", state->run.model, "model directory")->required();
  copy->add_option("--output", state->run.output, "file for the scores; it appears whole");
  copy->add_option("--rejects", state->run.rejects, "file for the rows that cannot be scored");
  add_common_options(*copy, state->common);
  copy->callback([state, &exit_code] { exit_code = score_copy(*state); });
}

}  // namespace vitrine::apps
