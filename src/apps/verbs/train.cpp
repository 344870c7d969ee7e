// vitrine train copy - a copy model from curated pairs.
#include <memory>

#include "apps/command_line.h"
#include "apps/device.h"
#include "apps/verbs.h"
#include "recipes/train_copy.h"

namespace vitrine::apps {
namespace {

struct TrainCopyVerb {
  CommonOptions common;
  recipes::TrainCopyConfig config;
  std::string data, validation, output;
  std::unique_ptr<ConfigOptions> options;
};

}  // namespace

void register_train(CLI::App& app, int&) {
  auto& train = *app.add_subcommand("train", "train a model");
  train.require_subcommand(1);
  auto state = std::make_shared<TrainCopyVerb>();
  auto& verb = *train.add_subcommand("copy", "GPT-2-class copy model, from scratch or from --init: a copy model or a public GPT-2");
  verb.add_option("DATA", state->data, "folder with train.jsonl, or a file of pairs")->required();
  verb.add_option("--output", state->output, "model directory")->required();
  verb.add_option("--validation", state->validation, "pairs for the validation loss; default: a share of DATA");
  state->options = std::make_unique<ConfigOptions>(verb, state->config);
  add_common_options(verb, state->common);
  verb.callback([state] {
    if (state->options->resolve(state->common)) return;
    set_threads(state->common.threads);
    recipes::train_copy(state->data, state->validation, state->output, state->config, parse_device(state->common.device).str());
  });
}

}  // namespace vitrine::apps
