#include "recipes/tune_pictures.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <numeric>
#include <optional>

#include "base/artefact.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/progress.h"
#include "diffusion/noise_schedule.h"
#include "diffusion/pipeline.h"
#include "models/clip/config.h"
#include "models/probe/config.h"
#include "recipes/caption_head.h"
#include "recipes/captioned_pictures.h"
#include "recipes/general_prompts.h"
#include "recipes/picture_judges.h"
#include "recipes/picture_learner.h"
#include "recipes/picture_model.h"
#include "recipes/prompt_drawer.h"
#include "recipes/reward_pictures.h"
#include "recipes/training_rows.h"
#include "recipes/tuning_set.h"
#include "train/caption_batch.h"
#include "train/caption_contrast.h"
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

constexpr const char* kTextVerb = "train text-encoder";
constexpr std::string_view kModelFiles[] = {"model_index.json", "scheduler", "text_encoder", "tokenizer", "unet", "vae", kTextProjectionFile, "train.jsonl", "run.html", kManifestName};
constexpr std::string_view kLoraFiles[] = {"lora.safetensors", "lora", "train.jsonl", "run.html", kManifestName};
constexpr std::string_view kEmbeddingFiles[] = {"learned_embeds.safetensors", "train.jsonl", "run.html", kManifestName};
constexpr ArtefactKind kModelKind{"sd", kModelFiles};
constexpr ArtefactKind kLoraKind{"sd-lora", kLoraFiles};
constexpr ArtefactKind kEmbeddingKind{"sd-embedding", kEmbeddingFiles};
constexpr size_t kSamplePrompts = 12;
constexpr size_t kFitted = 1024;  // pictures at most that a head is fitted on

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
  const TrainTextEncoderConfig* text = nullptr;  // of the text encoder's own way
  const TrainDreamboothConfig* prior = nullptr;
};

/// Pictures that the model has drawn, beside those of the set.
struct DrawnPictures {
  at::Tensor latents;                 // [D, C, h, w]
  std::vector<std::string> captions;  // [D]
  double own_weight = 1, weight = 1;  // how often pictures of the set and these are drawn, all together
};

Json judges_sha256(const PictureJudgesConfig& judges) {
  const auto hash = [](const std::string& dir) { return dir.empty() ? Json() : Json(model_sha256(dir)); };
  return {{"clip", hash(judges.clip)}, {"probe", hash(judges.probe)}};
}

/// The size in force, which may be the model's own: `draw` takes it from vitrine.json.
Json settings_with_size(Json settings, const train::PictureSize& size) {
  settings["width"] = size.width;
  settings["height"] = size.height;
  return settings;
}

/// One run: the model, what learns, the sets; in the order they are needed.
class TuneRun {
 public:
  TuneRun(const Way& way, const fs::path& data, const fs::path& run_dir, const at::Device& device)
      : way_(way), run_dir_(run_dir), model_(load_model_to_tune(way.config.model, way.config.train.dtype, device)), cut_(cut_size(way.config, *model_)),
        sets_(load_tuning_set(data, way.config, cut_, /*plain=*/way.caption != nullptr)), learner_(way.make_learner(*model_, sets_.all)) {
    if (rewards()) make_pool();
    log_info(way.verb, ": ", learner_->parameters().numel(), " parameters learn; ", sets_.training.size(), " pictures, ", sets_.validation.size(), " to measure with");
  }

  train::StepTrainResult operator()() {
    make_drift();
    make_contrast();
    train::DiffusionNetworks networks{model_->files.settings.unet, nn::TensorScope(learner_->unet()),
                                      [this](const at::Tensor& ids) { return learner_->text_states(ids); }, diffusion::NoiseSchedule(model_->scheduler),
                                      model_->scheduler.prediction_type};
    train::CaptionedLatents training = captioned(sets_.training, {cut_, way_.config.shifts, true}, "training.safetensors");
    training.weights = training_weights();
    if (way_.prior != nullptr && way_.prior->class_pictures > 0) add_drawn(training, class_pictures());
    if (rewards()) add_drawn(training, rewarded_pictures());
    train::DiffusionObjective objective(networks, learner_->parameters(), std::move(training), captioned(sets_.validation, {cut_, 1, false}, "validation.safetensors"),
                                        way_.config.loss, hooks());
    return train::train_steps(objective, way_.config.train, run_dir_, way_.verb);
  }

  const LoadedModel& model() const { return *model_; }
  const PictureLearner& learner() const { return *learner_; }
  const CaptionedPictures& pictures() const { return sets_.all; }
  const train::PictureSize& cut() const { return cut_; }
  size_t num_training() const { return sets_.training.size(); }
  /// What the drawing of rewarded pictures says of itself; null where there are none.
  const Json& reward_report() const { return reward_report_; }

 private:
  bool rewards() const { return way_.text != nullptr && way_.text->is_reward(); }
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

  std::vector<double> training_weights() const {
    const std::vector<double> all = sets_.all.weights(way_.config.balance);
    std::vector<double> weights;
    for (const int64_t row : sets_.training) weights.push_back(all[static_cast<size_t>(row)]);
    return weights;
  }

