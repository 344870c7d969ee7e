// vitrine align copy PRODUCTS --model DIR [--ranker DIR] --output DIR
#include <memory>

#include "apps/command_line.h"
#include "apps/device.h"
#include "apps/verbs.h"
#include "generation/dtypes.h"
#include "recipes/align_copy.h"

namespace vitrine::apps {
namespace {

struct AlignVerb {
  explicit AlignVerb(CLI::App& app) : options(app) {}
  CommonOptions common;
  recipes::AlignCopyConfig config;
  recipes::AlignCopyRun run;
  VerbOptions options;
};

int align_copy(AlignVerb& verb) {
  if (verb.options.resolve()) return kDone;
  VerbOptions::require(!verb.run.products.empty(), "PRODUCTS");
  VerbOptions::require(!verb.run.model.empty(), "--model");
  VerbOptions::require(!verb.run.output.empty(), "--output");
  set_threads(verb.common.threads);
  verb.run.threads = verb.common.threads;
  verb.run.device = parse_device(verb.common.device).str();
  return recipes::align_copy(verb.run, verb.config) ? kDone : kSomeRejected;
}

}  // namespace

void register_align(CLI::App& app, int& exit_code) {
  CLI::App* align = app.add_subcommand("align", "rounds of sample, order, tune: the model learns what shops pick");
  align->require_subcommand(1);
  CLI::App* copy = align->add_subcommand("copy", "two rounds or more from a copy model and products: texts, a ranking model, a tuned model each round");
  auto verb = std::make_shared<AlignVerb>(*copy);
  copy->add_option("PRODUCTS", verb->run.products, "folder with train.jsonl, or a file of products, with human copy where there is some");
  verb->options.name_also("num_return_sequences", "-n");
  verb->options.add(verb->run);
  verb->options.add(verb->config);
  verb->options.add_common(verb->common, {.engine = "torch", .dtypes = {"auto", "float32", "bfloat16"}, .gpu = true});
  copy->callback([verb, &exit_code] { exit_code = align_copy(*verb); });
}

}  // namespace vitrine::apps
