// vitrine evaluate images SET --model NAME=DIR… --probe DIR --output DIR
#include <memory>

#include "apps/command_line.h"
#include "apps/device.h"
#include "apps/verbs.h"
#include "recipes/evaluate_images.h"

namespace vitrine::apps {
namespace {

struct Files {
  std::string output;
  void describe(FieldVisitor& v) { v.field("output", output, "folder for metrics.json and report.html"); }
};

struct EvaluateImagesVerb {
  explicit EvaluateImagesVerb(CLI::App& app) : options(app) {}
  CommonOptions common;
  recipes::EvaluateImagesConfig config;
  Files files;
  std::string set;
  VerbOptions options;
};

}  // namespace

void register_evaluate_images(CLI::App& app, int& exit_code) {
  CLI::App& evaluate = *app.add_subcommand("evaluate", "measure");
  evaluate.require_subcommand(1);
  CLI::App& images = *evaluate.add_subcommand("images", "pictures of models beside each other: category, colour, availability, CLIPScore, KID");
  auto verb = std::make_shared<EvaluateImagesVerb>(images);
  images.add_option("SET", verb->set, "class folders with validation/<class>/: the real pictures");
  verb->options.keep_whole("model");
  verb->options.add(verb->files);
  verb->options.add(verb->config);
  verb->options.add_common(verb->common, {.engine = "torch", .dtypes = {"auto", "float32", "bfloat16"}, .gpu = true});
  images.callback([verb, &exit_code] {
    if (verb->options.resolve()) return;
    VerbOptions::require(!verb->set.empty(), "SET");
    VerbOptions::require(!verb->files.output.empty(), "--output");
    VerbOptions::require(!verb->config.model.empty(), "--model");
    VerbOptions::require(!verb->config.probe.empty(), "--probe");
    set_threads(verb->common.threads);
    recipes::evaluate_images(verb->set, verb->files.output, verb->config, parse_device(verb->common.device).str());
    exit_code = kDone;
  });
}

}  // namespace vitrine::apps
