// vitrine train copy|tagger|ranker - a copy model from curated pairs, a tagger from products with copy, a ranking model from
// preference pairs.
// vitrine train text-encoder|lora|dreambooth|textual-inversion|base|clip|probe|vae - picture models from picture sets.
#include <memory>

#include "apps/command_line.h"
#include "apps/device.h"
#include "apps/verbs.h"
#include "recipes/train_base.h"
#include "recipes/train_clip.h"
#include "recipes/train_copy.h"
#include "recipes/train_probe.h"
#include "recipes/train_ranker.h"
#include "recipes/train_tagger.h"
#include "recipes/train_vae.h"
#include "recipes/tune_pictures.h"

namespace vitrine::apps {
namespace {

struct Files {
  std::string validation, output;

  void describe(FieldVisitor& v) {
    v.field("output", output, "model directory");
    v.field("validation", validation, "pairs for the validation loss; default: a share of DATA");
  }
};

template <typename Config>
struct TrainVerb {
  explicit TrainVerb(CLI::App& app) : options(app) {}
  CommonOptions common;
  Config config;
  Files files;
  std::string data;
  VerbOptions options;
};

/// One object of `train`; run: bool(data, validation, output, config, device), false = rows were rejected.
template <typename Config, typename Run>
void add_train(CLI::App& train, const char* name, const char* help, const char* data_help, int& exit_code, Run run) {
  auto& verb = *train.add_subcommand(name, help);
  auto state = std::make_shared<TrainVerb<Config>>(verb);
  verb.add_option("DATA", state->data, data_help);
  state->options.add(state->files);
  state->options.add(state->config);
  state->options.add_common(state->common, {.engine = "torch", .dtypes = {"auto", "float32", "bfloat16"}, .gpu = true});
  verb.callback([state, run, &exit_code] {
    if (state->options.resolve()) return;
    VerbOptions::require(!state->data.empty(), "DATA");
    VerbOptions::require(!state->files.output.empty(), "--output");
    set_threads(state->common.threads);
    state->config.given = state->options.given();
    const bool all_read = run(state->data, state->files.validation, state->files.output, state->config,
                              parse_device(state->common.device).str());
    exit_code = all_read ? kDone : kSomeRejected;
  });
}

struct PictureFiles {
  std::string output;

  void describe(FieldVisitor& v) { v.field("output", output, "model directory"); }
};

template <typename Config>
struct PictureVerb {
  explicit PictureVerb(CLI::App& app) : options(app) {}
  CommonOptions common;
  Config config;
  PictureFiles files;
  std::string data;
  VerbOptions options;
};

/// One object of `train` on pictures; run: bool(data, output, config, device), false = stopped by its limits.
template <typename Config, typename Run>
void add_picture_train(CLI::App& train, const char* name, const char* help, const char* data_help, int& exit_code, Run run) {
  auto& verb = *train.add_subcommand(name, help);
  auto state = std::make_shared<PictureVerb<Config>>(verb);
  verb.add_option("DATA", state->data, data_help);
  for (const char* field : {"sample_prompts", "drift_prompts", "reward_prompts"}) state->options.keep_whole(field);  // prompts have commas
  state->options.add(state->files);
  state->options.add(state->config);
  state->options.add_common(state->common, {.engine = "torch", .dtypes = {"auto", "float32", "bfloat16"}, .gpu = true});
  verb.callback([state, run, &exit_code] {
    if (state->options.resolve()) return;
    VerbOptions::require(!state->data.empty(), "DATA");
    VerbOptions::require(!state->files.output.empty(), "--output");
    set_threads(state->common.threads);
    const bool is_finished = run(state->data, state->files.output, state->config, parse_device(state->common.device).str());
    exit_code = is_finished ? kDone : kInterrupted;
  });
}

}  // namespace

void register_train(CLI::App& app, int& exit_code) {
  auto& train = *app.add_subcommand("train", "train a model");
  train.require_subcommand(1);
  add_train<recipes::TrainCopyConfig>(train, "copy", "GPT-2-class copy model, from scratch or from --init: a copy model or a public GPT-2",
                                      "folder with train.jsonl, or a file of pairs", exit_code, &recipes::train_copy);
  add_train<recipes::TrainTaggerConfig>(train, "tagger", "BERT-style tagger of highlights and evidence, from scratch or from --init",
                                        "folder with train.jsonl, or a file of products with copy", exit_code, &recipes::train_tagger);
  add_train<recipes::TrainRankerConfig>(train, "ranker", "ranking model of texts, from --init: a copy model or a ranking model, or from scratch",
                                        "file of preference pairs or ranked lists", exit_code, &recipes::train_ranker);
  const char* set_help = "picture set with captions, or with classes of which captions are made";
  add_picture_train<recipes::TrainTextEncoderConfig>(train, "text-encoder", "tune the text encoder of a Stable Diffusion model; UNet and VAE stay as they are",
                                                     set_help, exit_code, &recipes::train_text_encoder);
  add_picture_train<recipes::TrainLoraConfig>(train, "lora", "low-rank adapters of a Stable Diffusion model", set_help, exit_code, &recipes::train_lora);
  add_picture_train<recipes::TrainDreamboothConfig>(train, "dreambooth", "teach a Stable Diffusion model one thing from few pictures",
                                                    "folder of pictures of the thing", exit_code, &recipes::train_dreambooth);
  add_picture_train<recipes::TrainTextualInversionConfig>(train, "textual-inversion", "teach the text encoder a new word from few pictures",
                                                          "folder of pictures of the thing", exit_code, &recipes::train_textual_inversion);
  add_picture_train<recipes::TrainBaseConfig>(train, "base", "small Stable Diffusion from scratch, on a VAE of train vae",
                                              set_help, exit_code, &recipes::train_base);
  add_picture_train<recipes::TrainClipConfig>(train, "clip", "CLIP of pictures and captions, from scratch or from --init", set_help, exit_code, &recipes::train_clip);
  add_picture_train<recipes::TrainProbeConfig>(train, "probe", "classifier of product pictures, which generated ones are measured with",
                                               "folder with train/<class>/ and validation/<class>/", exit_code, &recipes::train_probe);
  add_picture_train<recipes::TrainVaeConfig>(train, "vae", "VAE of a picture model of one's own, from scratch", "folder of pictures, maybe with train/ and validation/",
                                             exit_code, &recipes::train_vae);
}

}  // namespace vitrine::apps
