// vitrine train copy - a copy model from curated pairs.
#include <memory>

#include "apps/command_line.h"
#include "apps/device.h"
#include "apps/verbs.h"
#include "recipes/train_copy.h"

namespace vitrine::apps {
namespace {

struct Files {
  std::string validation, output;

  void describe(FieldVisitor& v) {
    v.field("output", output, "model directory");
    v.field("validation", validation, "pairs for the validation loss; default: a share of DATA");
  }
};

struct TrainCopyVerb {
  explicit TrainCopyVerb(CLI::App& app) : options(app) {}
  CommonOptions common;
  recipes::TrainCopyConfig config;
  Files files;
  std::string data;
  VerbOptions options;
};

}  // namespace

void register_train(CLI::App& app, int& exit_code) {
  auto& train = *app.add_subcommand("train", "train a model");
  train.require_subcommand(1);
  auto& verb = *train.add_subcommand("copy", "GPT-2-class copy model, from scratch or from --init: a copy model or a public GPT-2");
  auto state = std::make_shared<TrainCopyVerb>(verb);
  verb.add_option("DATA", state->data, "folder with train.jsonl, or a file of pairs");
  state->options.add(state->files);
  state->options.add(state->config);
  state->options.add_common(state->common, {.engine = "torch", .dtypes = {"float32", "bfloat16"}, .gpu = true});
  verb.callback([state, &exit_code] {
    if (state->options.resolve()) return;
    VerbOptions::require(!state->data.empty(), "DATA");
    VerbOptions::require(!state->files.output.empty(), "--output");
    set_threads(state->common.threads);
    state->config.given = state->options.given();
    const bool all_read = recipes::train_copy(state->data, state->files.validation, state->files.output, state->config, parse_device(state->common.device).str());
    exit_code = all_read ? kDone : kSomeRejected;
  });
}

}  // namespace vitrine::apps
