#include "recipes/tune_pictures.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <optional>

#include "base/artefact.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/resource.h"
#include "diffusion/noise_schedule.h"
#include "diffusion/pipeline.h"
#include "diffusion/prompt_encoder.h"
#include "diffusion/scheduler.h"
#include "recipes/captioned_pictures.h"
#include "recipes/picture_learner.h"
#include "train/caption_ids.h"
#include "train/diffusion_objective.h"
#include "train/latent_cache.h"
#include "train/picture_tensors.h"
#include "train/run_folder.h"
#include "train/sample_sheet.h"
#include "train/step_trainer.h"
#include "train/text_drift.h"

namespace vitrine::recipes {
namespace {

namespace fs = std::filesystem;

constexpr double kSpare = 1.08;  // pictures are read so much larger than their cuts
constexpr std::string_view kModelFiles[] = {"model_index.json", "scheduler", "text_encoder", "tokenizer", "unet", "vae", "train.jsonl", "run.html", kManifestName};
constexpr std::string_view kLoraFiles[] = {"lora.safetensors", "lora", "train.jsonl", "run.html", kManifestName};
constexpr std::string_view kEmbeddingFiles[] = {"learned_embeds.safetensors", "train.jsonl", "run.html", kManifestName};
constexpr ArtefactKind kModelKind{"sd", kModelFiles};
constexpr ArtefactKind kLoraKind{"sd-lora", kLoraFiles};
constexpr ArtefactKind kEmbeddingKind{"sd-embedding", kEmbeddingFiles};
constexpr size_t kHeldOut = 20;     // one picture in so many is held out of a set without splits
constexpr size_t kSamplePrompts = 12;

using Caption = std::function<std::string(size_t row, RandomKey key)>;

/// What differs between the ways of tuning.
struct Way {
  std::string verb;  // "train lora"
  ArtefactKind kind;
  const TunePicturesConfig& config;
  Json settings;     // all of the way's own
  std::function<std::unique_ptr<PictureLearner>(const LoadedModel&, const CaptionedPictures&)> make_learner;
  Caption caption = {};                     // in place of the set's captions
  std::vector<std::string> prompts = {};    // in place of the set's sample prompts
  const TrainTextEncoderConfig* drift = nullptr;
  const TrainDreamboothConfig* prior = nullptr;
};

struct Sets {
  CaptionedPictures all;
  std::vector<int64_t> training, validation;  // rows
};

train::PictureSize size_of(const TunePicturesConfig& config, const LoadedModel& model) {
  const int64_t step = model.files.settings.vae.downscale();
  const int64_t own = model.files.settings.unet.sample_size * step;
  const train::PictureSize size{config.width > 0 ? config.width : own, config.height > 0 ? config.height : own};
  VITRINE_REQUIRE(size.width % step == 0 && size.height % step == 0, "[train] width and height: expected multiples of ", step, ", got ", size.width, "x", size.height);
  return size;
}

Sets load_sets(const fs::path& data, const TunePicturesConfig& config, const train::PictureSize& cut, bool plain) {
  const auto larger = [](int64_t side) { return static_cast<int64_t>(std::lround(kSpare * static_cast<double>(side))); };
  Sets sets{CaptionedPictures(data, {"", config.language, config.licence, plain}, {larger(cut.width), larger(cut.height)}), {}, {}};
  const bool has_splits = sets.all.has_split("train") && sets.all.has_split("validation");
  for (size_t row = 0; row < sets.all.size(); ++row) {
    const bool is_held_out = has_splits ? sets.all.split(row) == "validation" : row % kHeldOut == kHeldOut - 1;
    if (has_splits && !is_held_out && sets.all.split(row) != "train") continue;
    (is_held_out ? sets.validation : sets.training).push_back(static_cast<int64_t>(row));
  }
  if (sets.validation.empty()) sets.validation = {sets.training.front()};
  return sets;
}

/// One run: the model, what learns, the sets; in the order they are needed.
class TuneRun {
 public:
  TuneRun(const Way& way, const fs::path& data, const fs::path& run_dir, const at::Device& device)
      : way_(way), run_dir_(run_dir), model_(load_model_to_tune(way.config.model, way.config.train.dtype, device)), cut_(size_of(way.config, *model_)),
        sets_(load_sets(data, way.config, cut_, /*plain=*/way.caption != nullptr)), learner_(way.make_learner(*model_, sets_.all)) {
    log_info(way.verb, ": ", learner_->parameters().numel(), " parameters learn; ", sets_.training.size(), " pictures, ", sets_.validation.size(), " to measure with");
  }

