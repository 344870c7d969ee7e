#include "recipes/train_base.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>

#include "base/artefact.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "copywriting/copy_model.h"
#include "diffusion/network_models.h"
#include "models/diffusers_files.h"
#include "models/initialize_pictures.h"
#include "models/stable_diffusion/files.h"
#include "models/stable_diffusion/model_index.h"
#include "models/tensor_files.h"
#include "models/text_encoder.h"
#include "models/unet/weights.h"
#include "models/vae/weights.h"
#include "nn/tensor_scope.h"
#include "recipes/captioned_pictures.h"
#include "recipes/level_channels.h"
#include "text/clip_bpe_trainer.h"
#include "text/tokenizer.h"
#include "train/caption_ids.h"
#include "train/compute_type.h"
#include "train/diffusion_objective.h"
#include "train/latent_cache.h"
#include "train/run_folder.h"
#include "train/sample_sheet.h"
#include "train/step_trainer.h"

namespace vitrine::recipes {
namespace {

namespace fs = std::filesystem;

constexpr const char* kVerb = "train base";
constexpr std::string_view kFiles[] = {"model_index.json", "scheduler", "text_encoder", "tokenizer", "unet", "vae", "train.jsonl", "run.html", kManifestName};
constexpr ArtefactKind kSdKind{"sd", kFiles};
constexpr double kSpare = 1.08;  // pictures are read so much larger than their cuts
constexpr const char* kText = "text_encoder.";
constexpr const char* kUNet = "unet.";

struct FrozenVae {
  models::VaeConfig config;
  std::unique_ptr<nn::FrozenTensors> tensors;
  std::string sha256;
};

std::string vae_sha256(const fs::path& dir) { return sha256_file(dir / concat(models::kDiffusersStem, ".safetensors")); }

FrozenVae load_vae(const std::string& name, at::ScalarType dtype, const at::Device& device) {
  const fs::path dir(name);
  const models::VaeConfig config = models::read_vae_config(dir);
  auto tensors = models::frozen_tensors(models::load_vae_weights(dir, config), models::vae_weight_specs(config), {dtype, device});
  return {config, std::make_unique<nn::FrozenTensors>(std::move(tensors)),
          vae_sha256(name)};
}

/// Text encoder and UNet in one store, under "text_encoder." and "unet.".
std::unique_ptr<nn::ParameterStore> first_parameters(const models::TextEncoder& encoder, const models::UNetConfig& unet, RandomKey key,
                                                     const at::Device& device) {
  std::vector<models::WeightSpec> specs;
  for (models::WeightSpec spec : encoder.tensors().specs()) specs.push_back({kText + spec.name, spec.shape});
  for (models::WeightSpec spec : models::unet_weight_specs(unet)) specs.push_back({kUNet + spec.name, spec.shape});
  auto parameters = std::make_unique<nn::ParameterStore>(models::parameter_specs(specs), device);
  nn::ParameterStore unet_alone(models::parameter_specs(models::unet_weight_specs(unet)), at::kCPU);
  models::initialize_pictures(unet_alone, key.fold_in("unet"), /*zero_output=*/true);
  const at::NoGradGuard no_grad;
  for (const nn::ParameterSpec& spec : unet_alone.specs()) parameters->value(kUNet + spec.name).detach().copy_(unet_alone.value(spec.name));
  for (const models::WeightSpec& spec : encoder.tensors().specs()) parameters->value(kText + spec.name).detach().copy_(encoder.tensors().value(spec.name));
  parameters->refresh_compute_copy();
  return parameters;
}

/// `config` is what the directory says: what it does not have stays as it is.
void read_unet(nn::ParameterStore& parameters, const fs::path& unet_dir, const models::UNetConfig& config) {
  const models::Weights weights = models::load_unet_weights(unet_dir, config);
  const at::NoGradGuard no_grad;
  for (const models::WeightSpec& spec : models::unet_weight_specs(config)) {
    parameters.value(kUNet + spec.name).detach().copy_(models::read_parameter({spec.name, spec.shape}, weights.view(spec.name)));
  }
  parameters.refresh_compute_copy();
}

/// Everything that a run refers to; it stays where it is.
class Base {
 public:
  Base(const TrainBaseConfig& given, const at::Device& where, at::ScalarType compute_dtype, FrozenVae frozen_vae, std::unique_ptr<text::Tokenizer> words,
       const models::UNetConfig& unet_shape, models::TextEncoder encoder_shape, std::unique_ptr<nn::ParameterStore> first)
      : config(given), device(where), vae(std::move(frozen_vae)), tokenizer(std::move(words)), unet_config(unet_shape), encoder(std::move(encoder_shape)),
        parameters(std::move(first)), trained(*parameters, compute_dtype) {}
  Base(const Base&) = delete;
  Base& operator=(const Base&) = delete;

