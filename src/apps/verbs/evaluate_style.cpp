// vitrine evaluate style SET [--train DATA] [--output FILE]
#include "apps/verbs/evaluate_style.h"

#include <iostream>

#include "apps/command_line.h"
#include "base/file.h"
#include "base/file_arguments.h"
#include "recipes/evaluate_style.h"

namespace vitrine::apps {
namespace {

struct StyleFiles {
  std::string output = "-";
  void describe(FieldVisitor& v) { v.field("output", output, "file for the figures as JSON; - = standard output"); }
};

struct EvaluateStyleVerb {
  explicit EvaluateStyleVerb(CLI::App& app) : options(app) {}
  CommonOptions common;
  StyleFiles files;
  recipes::EvaluateStyleConfig config;
  std::string set;
  VerbOptions options;
};

int evaluate_style(EvaluateStyleVerb& verb) {
  if (verb.options.resolve()) return kDone;
  VerbOptions::require(!verb.set.empty(), "SET");
  check_config(verb.config, "evaluate style");
  const std::vector<std::string> inputs = {verb.set, verb.config.train};
  check_file_arguments("evaluate style", inputs, {{"--output", verb.files.output}});
  verb.config.seed = verb.common.seed;
  const auto set = recipes::read_style_texts(verb.set);
  std::vector<copywriting::StyleExample> labelled;
  if (!verb.config.train.empty()) labelled = recipes::read_style_texts(verb.config.train);
  const auto evaluation = recipes::evaluate_style(set, labelled, verb.config);
  if (!verb.common.quiet) std::cerr << recipes::terminal_table(evaluation);
  const std::string json = dump_pretty(recipes::to_json(evaluation));
  if (verb.files.output == "-") {
    std::cout << json;
  } else {
    write_file_atomic(verb.files.output, json);
  }
  return kDone;
}

}  // namespace

void add_evaluate_style(CLI::App& evaluate, int& exit_code) {
  CLI::App* style = evaluate.add_subcommand("style", "whether texts have their style, by a classifier of labelled text and by the rules, as JSON");
  auto verb = std::make_shared<EvaluateStyleVerb>(*style);
  style->add_option("SET", verb->set, "JSONL: lines of `write`, or text, style, product_id?");
  verb->options.add(verb->files);
  verb->options.add(verb->config);
  verb->options.add_common(verb->common, {});
  style->callback([verb, &exit_code] { exit_code = evaluate_style(*verb); });
}

}  // namespace vitrine::apps
