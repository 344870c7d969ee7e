// vitrine align copy PRODUCTS --model DIR [--ranker DIR] --output DIR
// vitrine align images DATA --model DIR --clip DIR [--probe DIR] --output DIR
#include <memory>

#include "apps/command_line.h"
#include "apps/device.h"
#include "apps/verbs.h"
#include "generation/dtypes.h"
#include "recipes/align_copy.h"
#include "recipes/align_images.h"

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

struct ImagesFiles {
  std::string output;
  void describe(FieldVisitor& v) { v.field("output", output, "folder for the models of the rounds and the report"); }
};

struct AlignImagesVerb {
  explicit AlignImagesVerb(CLI::App& app) : options(app) {}
  CommonOptions common;
  recipes::AlignImagesConfig config;
  ImagesFiles files;
  std::string data;
  VerbOptions options;
};

void align_images(AlignImagesVerb& verb) {
  if (verb.options.resolve()) return;
  VerbOptions::require(!verb.data.empty(), "DATA");
  VerbOptions::require(!verb.config.common.model.empty(), "--model");
  VerbOptions::require(!verb.files.output.empty(), "--output");
  set_threads(verb.common.threads);
  recipes::align_images(verb.data, verb.files.output, verb.config, parse_device(verb.common.device).str());
}

void register_align_images(CLI::App& align, int& exit_code) {
  CLI::App* images = align.add_subcommand("images", "rounds of draw, judge, tune: the text encoder of a Stable Diffusion model learns from the best of its own pictures");
  auto verb = std::make_shared<AlignImagesVerb>(*images);
  images->add_option("DATA", verb->data, "picture set with captions, or with classes of which captions are made");
  for (const char* field : {"sample_prompts", "drift_prompts", "reward_prompts"}) verb->options.keep_whole(field);  // prompts have commas
  verb->options.add(verb->files);
  verb->options.add(verb->config);
  verb->options.add_common(verb->common, {.engine = "torch", .dtypes = {"auto", "float32", "bfloat16"}, .gpu = true});
  images->callback([verb, &exit_code] {
    align_images(*verb);
    exit_code = kDone;
  });
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
  register_align_images(*align, exit_code);
}

}  // namespace vitrine::apps