  train::StepTrainResult operator()() {
    make_drift();
    train::DiffusionNetworks networks{model_->files.settings.unet, nn::TensorScope(learner_->unet()),
                                      [this](const at::Tensor& ids) { return learner_->text_states(ids); }, diffusion::NoiseSchedule(model_->scheduler),
                                      model_->scheduler.prediction_type};
    train::CaptionedLatents training = captioned(sets_.training, {cut_, way_.config.shifts, true}, "training.safetensors");
    if (way_.prior != nullptr && way_.prior->class_pictures > 0) add_prior(training);
    training.weights = training_weights(training.latents.size(0));
    train::DiffusionObjective objective(networks, learner_->parameters(), std::move(training), captioned(sets_.validation, {cut_, 1, false}, "validation.safetensors"),
                                        way_.config.loss, hooks());
    return train::train_steps(objective, way_.config.train, run_dir_, way_.verb);
  }

  const LoadedModel& model() const { return *model_; }
  const PictureLearner& learner() const { return *learner_; }
  const CaptionedPictures& pictures() const { return sets_.all; }
  size_t num_training() const { return sets_.training.size(); }

 private:
  int64_t max_tokens() const { return model_->parts.text_encoder.max_tokens(); }
  std::vector<int32_t> ids(const std::string& caption) const { return train::caption_ids(learner_->tokenizer(), caption, max_tokens()); }

  std::string caption(size_t row, RandomKey key) const { return way_.caption ? way_.caption(row, key) : sets_.all.caption(row, key); }

  train::CaptionedLatents captioned(const std::vector<int64_t>& rows, const train::LatentVariants& variants, const char* file) const {
    train::PictureTensors pictures = sets_.all.pictures();
    const at::Tensor index = at::tensor(rows, at::kLong);
    pictures.pixels = pictures.pixels.index_select(0, index);
    pictures.sha256 = sha256_hex(concat(pictures.sha256, " ", file, " ", rows.size()));
    const nn::TensorScope vae(model_->parts.vae);
    at::Tensor latents = train::cached_latents(pictures, variants, model_->files.settings.vae, vae, model_->sha256.at("vae"), run_dir_ / "cache" / file);
    return {.latents = std::move(latents), .weights = {}, .input_ids = [this, rows](size_t i, RandomKey key) {
              return ids(caption(static_cast<size_t>(rows[i]), key));
            }, .empty_ids = ids("")};
  }

  /// Pictures of the class that the model as it is draws, behind the pictures of the thing (Ruiz et al. 2022, arXiv 2208.12242).
  void add_prior(train::CaptionedLatents& set) const {
    const TrainDreamboothConfig& prior = *way_.prior;
    diffusion::NetworkModels networks(learner_->networks());
    diffusion::PromptEncoder encoder(networks, learner_->tokenizer(), max_tokens());
    const auto scheduler = diffusion::make_noise_scheduler(model_->scheduler);
    const diffusion::SamplingConfig sampling{.width = cut_.width, .height = cut_.height, .num_inference_steps = std::max<int64_t>(1, prior.common.sample_steps),
                                             .guidance_scale = prior.common.sample_guidance_scale};
    std::vector<at::Tensor> latents;
    Progress bar("pictures of the class", static_cast<uint64_t>(prior.class_pictures), "pictures");
    for (int64_t i = 0; i < prior.class_pictures; ++i) {
      const diffusion::SamplingRequest request{.states = encoder.encode(prior.class_prompt, ""),
                                               .noise = {diffusion::PictureNoise(static_cast<uint64_t>(prior.common.train.seed), i)}};
      latents.push_back(diffusion::sample_latents(networks, *scheduler, request, sampling));
      bar.advance();
    }
    const at::Tensor drawn = at::cat(latents).unsqueeze(1).expand({-1, set.latents.size(1), -1, -1, -1});  // [N', K, C, h, w]
    const auto own = static_cast<size_t>(set.latents.size(0));
    set.latents = at::cat({set.latents, drawn});
    set.input_ids = [this, inner = set.input_ids, own, text = ids(prior.class_prompt)](size_t i, RandomKey key) { return i < own ? inner(i, key) : text; };
  }