  /// Behind the pictures of the set.
  void add_drawn(train::CaptionedLatents& set, DrawnPictures drawn) const {
    const auto own = static_cast<size_t>(set.latents.size(0)), count = static_cast<size_t>(drawn.latents.size(0));
    const double sum = std::accumulate(set.weights.begin(), set.weights.end(), 0.0);
    for (double& weight : set.weights) weight *= drawn.own_weight / sum;
    set.weights.insert(set.weights.end(), count, drawn.weight / static_cast<double>(count));
    set.latents = at::cat({set.latents, drawn.latents.unsqueeze(1).expand({-1, set.latents.size(1), -1, -1, -1})});  // [N + D, K, C, h, w]
    set.input_ids = [this, inner = set.input_ids, own, captions = std::move(drawn.captions)](size_t i, RandomKey key) {
      return i < own ? inner(i, key) : ids(captions[i - own]);
    };
  }

  diffusion::SamplingConfig sampling() const {
    return {.width = cut_.width, .height = cut_.height, .num_inference_steps = std::max<int64_t>(1, way_.config.sample_steps),
            .guidance_scale = way_.config.sample_guidance_scale};
  }
  uint64_t seed() const { return static_cast<uint64_t>(way_.config.train.seed); }

  /// Pictures of the class that the model as it is draws, to keep it (Ruiz et al. 2022, arXiv 2208.12242).
  DrawnPictures class_pictures() const {
    const TrainDreamboothConfig& prior = *way_.prior;
    PromptDrawer drawer(learner_->networks(), learner_->tokenizer(), model_->scheduler, sampling());
    std::vector<at::Tensor> latents;
    Progress bar("pictures of the class", static_cast<uint64_t>(prior.class_pictures), "pictures");
    for (int64_t i = 0; i < prior.class_pictures; ++i) {
      latents.push_back(drawer.latents(prior.class_prompt, seeds_in_row(seed(), i, 1)));
      bar.advance();
    }
    return {at::cat(latents), std::vector<std::string>(latents.size(), prior.class_prompt), 1, prior.prior_weight};
  }

  void make_pool() {
    judges_.emplace(way_.text->judges.clip, way_.text->judges.probe, model_->device.str());
    pool_ = reward_pool(sets_.all, sets_.training, way_.text->reward, *judges_).training;
  }

  /// The best of the pictures that the model as it is draws, by the judges.
  DrawnPictures rewarded_pictures() {
    const RewardConfig& config = way_.text->reward;
    PromptDrawer drawer(learner_->networks(), learner_->tokenizer(), model_->scheduler, sampling());
    const std::string content = concat(Json(model_->sha256).dump(), learner_->tokenizer().sha256(), judges_->description().dump(), cut_.width, "x", cut_.height, " ",
                                       way_.config.sample_steps, " ", way_.config.sample_guidance_scale, " ", way_.config.train.dtype);
    const RewardDrawer draw(drawer, *judges_, {run_dir_ / "cache" / "drawn", content});
    BestPictures best = best_pictures(draw, pool_, config, seed());
    reward_report_ = std::move(best.report);
    log_info(way_.verb, ": the best of each prompt: ", reward_report_.dump());
    return {std::move(best.latents), std::move(best.captions), config.real_share, 1 - config.real_share};
  }

  void make_drift() {
    if (way_.text == nullptr) return;
    const TextDriftConfig& config = way_.text->drift;
    const std::vector<std::string> prompts = config.prompts.empty() ? general_prompts() : config.prompts;
    const auto states = [this](const at::Tensor& input_ids) { return learner_->text_states(input_ids); };
    const at::Tensor tokens = prompt_ids(learner_->tokenizer(), prompts, max_tokens()).to(model_->device);
    const at::NoGradGuard no_grad;
    drift_.emplace(tokens, config.base.empty() ? states(tokens) : states_of_prompts_at(config.base, prompts, *model_), states, config.drift);
  }

  train::FeaturedCaptions featured(const at::Tensor& features, const std::vector<int64_t>& rows, std::vector<double> weights) const {
    return {features.index_select(0, at::tensor(rows, at::kLong)), std::move(weights), [this, rows](size_t i, RandomKey key) {
              return ids(caption(static_cast<size_t>(rows[i]), key));
            }};
  }

  void make_contrast() {
    models::TextEncoder* encoder = learner_->encoder_with_head();
    if (encoder == nullptr) return;
    const at::Tensor features = clip_picture_features(way_.text->judges.clip, sets_.all.pictures(), model_->device, run_dir_ / "cache" / "features.safetensors");
    const std::vector<int64_t> fitted(sets_.training.begin(), sets_.training.begin() + static_cast<std::ptrdiff_t>(std::min(kFitted, sets_.training.size())));
    std::vector<std::vector<int32_t>> captions;
    for (const int64_t row : fitted) captions.push_back(ids(sets_.all.whole_caption(static_cast<size_t>(row))));
    fit_head(*encoder, train::ids_tensor(captions), features.index_select(0, at::tensor(fitted, at::kLong)));
    const train::CaptionHead head{[encoder, device = model_->device](const at::Tensor& input_ids) { return encoder->caption_features(input_ids.to(device)); },
                                  [encoder] { return encoder->logit_scale(); }};
    contrast_.emplace(featured(features, sets_.training, training_weights()), featured(features, sets_.validation, {}), head, way_.text->contrast);
  }

