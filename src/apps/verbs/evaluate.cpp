// vitrine evaluate copy SET [--outputs NAME=FILE]… --output DIR
#include <iostream>

#include "apps/command_line.h"
#include "apps/verbs.h"
#include "base/error.h"
#include "recipes/evaluate_copy.h"

namespace vitrine::apps {
namespace {

struct EvaluateCopyOptions {
  CommonOptions common;
  recipes::EvaluateCopyConfig config;
  std::string set, output;
  std::vector<std::string> outputs, models;
  int num_candidates = 8, decoding_seeds = 3;
  std::unique_ptr<ConfigOptions> settings;
};

std::vector<recipes::EvaluateModelConfig> model_configs(const EvaluateCopyOptions& options) {
  std::vector<recipes::EvaluateModelConfig> configs;
  for (const auto& model : options.models) {
    auto& config = configs.emplace_back();
    config.write.model = model;
    config.write.num_return_sequences = options.num_candidates;
    config.write.seed = options.common.seed;
    config.decoding_seeds = options.decoding_seeds;
    config.threads = options.common.threads;
    config.dtype = options.common.dtype;
  }
  return configs;
}

void evaluate_copy(EvaluateCopyOptions& options, int& exit_code) {
  if (options.settings->resolve(options.common)) return;
  options.config.seed = options.common.seed;
  if (options.set.empty()) throw UsageError("evaluate copy: SET: the rows to evaluate on are missing");
  if (options.output.empty()) throw UsageError("evaluate copy: --output: the folder of the report is missing");
  const auto evaluation = recipes::run_evaluate_copy(options.set, options.outputs, model_configs(options), options.output, options.config);
  if (!options.common.quiet) std::cerr << recipes::terminal_table(evaluation);
  exit_code = kDone;
}

}  // namespace

void register_evaluate(CLI::App& app, int& exit_code) {
  CLI::App* verb = app.add_subcommand("evaluate", "measure generated copy against human copy and baselines");
  verb->require_subcommand(1);
  CLI::App* copy = verb->add_subcommand("copy", "every copy metric, with intervals, as JSON and one HTML page");
  auto options = std::make_shared<EvaluateCopyOptions>();
  copy->add_option("SET", options->set, "rows with attributes and human copy: AdvertiseGen or product records, JSONL");
  copy->add_option("--outputs", options->outputs, "NAME=FILE: lines of `write`, or {id, text}; several files of one name are its seeds")->allow_extra_args(false);
  copy->add_option("--model", options->models, "copy model to evaluate, beside template bank and retrieval (again for more)")->allow_extra_args(false);
  copy->add_option("-n", options->num_candidates, "candidates of each product; the first is scored")->check(CLI::Range(1, 1000))->capture_default_str();
  copy->add_option("--decoding-seeds", options->decoding_seeds, "nucleus runs of a model")->check(CLI::Range(1, 100))->capture_default_str();
  copy->add_option("--output", options->output, "folder for metrics.json, report.html, outputs.jsonl");
  add_common_options(*copy, options->common);
  options->settings = std::make_unique<ConfigOptions>(*copy, options->config);
  copy->callback([options, &exit_code] { evaluate_copy(*options, exit_code); });
}

}  // namespace vitrine::apps
