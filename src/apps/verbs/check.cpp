// vitrine check - texts and their evidence in, verdicts out.
#include <iostream>
#include <memory>

#include "apps/command_line.h"
#include "apps/verbs.h"
#include "checks/checker.h"
#include "recipes/check_run.h"

namespace vitrine::apps {
namespace {

struct CheckVerb {
  explicit CheckVerb(CLI::App& app) : options(app) {}
  CommonOptions common;
  recipes::CheckRun run;
  VerbOptions options;
};

int check(CheckVerb& verb) {
  if (verb.options.resolve()) return kDone;
  if (verb.run.rules) {
    std::cout << recipes::rules_table(checks::today(), verb.run.format);
    return kDone;
  }
  VerbOptions::require(!verb.run.input.empty(), "TEXTS");
  verb.run.threads = verb.common.threads;
  const auto outcome = recipes::run_check(verb.run);
  if (outcome.failed) return kFailed;
  return outcome.some_rejected ? kSomeRejected : kDone;
}

}  // namespace

void register_check(CLI::App& app, int& exit_code) {
  auto& verb = *app.add_subcommand("check", "claims, numbers, advertising law, length: texts in, verdicts out");
  auto state = std::make_shared<CheckVerb>(verb);
  verb.add_option("TEXTS", state->run.input,
                  "JSONL: text or summary, with content, product or an id of --evidence; - = standard input");
  state->options.add(state->run);
  state->options.add_common(state->common, {});
  verb.callback([state, &exit_code] { exit_code = check(*state); });
}

}  // namespace vitrine::apps