  at::Tensor text_states(const at::Tensor& ids) const { return encoder.states(ids, {.source = &text}); }
  diffusion::Networks networks() const {
    return {.text_encoder = encoder, .unet_config = unet_config, .unet = unet, .vae_config = vae.config, .vae = *vae.tensors, .device = device, .adapted_text = &text};
  }

  const TrainBaseConfig& config;
  const at::Device device;
  const FrozenVae vae;
  const std::unique_ptr<text::Tokenizer> tokenizer;
  const models::UNetConfig unet_config;
  const models::TextEncoder encoder;  // its shape and names; the weights are those of `parameters`
  const std::unique_ptr<nn::ParameterStore> parameters;
  nn::TrainedTensors trained;
  const nn::PrefixedTensors text{trained, kText}, unet{trained, kUNet};
};

train::CaptionedLatents captioned(const CaptionedPictures& set, at::Tensor latents, const Base& base, double balance) {
  const int64_t length = base.config.text_positions;
  const text::Tokenizer& tokenizer = *base.tokenizer;
  return {.latents = std::move(latents),
          .weights = set.weights(balance),
          .input_ids = [&set, &tokenizer, length](size_t row, RandomKey key) { return train::caption_ids(tokenizer, set.caption(row, key), length); },
          .empty_ids = train::caption_ids(tokenizer, "", length)};
}

/// A picture of each sample prompt, with the weights as they are.
std::string sample_sheet(const Base& base, const std::vector<std::string>& prompts) {
  diffusion::NetworkModels networks(base.networks());
  const TrainBaseConfig& config = base.config;
  return train::sample_sheet(networks, *base.tokenizer, config.scheduler(), prompts,
                             {.sampling = {.width = config.width, .height = config.height, .num_inference_steps = config.sample_steps,
                                           .guidance_scale = config.sample_guidance_scale},
                              .seed = static_cast<uint64_t>(config.train.seed),
                              .max_tokens = config.text_positions});
}

fs::path init_dir(const TrainBaseConfig& config) { return copywriting::find_model(config.init); }

/// Of the UNet that the run began with; "" = random weights.
std::string init_sha256(const TrainBaseConfig& config) {
  if (config.init.empty()) return "";
  return sha256_file(init_dir(config) / "unet" / concat(models::kDiffusersStem, ".safetensors"));
}

void save_part(const nn::ParameterStore& parameters, const std::string& prefix, const fs::path& file, models::ComputeType dtype,
               const std::map<std::string, std::string>& metadata) {
  std::vector<models::NamedTensor> tensors;
  for (const nn::ParameterSpec& spec : parameters.specs()) {
    if (spec.name.starts_with(prefix)) tensors.push_back({spec.name.substr(prefix.size()), parameters.value(spec.name)});
  }
  fs::create_directories(file.parent_path());
  models::save_tensors(file, tensors, dtype, metadata);
}

void save_text_encoder(const Base& base, const fs::path& folder, models::ComputeType dtype, const std::map<std::string, std::string>& metadata) {
  auto encoder = models::TextEncoder::random(base.encoder.config(), RandomKey(0), {.trained = true});
  const at::NoGradGuard no_grad;
  for (const models::WeightSpec& spec : encoder.tensors().specs()) {
    encoder.tensors().parameters().value(spec.name).detach().copy_(base.parameters->value(kText + spec.name));
  }
  encoder.save(folder, dtype, metadata);
}

void save(const Base& base, const fs::path& tokenizer_dir, const CaptionedPictures& training, const train::StepTrainResult& result, const fs::path& folder) {
  const auto dtype = base.config.save_dtype == "float32" ? models::ComputeType::float32 : models::ComputeType::bfloat16;
  const std::map<std::string, std::string> metadata{{"data_sha256", training.pictures().sha256}, {"data_licence", training.licence()}};
  save_part(*base.parameters, kUNet, folder / "unet" / concat(models::kDiffusersStem, ".safetensors"), dtype, metadata);
  write_file_atomic(folder / "unet" / "config.json", dump_pretty(models::to_json(base.unet_config)));
  save_text_encoder(base, folder / "text_encoder", dtype, metadata);
  fs::copy(tokenizer_dir, folder / "tokenizer", fs::copy_options::recursive);
  fs::create_directories(folder / "vae");
  for (const std::string& name : {std::string("config.json"), concat(models::kDiffusersStem, ".safetensors")}) {
    fs::copy_file(fs::path(base.config.vae) / name, folder / "vae" / name);
  }
  const Json scheduler = diffusion::to_json(base.config.scheduler());
  write_file_atomic(folder / "scheduler" / "scheduler_config.json", dump_pretty(scheduler));
  write_file_atomic(folder / "model_index.json", dump_pretty(models::model_index(base.encoder.config(), scheduler, /*is_inpainting=*/false)));
  Json manifest = manifest_of(kSdKind);
  Json metrics = Json::object();
  for (const auto& [name, value] : result.validations.back().measures) metrics[name] = value;
  manifest.update({{"settings", config_to_json(base.config)},
                   {"data", {{"sha256", training.pictures().sha256}, {"licence", training.licence()}, {"pictures", training.pictures().files.size()}}},
                   {"vae_sha256", base.vae.sha256},
                   {"init_sha256", init_sha256(base.config)},
                   {"metrics", metrics},
                   {"seconds", result.seconds}});
  write_file_atomic(folder / kManifestName, dump_pretty(manifest));
}

}  // namespace

void TrainBaseConfig::validate() const {
  check_config(*this, kVerb);
  VITRINE_REQUIRE(!vae.empty(), "[train base] vae: no directory of `train vae` given");
  train.validate();
  models::validate(unet(4, 8), kVerb);
  models::validate(text_encoder(vocab_size), kVerb);
}

models::UNetConfig TrainBaseConfig::unet(int64_t latent_channels, int64_t downscale) const {
  models::UNetConfig config;
  config.block_out_channels = channels_of_levels(block_out_channels, kVerb);
  const size_t n = config.num_levels();
  config.sample_size = std::min(width, height) / downscale;
  config.in_channels = config.out_channels = latent_channels;
  config.layers_per_block.assign(n, layers_per_block);
  config.transformer_layers_per_block.assign(n, 1);
  config.down_block_types.assign(n, "CrossAttnDownBlock2D");
  config.up_block_types.assign(n, "CrossAttnUpBlock2D");
  if (n > 1) {
    config.down_block_types.front() = "DownBlock2D";
    config.up_block_types.back() = "UpBlock2D";
  }
  config.num_attention_heads.clear();
  for (const int64_t C : config.block_out_channels) config.num_attention_heads.push_back(std::max<int64_t>(1, C / attention_head_size));
  config.cross_attention_dim = text_width;
  if (text_in_time) config.addition_embed_heads = std::max<int64_t>(1, text_width / attention_head_size);
  return config;
}

models::ClipTextConfig TrainBaseConfig::text_encoder(int64_t vocab_tokens) const {
  models::ClipTextConfig config;
  config.vocab_size = vocab_tokens;
  config.hidden_size = config.projection_dim = text_width;
  config.intermediate_size = 4 * text_width;
  config.num_hidden_layers = text_layers;
  config.num_attention_heads = std::max<int64_t>(1, text_width / attention_head_size);
  config.max_position_embeddings = text_positions;
  config.bos_token_id = vocab_tokens - 2;
  config.eos_token_id = vocab_tokens - 1;
  config.pad_token_id = vocab_tokens - 1;
  return config;
}

diffusion::SchedulerConfig TrainBaseConfig::scheduler() const {
  diffusion::SchedulerConfig config = diffusion::default_scheduler_config(diffusion::SchedulerKind::ddim);
  config.beta_schedule = diffusion::BetaSchedule::scaled_linear;
  config.beta_start = 0.00085;
  config.beta_end = 0.012;
  config.prediction_type = diffusion::PredictionType::v_prediction;
  config.timestep_spacing = diffusion::TimestepSpacing::trailing;
  config.rescale_betas_zero_snr = true;
  config.clip_sample = false;
  config.set_alpha_to_one = true;
  return config;
}

namespace {

struct Sets {
  CaptionedPictures training, validation;
};

Sets load_sets(const fs::path& data, const TrainBaseConfig& config) {
  const auto larger = [](int64_t side) { return static_cast<int64_t>(std::lround(kSpare * static_cast<double>(side))); };
  const train::PictureSize size{larger(config.width), larger(config.height)};
  return {CaptionedPictures(data, {.name = "train", .language = config.language, .licence = config.licence, .drop_word = config.drop_word}, size),
          CaptionedPictures(data, {"validation", config.language, config.licence}, size)};  // captions alike, whatever the training set's are
}

/// Learns the vocabulary from the captions, or takes that of `init`; the same in every part of a run.
fs::path make_tokenizer(const fs::path& work, const CaptionedPictures& training, const TrainBaseConfig& config) {
  const fs::path folder = work / "tokenizer";
  fs::remove_all(folder);
  fs::create_directories(folder);
  if (!config.init.empty()) {
    fs::copy(init_dir(config) / "tokenizer", folder, fs::copy_options::recursive);
    return folder;
  }
  const std::vector<std::string> captions = training.all_captions();
  text::ClipBpeConfig words;
  words.vocab_size = static_cast<int>(config.vocab_size);
  words.model_max_length = config.text_positions;
  text::save_tokenizer(folder, text::train_clip_bpe(captions, words));
  return folder;
}

at::ScalarType compute_type(const TrainBaseConfig& config, const at::Device& device) {
  const at::Tensor any = at::empty({0}, at::TensorOptions().device(device));
  return train::compute_type(config.train.dtype, any) == models::ComputeType::bfloat16 ? at::kBFloat16 : at::kFloat;
}

/// Throws UsageError for sides that the VAE cannot take.
void check_sides(const TrainBaseConfig& config, const models::VaeConfig& vae) {
  for (const auto& [option, side] : {std::pair("--width", config.width), std::pair("--height", config.height)}) {
    if (side % vae.downscale() == 0) continue;
    throw UsageError(concat("[train base] ", option, ": expected a multiple of ", vae.downscale(), ", which a latent of ", config.vae, " stands for, got ", side));
  }
}

/// Throws InvalidInput where what is learned on does not fit the settings.
void check_init(const TrainBaseConfig& config, const models::VaeConfig& vae) {
  const models::StableDiffusionFiles files = models::open_stable_diffusion(init_dir(config));
  const models::UNetConfig unet = config.unet(vae.latent_channels, vae.downscale());
  const models::ClipTextConfig text = config.text_encoder(text::load_tokenizer(files.tokenizer_dir)->vocab_size());
  VITRINE_REQUIRE(models::part_sha256(files, models::SdPart::vae) == vae_sha256(config.vae), "[train base] init: ", config.init, " was made with another VAE than ",
                  config.vae);
  models::UNetConfig known = files.settings.unet;
  if (known.addition_embed_heads == 0) known.addition_embed_heads = unet.addition_embed_heads;  // may be new: it begins as nothing
  VITRINE_REQUIRE(models::to_json(known) == models::to_json(unet), "[train base] init: the UNet of ", config.init, " has other shapes than the settings");
  VITRINE_REQUIRE(models::to_json(files.settings.text_encoder, "float32") == models::to_json(models::TextConfig(text), "float32"),
                  "[train base] init: the text encoder of ", config.init, " has other shapes than the settings");
}

/// What need not wait for the pictures.
void check_start(const TrainBaseConfig& config) {
  const models::VaeConfig vae = models::read_vae_config(config.vae);
  check_sides(config, vae);
  models::load_vae_weights(config.vae, vae);
  if (!config.init.empty()) check_init(config, vae);
}

std::unique_ptr<Base> make_base(const TrainBaseConfig& config, const fs::path& tokenizer_dir, const at::Device& device) {
  const RandomKey key = RandomKey(static_cast<uint64_t>(config.train.seed)).fold_in("weights");
  const at::ScalarType dtype = compute_type(config, device);
  auto tokenizer = text::load_tokenizer(tokenizer_dir);
  FrozenVae vae = load_vae(config.vae, dtype, device);
  const models::UNetConfig unet = config.unet(vae.config.latent_channels, vae.config.downscale());
  const models::ClipTextConfig text = config.text_encoder(tokenizer->vocab_size());
  const bool learns_on = !config.init.empty();
  const fs::path init = learns_on ? init_dir(config) : fs::path();
  auto encoder = learns_on ? models::TextEncoder::load(init / "text_encoder") : models::TextEncoder::random(text, key.fold_in("text"), {});
  auto parameters = first_parameters(encoder, unet, key, device);
  if (learns_on) read_unet(*parameters, init / "unet", models::read_unet_config(init / "unet"));
  return std::make_unique<Base>(config, device, dtype, std::move(vae), std::move(tokenizer), unet, std::move(encoder), std::move(parameters));
}

train::DiffusionHooks hooks_of(Base& base, const Sets& sets) {
  const TrainBaseConfig& config = base.config;
  train::DiffusionHooks hooks;
  hooks.weights_changed = [&base] { base.trained.weights_changed(); };
  hooks.sample_png = [&base, prompts = sets.training.sample_prompts()] { return sample_sheet(base, prompts); };
  hooks.settings = {{"data", sets.training.pictures().sha256}, {"vae_sha256", base.vae.sha256}, {"tokenizer_sha256", base.tokenizer->sha256()},
                    {"language", config.language}, {"balance", config.balance}, {"shifts", config.shifts}, {"drop_word", config.drop_word}, {"text_layers", config.text_layers},
                    {"text_width", config.text_width}, {"init_sha256", init_sha256(config)}};
  return hooks;
}

train::StepTrainResult run_training(Base& base, const Sets& sets, const fs::path& run_dir) {
  const TrainBaseConfig& config = base.config;
  const nn::TensorScope vae(*base.vae.tensors);
  const train::PictureSize cut{config.width, config.height};
  const auto latents = [&](const CaptionedPictures& set, const train::LatentVariants& variants, const char* file) {
    return train::cached_latents(set.pictures(), variants, base.vae.config, vae, base.vae.sha256, run_dir / "cache" / file);
  };
  at::Tensor training = latents(sets.training, {cut, config.shifts, true}, "training.safetensors");
  at::Tensor validation = latents(sets.validation, {cut, 1, false}, "validation.safetensors");
  const train::DiffusionNetworks networks{base.unet_config, nn::TensorScope(base.unet), [&base](const at::Tensor& ids) { return base.text_states(ids); },
                                          diffusion::NoiseSchedule(config.scheduler()), config.scheduler().prediction_type};
  train::DiffusionObjective objective(networks, *base.parameters, captioned(sets.training, std::move(training), base, config.balance),
                                      captioned(sets.validation, std::move(validation), base, 0), config.loss, hooks_of(base, sets));
  return train::train_steps(objective, config.train, run_dir, "base");
}

}  // namespace

bool train_base(const fs::path& data, const std::string& output, const TrainBaseConfig& config, const std::string& device) {
  config.validate();
  const fs::path place = require_artefact_place(kVerb, output, kSdKind);
  check_start(config);
  train::RunFolder run(kVerb, place.string() + ".run");
  const Sets sets = load_sets(data, config);
  const fs::path tokenizer_dir = make_tokenizer(run.model(), sets.training, config);
  const std::unique_ptr<Base> base = make_base(config, tokenizer_dir, at::Device(device));
  log_info("UNet and text encoder: ", base->parameters->numel(), " parameters; ", sets.training.size(), " pictures, ", sets.validation.size(),
           " held out; vocabulary ", base->tokenizer->vocab_size());
  const train::StepTrainResult result = run_training(*base, sets, run.path());
  if (!result.complete) {
    log_info("stopped by the limit, state saved in ", run.path().string(), "; the same command goes on");
    return false;
  }
  ArtefactFolder finished(place, kSdKind);
  save(*base, tokenizer_dir, sets.training, result, finished.path());
  for (const char* name : {"train.jsonl", "run.html"}) fs::copy_file(run.path() / name, finished.path() / name);
  finished.commit();
  run.remove();
  log_info("saved ", output);
  return true;
}

}  // namespace vitrine::recipes