  /// What a step learns beside the noise.
  at::Tensor more_loss(RandomKey key) const {
    at::Tensor loss = drift_->loss(key);
    if (!contrast_) return loss;
    const at::Tensor contrast = contrast_->loss(key.fold_in("contrast"));
    return loss.defined() ? loss + contrast : contrast;
  }

  train::DiffusionHooks hooks() {
    train::DiffusionHooks hooks;
    hooks.weights_changed = [this] { learner_->weights_changed(); };
    if (way_.config.sample_steps > 0) hooks.sample_png = [this] { return sample_sheet(); };
    if (drift_) {
      hooks.more_loss = [this](RandomKey key) { return more_loss(key); };
      hooks.more_measures = [this] { return train::Measures{{"likeness to the base (cosine)", drift_->cosine()}}; };
      hooks.alarm = [this] { return drift_->alarm(); };
    }
    if (contrast_) {
      hooks.weight = way_.text->contrast.diffusion_weight;
      hooks.more_validation = [this] { return contrast_->validate(); };
    }
    hooks.settings = settings_with_size(way_.settings, cut_);
    if (way_.text != nullptr) hooks.settings["judges_sha256"] = judges_sha256(way_.text->judges);
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
                               {.sampling = sampling(), .seed = seed(), .columns = 4, .max_tokens = max_tokens()});
  }

  const Way& way_;
  fs::path run_dir_;
  std::unique_ptr<LoadedModel> model_;
  train::PictureSize cut_;
  TuningSet sets_;
  std::unique_ptr<PictureLearner> learner_;
  std::optional<train::TextDrift> drift_;
  std::optional<train::CaptionContrast> contrast_;
  std::optional<PictureJudges> judges_;
  std::vector<PicturePrompt> pool_;
  Json reward_report_;
};

/// The parts that did not learn, as files of the base.
void copy_base(const LoadedModel& model, const std::vector<std::string>& learned, const fs::path& folder) {
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
                   {"settings", settings_with_size(way.settings, run.cut())},
                   {"base", {{"path", way.config.model}, {"sha256", Json(run.model().sha256)}}},
                   {"data", {{"sha256", run.pictures().pictures().sha256}, {"licence", run.pictures().licence()}, {"pictures", run.num_training()}}},
                   {"metrics", {{"before", first}, {"after", last}}},
                   {"steps", result.steps},
                   {"best_step", result.best_step},
                   {"alarm", result.alarm},
                   {"seconds", result.seconds}});
  if (!run.reward_report().is_null()) manifest["reward"] = run.reward_report();
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

/// Where the result is a whole model, the parts that do not learn are taken over as they are.
void require_parts(const TunePicturesConfig& config, std::string_view verb) {
  if (!fs::is_regular_file(find_picture_model(config.model))) return;
  throw UsageError(concat("[", verb, "] --model: expected a directory, ", config.model,
                          " is a single file, which cannot be taken over part by part; make a directory of it first: vitrine convert sd"));
}

}  // namespace

void TrainTextEncoderConfig::validate() const {
  check_config(*this, kTextVerb);
  validate_common(common, kTextVerb);
  const auto refuse_unless = [](bool is_right, const auto&... parts) {
    if (!is_right) throw UsageError(concat("[", kTextVerb, "] ", parts...));
  };
  refuse_unless(judges.clip.empty() || is_contrastive() || is_reward(), "--clip: has no say with objective ", objective);
  refuse_unless(judges.probe.empty() || is_reward(), "--probe: has no say with objective ", objective);
  refuse_unless(!is_contrastive() || !judges.clip.empty(), "--clip: objective contrastive compares with the picture side of a CLIP, none is given");
  refuse_unless(!is_reward() || !judges.clip.empty() || !judges.probe.empty(), "--clip, --probe: objective reward needs a judge, none is given");
  require_parts(common, kTextVerb);
  if (!judges.clip.empty()) models::read_clip_config(judges.clip);
  if (!judges.probe.empty()) models::read_probe_config(judges.probe);
}

void TrainLoraConfig::validate() const {
  check_config(*this, "train lora");
  validate_common(common, "train lora");
}

void TrainDreamboothConfig::validate() const {
  check_config(*this, "train dreambooth");
  validate_common(common, "train dreambooth");
  VITRINE_REQUIRE(!instance_prompt.empty(), "[train dreambooth] instance_prompt: no prompt given");
  require_parts(common, "train dreambooth");
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
  Way way{kTextVerb, kModelKind, config.common, config_to_json(config),
          [&](const LoadedModel& model, const CaptionedPictures& pictures) { return make_text_encoder_learner(model, config, pictures.all_captions()); }};
  way.text = &config;
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
