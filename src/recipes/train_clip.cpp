#include "recipes/train_clip.h"

#include <ATen/ATen.h>

#include <cmath>
#include <memory>

#include "base/artefact.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/random.h"
#include "models/clip/module.h"
#include "models/clip/preprocess.h"
#include "recipes/captioned_pictures.h"
#include "text/clip_bpe_trainer.h"
#include "text/tokenizer.h"
#include "train/caption_ids.h"
#include "train/clip_objective.h"
#include "train/compute_type.h"
#include "train/picture_tensors.h"
#include "train/run_folder.h"
#include "train/step_trainer.h"

namespace vitrine::recipes {
namespace {

namespace fs = std::filesystem;

constexpr const char* kVerb = "train clip";
constexpr std::string_view kFiles[] = {"config.json", "model.safetensors", "preprocessor_config.json", "vocab.json", "merges.txt", "vocab.txt", "tokenizer.json",
                                       "added_tokens.json", "special_tokens_map.json", "tokenizer_config.json", "train.jsonl", "run.html", kManifestName};
constexpr ArtefactKind kClipKind{"clip", kFiles};
constexpr double kSpare = 1.12;  // pictures are read so much larger than what CLIP sees

struct Sets {
  CaptionedPictures training, validation;
};

Sets load_sets(const fs::path& data, const TrainClipConfig& config, int64_t image_size) {
  const auto side = static_cast<int64_t>(std::lround(kSpare * static_cast<double>(image_size)));
  const train::PictureSize size{side, side, /*stretch=*/true};
  return {CaptionedPictures(data, {"train", config.language, config.licence}, size), CaptionedPictures(data, {"validation", config.language, config.licence}, size)};
}

/// The tokenizer of the run lies in `folder`: that of the CLIP it goes on from, or one learned from the captions.
void make_tokenizer(const fs::path& folder, const CaptionedPictures& training, const TrainClipConfig& config) {
  fs::remove_all(folder);
  fs::create_directories(folder);
  if (!config.init.empty()) {
    text::save_tokenizer(folder, text::read_tokenizer_spec(config.init));
    return;
  }
  const std::vector<std::string> captions = training.all_captions();
  text::ClipBpeConfig words;
  words.vocab_size = static_cast<int>(config.vocab_size);
  words.model_max_length = config.text_positions;
  text::save_tokenizer(folder, text::train_clip_bpe(captions, words));
}

models::ClipModel first_model(const TrainClipConfig& config, int64_t vocab_tokens, const models::TensorUse& use) {
  if (!config.init.empty()) return models::ClipModel::load(config.init, use);
  return models::ClipModel::random(config.model(vocab_tokens), RandomKey(static_cast<uint64_t>(config.train.seed)).fold_in("weights"), use);
}

models::ClipPreprocess preprocess_of(const TrainClipConfig& config) {
  if (!config.init.empty()) return models::read_clip_preprocess(config.init, models::read_clip_config(config.init).vision.image_size);
  models::ClipPreprocess preprocess;
  preprocess.size = preprocess.crop_size = config.image_size;
  preprocess.keep_ratio = false;  // a garment is seen whole
  return preprocess;
}

train::CaptionedPixels captioned(const CaptionedPictures& set, const text::Tokenizer& tokenizer, int64_t length, double balance) {
  return {.pixels = set.pictures().pixels, .weights = set.weights(balance), .input_ids = [&set, &tokenizer, length](size_t row, RandomKey key) {
            return train::caption_ids(tokenizer, set.caption(row, key), length);
          }};
}

/// Held-out pictures by their whole captions.
train::CaptionedPixels whole(const CaptionedPictures& set, const text::Tokenizer& tokenizer, int64_t length) {
  return {.pixels = set.pictures().pixels, .weights = {}, .input_ids = [&set, &tokenizer, length](size_t row, RandomKey) {
            return train::caption_ids(tokenizer, set.whole_caption(row), length);
          }};
}

void save(const models::ClipModel& model, const models::ClipPreprocess& preprocess, const TrainClipConfig& config, const CaptionedPictures& training,
          const train::StepTrainResult& result, const fs::path& tokenizer_dir, const fs::path& folder) {
  const auto dtype = config.save_dtype == "float32" ? models::ComputeType::float32 : models::ComputeType::bfloat16;
  model.save(folder, dtype, {{"data_sha256", training.pictures().sha256}, {"data_licence", training.licence()}});
  write_file_atomic(folder / "preprocessor_config.json", dump_pretty(models::to_json(preprocess)));
  fs::copy(tokenizer_dir, folder, fs::copy_options::recursive);
  Json metrics = Json::object();
  for (const auto& [name, value] : result.validations.back().measures) metrics[name] = value;
  Json manifest = manifest_of(kClipKind);
  manifest.update({{"settings", config_to_json(config)},
                   {"data", {{"sha256", training.pictures().sha256}, {"licence", training.licence()}, {"pictures", training.size()}}},
                   {"metrics", metrics},
                   {"seconds", result.seconds}});
  write_file_atomic(folder / kManifestName, dump_pretty(manifest));
}

}  // namespace

void TrainClipConfig::validate() const {
  check_config(*this, kVerb);
  train.validate();
  if (init.empty()) models::validate(model(vocab_size), kVerb);
}

models::ClipConfig TrainClipConfig::model(int64_t vocab_tokens) const {
  models::ClipTextConfig words;
  words.vocab_size = vocab_tokens;
  words.hidden_size = text_width;
  words.intermediate_size = 4 * text_width;
  words.projection_dim = projection_dim;
  words.num_hidden_layers = text_layers;
  words.num_attention_heads = std::max<int64_t>(1, text_width / attention_head_size);
  words.max_position_embeddings = text_positions;
  words.bos_token_id = vocab_tokens - 2;
  words.eos_token_id = words.pad_token_id = vocab_tokens - 1;
  models::ClipVisionConfig vision;
  vision.hidden_size = vision_width;
  vision.intermediate_size = 4 * vision_width;
  vision.projection_dim = projection_dim;
  vision.num_hidden_layers = vision_layers;
  vision.num_attention_heads = std::max<int64_t>(1, vision_width / attention_head_size);
  vision.image_size = image_size;
  vision.patch_size = patch_size;
  models::ClipConfig config;
  config.text = words;
  config.vision = vision;
  config.projection_dim = projection_dim;
  return config;
}

bool train_clip(const fs::path& data, const std::string& output, const TrainClipConfig& config, const std::string& device_name) {
  const at::Device device(device_name);
  config.validate();
  const fs::path place = require_artefact_place(kVerb, output, kClipKind);
  train::RunFolder run(kVerb, place.string() + ".run");
  const models::ClipPreprocess preprocess = preprocess_of(config);
  const Sets sets = load_sets(data, config, preprocess.crop_size);
  const fs::path tokenizer_dir = run.model() / "tokenizer";
  make_tokenizer(tokenizer_dir, sets.training, config);
  const auto tokenizer = text::load_tokenizer(tokenizer_dir);
  const auto compute = train::compute_type(config.train.dtype, at::empty({0}, at::TensorOptions().device(device)));
  models::ClipModel model = first_model(config, tokenizer->vocab_size(),
                                        {.trained = true, .dtype = compute == models::ComputeType::bfloat16 ? at::kBFloat16 : at::kFloat, .device = device});
  log_info("CLIP: ", model.tensors().parameters().numel(), " parameters; ", sets.training.size(), " pictures, ", sets.validation.size(), " held out; vocabulary ",
           tokenizer->vocab_size());
  const int64_t length = models::max_tokens_of(model.config().text);
  train::ClipObjective objective(model, preprocess, captioned(sets.training, *tokenizer, length, config.balance), whole(sets.validation, *tokenizer, length),
                                 {{"pictures", sets.training.pictures().sha256}, {"tokenizer", tokenizer->sha256()}, {"language", config.language}, {"balance", config.balance}});
  const train::StepTrainResult result = train::train_steps(objective, config.train, run.path(), "clip");
  if (!result.complete) {
    log_info("stopped by the limit, state saved in ", run.path().string(), "; the same command goes on");
    return false;
  }
  ArtefactFolder finished(place, kClipKind);
  save(model, preprocess, config, sets.training, result, tokenizer_dir, finished.path());
  for (const char* name : {"train.jsonl", "run.html"}) fs::copy_file(run.path() / name, finished.path() / name);
  finished.commit();
  run.remove();
  log_info("saved ", output);
  return true;
}

}  // namespace vitrine::recipes
