// vitrine evaluate copy SET [--outputs NAME=FILE|--model DIR]… --output DIR
#include <iostream>

#include "apps/command_line.h"
#include "apps/verbs.h"
#include "apps/verbs/evaluate_catalogue.h"
#include "generation/decoder.h"
#include "generation/dtypes.h"
#include "recipes/evaluate_copy.h"

namespace vitrine::apps {
namespace {

/// What is evaluated, beside the settings of the evaluation.
struct Systems {
  std::vector<std::string> outputs, models;
  int num_return_sequences = 8, decoding_seeds = 3;
  std::string output;

  void describe(FieldVisitor& v) {
    v.field("outputs", outputs, "NAME=FILE: lines of `write`, or {id, text}; several files of one name are its seeds");
    v.field("model", models, "copy model to evaluate, beside template bank and retrieval (again for more)");
    v.field("num_return_sequences", num_return_sequences, "candidates of each product; the first is scored (-n)", 1, 1000);
    v.field("decoding_seeds", decoding_seeds, "nucleus runs of a model", 1, 100);
    v.field("output", output, "folder for metrics.json, report.html, outputs.jsonl");
  }
};

struct EvaluateCopyVerb {
  explicit EvaluateCopyVerb(CLI::App& app) : options(app) {}
  CommonOptions common;
  Systems systems;
  recipes::EvaluateCopyConfig config;
  std::string set;
  VerbOptions options;
};

std::vector<recipes::EvaluateModelConfig> model_configs(const EvaluateCopyVerb& verb) {
  std::vector<recipes::EvaluateModelConfig> configs;
  for (const auto& model : verb.systems.models) {
    auto& config = configs.emplace_back();
    config.write.model = model;
    config.write.num_return_sequences = verb.systems.num_return_sequences;
    config.write.seed = verb.common.seed;
    config.decoding_seeds = verb.systems.decoding_seeds;
    config.threads = verb.common.threads;
    config.dtype = verb.common.dtype;
  }
  return configs;
}

int evaluate_copy(EvaluateCopyVerb& verb) {
  if (verb.options.resolve()) return kDone;
  verb.config.seed = verb.common.seed;
  VerbOptions::require(!verb.set.empty(), "SET");
  VerbOptions::require(!verb.systems.output.empty(), "--output");
  const auto evaluation = recipes::run_evaluate_copy(verb.set, verb.systems.outputs, model_configs(verb), verb.systems.output, verb.config);
  if (!verb.common.quiet) std::cerr << recipes::terminal_table(evaluation);
  return evaluation.rows_rejected > 0 ? kSomeRejected : kDone;
}

}  // namespace

void register_evaluate(CLI::App& app, int& exit_code) {
  CLI::App* evaluate = app.add_subcommand("evaluate", "measure generated copy against human copy and baselines");
  evaluate->require_subcommand(1);
  CLI::App* copy = evaluate->add_subcommand("copy", "every copy metric, with intervals, as JSON and one HTML page");
  auto verb = std::make_shared<EvaluateCopyVerb>(*copy);
  copy->add_option("SET", verb->set, "rows with attributes and human copy: anything `import` reads; - = standard input");
  verb->options.name_also("num_return_sequences", "-n");
  verb->options.keep_whole("outputs");
  verb->options.keep_whole("model");
  verb->options.add(verb->systems);
  verb->options.add(verb->config);
  verb->options.add_common(verb->common, {.dtypes = generation::weight_dtypes()});
  copy->callback([verb, &exit_code] { exit_code = evaluate_copy(*verb); });
  add_evaluate_catalogue(*evaluate, exit_code);
}

}  // namespace vitrine::apps
