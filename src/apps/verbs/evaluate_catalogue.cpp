// vitrine evaluate catalogue TEXTS [--limit 0.7] [--output F]
#include "apps/verbs/evaluate_catalogue.h"

#include <iostream>

#include "apps/command_line.h"
#include "recipes/evaluate_catalogue.h"

namespace vitrine::apps {
namespace {

struct EvaluateCatalogueVerb {
  explicit EvaluateCatalogueVerb(CLI::App& app) : options(app) {}
  CommonOptions common;
  recipes::EvaluateCatalogueConfig config;
  std::string texts;
  VerbOptions options;
};

int run(EvaluateCatalogueVerb& verb) {
  if (verb.options.resolve()) return kDone;
  VerbOptions::require(!verb.texts.empty(), "TEXTS");
  const Json result =
      recipes::evaluate_catalogue(verb.texts, verb.config, verb.common.seed, verb.common.threads);
  if (!verb.common.quiet) std::cerr << recipes::catalogue_table(result);
  return kDone;
}

}  // namespace

void add_evaluate_catalogue(CLI::App& evaluate, int& exit_code) {
  CLI::App* command = evaluate.add_subcommand(
      "catalogue", "how alike the copy of a shop's products is, and which texts are too like");
  auto verb = std::make_shared<EvaluateCatalogueVerb>(*command);
  command->add_option("TEXTS", verb->texts,
                      "JSONL: id, product_id, text; or lines of `write`; - = standard input");
  verb->options.add(verb->config);
  verb->options.add_common(verb->common, {});
  command->callback([verb, &exit_code] { exit_code = run(*verb); });
}

}  // namespace vitrine::apps