  /// Of the set's own pictures as `balance` says; those of the class count prior_weight in all, and the thing 1.
  std::vector<double> training_weights(int64_t count) const {
    std::vector<double> all = sets_.all.weights(way_.config.balance), weights;
    double sum = 0;
    for (const int64_t row : sets_.training) sum += weights.emplace_back(all[static_cast<size_t>(row)]);
    const auto drawn = static_cast<size_t>(count) - weights.size();
    if (drawn > 0) weights.insert(weights.end(), drawn, sum * way_.prior->prior_weight / static_cast<double>(drawn));
    return weights;
  }

  void make_drift() {
    if (way_.drift == nullptr) return;
    std::vector<std::string> prompts = way_.drift->drift_prompts;
    if (prompts.empty()) prompts = lines_of(resource_path("rules/pictures/general_prompts.txt"));
    std::vector<int64_t> rows;
    for (const std::string& prompt : prompts) {
      for (const int32_t id : ids(prompt)) rows.push_back(id);
    }
    const at::Tensor tokens = at::tensor(rows, at::kLong).view({static_cast<int64_t>(prompts.size()), -1}).to(model_->device);
    drift_.emplace(tokens, [this](const at::Tensor& input_ids) { return learner_->text_states(input_ids); }, way_.drift->drift);
  }

  static std::vector<std::string> lines_of(const fs::path& file) {
    std::vector<std::string> lines;
    std::string text = read_file(file), line;
    for (size_t begin = 0; begin < text.size();) {
      const size_t end = std::min(text.find('\n', begin), text.size());
      line = text.substr(begin, end - begin);
      if (!line.empty() && line.front() != '#') lines.push_back(line);
      begin = end + 1;
    }
    return lines;
  }

  train::DiffusionHooks hooks() {
    train::DiffusionHooks hooks;
    hooks.weights_changed = [this] { learner_->weights_changed(); };
    if (way_.config.sample_steps > 0) hooks.sample_png = [this] { return sample_sheet(); };
    if (drift_) {
      hooks.more_loss = [this](RandomKey key) { return drift_->loss(key); };
      hooks.more_measures = [this] { return train::Measures{{"likeness to the base (cosine)", drift_->cosine()}}; };
      hooks.alarm = [this] { return drift_->alarm(); };
    }
    hooks.settings = way_.settings;
    hooks.settings["data"] = sets_.all.pictures().sha256;
    hooks.settings["base"] = Json(model_->sha256);
    hooks.settings["tokenizer_sha256"] = learner_->tokenizer().sha256();
    return hooks;
  }

  std::string sample_sheet() const {
    std::vector<std::string> prompts = way_.config.sample_prompts;
    if (prompts.empty()) prompts = way_.prompts;
    if (prompts.empty()) prompts = sets_.all.sample_prompts();
    if (way_.config.sample_prompts.empty() && prompts.size() > kSamplePrompts) prompts.resize(kSamplePrompts);
    diffusion::NetworkModels networks(learner_->networks());
    return train::sample_sheet(networks, learner_->tokenizer(), model_->scheduler, prompts,
                               {.sampling = {.width = cut_.width, .height = cut_.height, .num_inference_steps = way_.config.sample_steps,
                                             .guidance_scale = way_.config.sample_guidance_scale},
                                .seed = static_cast<uint64_t>(way_.config.train.seed), .columns = 4, .max_tokens = max_tokens()});
  }

