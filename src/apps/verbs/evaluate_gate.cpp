// vitrine evaluate gate SET --model DIR --against DIR --output DIR
#include <iostream>
#include <memory>

#include "apps/command_line.h"
#include "apps/verbs/evaluate_ranker.h"
#include "generation/dtypes.h"
#include "recipes/evaluate_gate.h"

namespace vitrine::apps {
namespace {

struct GateVerb {
  explicit GateVerb(CLI::App& app) : options(app) {}
  CommonOptions common;
  recipes::EvaluateGateConfig config;
  recipes::EvaluateGateRun run;
  VerbOptions options;
};

int evaluate_gate(GateVerb& verb) {
  if (verb.options.resolve()) return kDone;
  VerbOptions::require(!verb.run.set.empty(), "SET");
  VerbOptions::require(!verb.run.model.empty(), "--model");
  VerbOptions::require(!verb.run.against.empty(), "--against");
  VerbOptions::require(!verb.run.output.empty(), "--output");
  verb.run.threads = verb.common.threads;
  verb.run.dtype = verb.common.dtype;
  verb.run.seed = verb.common.seed;
  const auto outcome = recipes::run_evaluate_gate(verb.run, verb.config);
  if (!verb.common.quiet) std::cerr << recipes::gate_table(outcome.rows);
  return outcome.rows_rejected > 0 ? kSomeRejected : kDone;
}

}  // namespace

void add_evaluate_gate(CLI::App& evaluate, int& exit_code) {
  CLI::App* command = evaluate.add_subcommand("gate", "may a copy model take the place of the one that serves: five criteria, as JSON");
  auto verb = std::make_shared<GateVerb>(*command);
  command->add_option("SET", verb->run.set, "the products: anything `import` reads");
  verb->options.name_also("num_return_sequences", "-n");
  verb->options.add(verb->run);
  verb->options.add(verb->config);
  verb->options.add_common(verb->common, {.dtypes = generation::weight_dtypes()});
  command->callback([verb, &exit_code] { exit_code = evaluate_gate(*verb); });
}

}  // namespace vitrine::apps
