// vitrine evaluate copy SET [--outputs NAME=FILE|--model DIR]… --output DIR
// vitrine evaluate tagger SET [--model DIR] [--output FILE]; the other objects have files of their own
#include <iostream>

#include "apps/command_line.h"
#include "apps/verbs.h"
#include "apps/verbs/evaluate_catalogue.h"
#include "apps/verbs/evaluate_ranker.h"
#include "apps/verbs/evaluate_style.h"
#include "base/error.h"
#include "base/file_arguments.h"
#include "base/file.h"
#include "generation/decoder.h"
#include "generation/dtypes.h"
#include "recipes/evaluate_copy.h"
#include "recipes/evaluate_tagger.h"

namespace vitrine::apps {
namespace {

/// What is evaluated, beside the settings of the evaluation.
struct Systems {
  std::vector<std::string> outputs, models, plans{"planner"}, attached;
  std::string ranker;
  int variants = copywriting::WriteConfig().variants;
  int num_return_sequences = 8, decoding_seeds = 3;
  std::string output;

  void describe(FieldVisitor& v) {
    v.field("outputs", outputs, "NAME=FILE: lines of `write`, or {id, text}; several files of one name are its seeds");
    v.field("model", models, "copy model to evaluate, beside template bank and retrieval: DIR or NAME=DIR (again for more)");
    v.field("plans", plans, "planner (points by rarity, each in its sentence) | open (all points in the order of the source, the model orders them) | unaided (open, and what it leaves out is not asked for); several, separated by commas");
    v.field("ranker", ranker, "ranking model that has a say in which candidate is first; empty = none");
    v.field("variants", variants, "draws of each sentence, of which the best goes on", 1, 100);
    v.field("num_return_sequences", num_return_sequences, "candidates of each product; the first is scored (-n)", 1, 1000);
    v.field("decoding_seeds", decoding_seeds, "nucleus runs of a model", 1, 100);
    v.field("attach", attached, "TITLE=DIR: another evaluation, whose table stands on the page too (again for more)");
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

std::vector<std::pair<std::string, std::string>> models_with_plans(const Systems& systems) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& plan : systems.plans) {
    if (plan != "planner" && plan != "open" && plan != "unaided") throw UsageError(concat("--plans: expected planner, open or unaided, got ", plan));
    for (const auto& model : systems.models) pairs.emplace_back(model, plan);
  }
  return pairs;
}

std::vector<recipes::EvaluateModelConfig> model_configs(const EvaluateCopyVerb& verb) {
  std::vector<recipes::EvaluateModelConfig> configs;
  for (const auto& [model, plan] : models_with_plans(verb.systems)) {
    auto& config = configs.emplace_back();
    const size_t sign = model.find('=');
    if (sign != std::string::npos) config.name = model.substr(0, sign);
    config.write.model = sign == std::string::npos ? model : model.substr(sign + 1);
    config.write.open_plan = plan != "planner";
    config.write.complete_open_plan = plan == "open";
    config.write.ranker = verb.systems.ranker;
    config.write.variants = verb.systems.variants;
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
  const auto evaluation = recipes::run_evaluate_copy(verb.set, verb.systems.outputs, model_configs(verb), verb.systems.attached, verb.systems.output, verb.config);
  if (!verb.common.quiet) std::cerr << recipes::terminal_table(evaluation);
  return evaluation.rows_rejected > 0 ? kSomeRejected : kDone;
}

struct TaggerFiles {
  std::string model = "tagger-mini", output = "-";

  void describe(FieldVisitor& v) {
    v.field("model", model, "tagger directory, or a name in models/");
    v.field("output", output, "file for the figures as JSON; - = standard output");
  }
};

struct EvaluateTaggerVerb {
  explicit EvaluateTaggerVerb(CLI::App& app) : options(app) {}
  CommonOptions common;
  TaggerFiles files;
  recipes::EvaluateTaggerConfig config;
  std::string set;
  VerbOptions options;
};

int evaluate_tagger(EvaluateTaggerVerb& verb) {
  if (verb.options.resolve()) return kDone;
  VerbOptions::require(!verb.set.empty(), "SET");
  check_config(verb.config, "evaluate tagger");
  const std::vector<std::string> inputs = {verb.set};
  check_file_arguments("evaluate tagger", inputs, {{"--output", verb.files.output}});
  const std::string dtype = verb.common.dtype.empty() ? "float32" : verb.common.dtype;
  const auto scores = recipes::evaluate_tagger(verb.set, verb.files.model,
                                               {verb.common.threads, dtype, verb.config.support_threshold},
                                               {verb.config.resamples, static_cast<uint64_t>(verb.common.seed)});
  if (!verb.common.quiet) std::cerr << eval::table_of(scores);
  const std::string json = dump_pretty(eval::to_json(scores));
  if (verb.files.output == "-") {
    std::cout << json;
  } else {
    write_file_atomic(verb.files.output, json);
  }
  return kDone;
}

void add_tagger(CLI::App& evaluate, int& exit_code) {
  CLI::App* tagger = evaluate.add_subcommand("tagger", "spans and named evidence against hand-labelled texts, with intervals, as JSON");
  auto verb = std::make_shared<EvaluateTaggerVerb>(*tagger);
  tagger->add_option("SET", verb->set, "JSONL: id, attributes, text, spans (docs/formats/tagger_sentences.md)");
  verb->options.add(verb->files);
  verb->options.add(verb->config);
  verb->options.add_common(verb->common, {.dtypes = generation::weight_dtypes()});
  tagger->callback([verb, &exit_code] { exit_code = evaluate_tagger(*verb); });
}

}  // namespace

void register_evaluate(CLI::App& app, int& exit_code) {
  CLI::App* evaluate = app.add_subcommand("evaluate", "measure generated copy and models");
  evaluate->require_subcommand(1);
  CLI::App* copy = evaluate->add_subcommand("copy", "every copy metric, with intervals, as JSON and one HTML page");
  auto verb = std::make_shared<EvaluateCopyVerb>(*copy);
  copy->add_option("SET", verb->set, "rows with attributes and human copy: anything `import` reads; - = standard input");
  verb->options.name_also("num_return_sequences", "-n");
  verb->options.keep_whole("outputs");
  verb->options.keep_whole("model");
  verb->options.keep_whole("attach");
  verb->options.add(verb->systems);
  verb->options.add(verb->config);
  verb->options.add_common(verb->common, {.dtypes = generation::weight_dtypes()});
  copy->callback([verb, &exit_code] { exit_code = evaluate_copy(*verb); });
  add_evaluate_catalogue(*evaluate, exit_code);
  add_tagger(*evaluate, exit_code);
  add_evaluate_ranker(*evaluate, exit_code);
  add_evaluate_win_rate(*evaluate, exit_code);
  add_evaluate_gate(*evaluate, exit_code);
  add_evaluate_arena(*evaluate, exit_code);
  add_evaluate_style(*evaluate, exit_code);
}

}  // namespace vitrine::apps
