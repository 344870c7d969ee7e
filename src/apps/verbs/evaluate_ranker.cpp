// vitrine evaluate ranker PAIRS --model DIR --output DIR
#include "recipes/evaluate_ranker.h"

#include <iostream>

#include "apps/command_line.h"
#include "apps/verbs/evaluate_ranker.h"
#include "generation/dtypes.h"

namespace vitrine::apps {
namespace {

struct EvaluateRankerVerb {
  explicit EvaluateRankerVerb(CLI::App& app) : options(app) {}
  CommonOptions common;
  recipes::EvaluateRankerConfig config;
  std::string pairs;
  VerbOptions options;
};

int evaluate_ranker(EvaluateRankerVerb& verb) {
  if (verb.options.resolve()) return kDone;
  VerbOptions::require(!verb.pairs.empty(), "PAIRS");
  VerbOptions::require(!verb.config.model.empty(), "--model");
  VerbOptions::require(!verb.config.output.empty(), "--output");
  verb.config.metrics.seed = verb.common.seed;
  const auto evaluation =
      recipes::run_evaluate_ranker(verb.pairs, verb.config, verb.common.dtype, verb.common.threads);
  if (!verb.common.quiet) std::cerr << recipes::terminal_table(evaluation);
  return kDone;
}

}  // namespace

void add_evaluate_ranker(CLI::App& evaluate, int& exit_code) {
  CLI::App* command = evaluate.add_subcommand(
      "ranker", "a ranking model on preference pairs, beside rankers that learned nothing");
  auto verb = std::make_shared<EvaluateRankerVerb>(*command);
  command->add_option(
      "PAIRS", verb->pairs,
      "JSONL: preference pairs or ranked lists (docs/formats/preferences.md); - = standard input");
  verb->options.add(verb->config);
  verb->options.add_common(verb->common, {.dtypes = generation::weight_dtypes()});
  command->callback([verb, &exit_code] { exit_code = evaluate_ranker(*verb); });
}

}  // namespace vitrine::apps