  const Way& way_;
  fs::path run_dir_;
  std::unique_ptr<LoadedModel> model_;
  train::PictureSize cut_;
  Sets sets_;
  std::unique_ptr<PictureLearner> learner_;
  std::optional<train::TextDrift> drift_;
};

/// The parts that did not learn, as files of the base.
void copy_base(const LoadedModel& model, const std::vector<std::string>& learned, const fs::path& folder) {
  VITRINE_REQUIRE(model.files.layout == models::SdLayout::diffusers, "[train] ", model.files.path.string(),
                  ": a single file cannot be taken over part by part; make a directory of it first: vitrine convert sd");
  for (const char* name : {"model_index.json", "scheduler", "text_encoder", "tokenizer", "unet", "vae"}) {
    if (std::find(learned.begin(), learned.end(), name) != learned.end()) continue;
    fs::copy(model.files.path / name, folder / name, fs::copy_options::recursive);
  }
}

/// What was copied must have the base's hashes.
void require_untouched(const LoadedModel& model, const std::vector<std::string>& learned, const fs::path& folder) {
  const models::StableDiffusionFiles saved = models::open_stable_diffusion(folder);
  for (const models::SdPart part : models::kSdParts) {
    const std::string name(models::name_of(part));
    if (std::find(learned.begin(), learned.end(), name) != learned.end()) continue;
    if (models::part_sha256(saved, part) != model.sha256.at(name)) throw InternalError(concat("[train] ", name, " was to stay as it is and has another hash"));
  }
}

Json manifest_of_run(const Way& way, const TuneRun& run, const train::StepTrainResult& result) {
  Json manifest = manifest_of(way.kind);
  Json first = Json::object(), last = Json::object();
  for (const auto& [name, value] : result.validations.front().measures) first[name] = value;
  for (const train::StepValidation& validation : result.validations) {
    if (validation.step > result.best_step) break;
    for (const auto& [name, value] : validation.measures) last[name] = value;
  }
  manifest.update({{"verb", way.verb},
                   {"settings", way.settings},
                   {"base", {{"path", way.config.model}, {"sha256", Json(run.model().sha256)}}},
                   {"data", {{"sha256", run.pictures().pictures().sha256}, {"licence", run.pictures().licence()}, {"pictures", run.num_training()}}},
                   {"metrics", {{"before", first}, {"after", last}}},
                   {"steps", result.steps},
                   {"best_step", result.best_step},
                   {"alarm", result.alarm},
                   {"seconds", result.seconds}});
  return manifest;
}

void save_artefact(const Way& way, const TuneRun& run, const train::StepTrainResult& result, const fs::path& folder) {
  const std::vector<std::string> learned = run.learner().saved_names();
  const bool is_model = way.kind.name == kModelKind.name;
  if (is_model) copy_base(run.model(), learned, folder);
  const auto dtype = way.config.save_dtype == "float32" ? models::ComputeType::float32 : models::ComputeType::bfloat16;
  run.learner().save({folder, dtype, {{"data_sha256", run.pictures().pictures().sha256}, {"base_sha256", run.model().sha256.at("unet")},
                                      {"data_licence", run.pictures().licence()}}});
  if (is_model) require_untouched(run.model(), learned, folder);
  write_file_atomic(folder / kManifestName, dump_pretty(manifest_of_run(way, run, result)));
}

bool tune(const Way& way, const fs::path& data, const std::string& output, const std::string& device) {
  const fs::path place = require_artefact_place(way.verb, output, way.kind);
  train::RunFolder folder(way.verb, place.string() + ".run");
  TuneRun run(way, data, folder.path(), at::Device(device));
  const train::StepTrainResult result = run();
  if (!result.complete) {
    log_info("stopped by the limit, state saved in ", folder.path().string(), "; the same command goes on");
    return false;
  }
  ArtefactFolder finished(place, way.kind);
  save_artefact(way, run, result, finished.path());
  for (const char* name : {"train.jsonl", "run.html"}) fs::copy_file(folder.path() / name, finished.path() / name);
  finished.commit();
  folder.remove();
  log_info("saved ", output, result.alarm.empty() ? "" : concat(" with the weights of step ", result.best_step, ", before the alarm"));
  return true;
}

void validate_common(const TunePicturesConfig& config, std::string_view verb) {
  VITRINE_REQUIRE(!config.model.empty(), "[", verb, "] model: no Stable Diffusion directory given");
  config.train.validate();
}

}  // namespace

void TrainTextEncoderConfig::validate() const {
  check_config(*this, "train text-encoder");
  validate_common(common, "train text-encoder");
}

void TrainLoraConfig::validate() const {
  check_config(*this, "train lora");
  validate_common(common, "train lora");
}

void TrainDreamboothConfig::validate() const {
  check_config(*this, "train dreambooth");
  validate_common(common, "train dreambooth");
  VITRINE_REQUIRE(!instance_prompt.empty(), "[train dreambooth] instance_prompt: no prompt given");
  VITRINE_REQUIRE(class_pictures == 0 || !class_prompt.empty(), "[train dreambooth] class_prompt: no prompt given for ", class_pictures, " class pictures");
}

void TrainTextualInversionConfig::validate() const {
  check_config(*this, "train textual-inversion");
  validate_common(common, "train textual-inversion");
  VITRINE_REQUIRE(!placeholder_token.empty(), "[train textual-inversion] placeholder_token: no word given");
  VITRINE_REQUIRE(!initializer_token.empty(), "[train textual-inversion] initializer_token: no word given");
}

bool train_text_encoder(const fs::path& data, const std::string& output, const TrainTextEncoderConfig& config, const std::string& device) {
  config.validate();
  Way way{"train text-encoder", kModelKind, config.common, config_to_json(config),
          [&](const LoadedModel& model, const CaptionedPictures& pictures) { return make_text_encoder_learner(model, config, pictures.all_captions()); }};
  way.drift = &config;
  return tune(way, data, output, device);
}

bool train_lora(const fs::path& data, const std::string& output, const TrainLoraConfig& config, const std::string& device) {
  config.validate();
  const Way way{"train lora", kLoraKind, config.common, config_to_json(config),
                [&](const LoadedModel& model, const CaptionedPictures&) { return make_lora_learner(model, config); }};
  return tune(way, data, output, device);
}

bool train_dreambooth(const fs::path& data, const std::string& output, const TrainDreamboothConfig& config, const std::string& device) {
  config.validate();
  Way way{"train dreambooth", kModelKind, config.common, config_to_json(config),
          [&](const LoadedModel& model, const CaptionedPictures&) { return make_dreambooth_learner(model, config); }};
  way.caption = [&](size_t, RandomKey) { return config.instance_prompt; };
  way.prompts = {config.instance_prompt, config.instance_prompt, config.class_prompt, config.class_prompt};
  way.prior = &config;
  return tune(way, data, output, device);
}

bool train_textual_inversion(const fs::path& data, const std::string& output, const TrainTextualInversionConfig& config, const std::string& device) {
  config.validate();
  std::string word = config.placeholder_token;
  for (int64_t i = 1; i < config.num_vectors; ++i) word += concat(" ", config.placeholder_token, "_", i);
  const std::vector<std::string> templates = config.common.language == "en"
                                                 ? std::vector<std::string>{"a photo of ", "a picture of ", "a close-up of ", ""}
                                                 : std::vector<std::string>{"一张照片：", "商品图：", "特写：", ""};
  Way way{"train textual-inversion", kEmbeddingKind, config.common, config_to_json(config),
          [&](const LoadedModel& model, const CaptionedPictures&) { return make_textual_inversion_learner(model, config); }};
  way.caption = [&](size_t, RandomKey key) { return templates[key.below(templates.size(), 0)] + word; };
  way.prompts = {word, word, templates.front() + word, templates.front() + word};
  return tune(way, data, output, device);
}

}  // namespace vitrine::recipes
