#include "recipes/train_vae.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <memory>
#include <optional>

#include "base/artefact.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/random.h"
#include "models/diffusers_files.h"
#include "models/initialize_pictures.h"
#include "models/picture_tensor.h"
#include "models/tensor_files.h"
#include "models/vae/module.h"
#include "models/vae/weights.h"
#include "nn/tensor_scope.h"
#include "recipes/level_channels.h"
#include "train/compute_type.h"
#include "train/patch_discriminator.h"
#include "train/picture_tensors.h"
#include "train/run_folder.h"
#include "train/step_trainer.h"
#include "train/vae_objective.h"

namespace vitrine::recipes {
namespace {

namespace fs = std::filesystem;

constexpr const char* kVerb = "train vae";
constexpr std::string_view kFiles[] = {"config.json", "diffusion_pytorch_model.safetensors", "train.jsonl", "run.html", kManifestName};
constexpr ArtefactKind kVaeKind{"vae", kFiles};
constexpr size_t kHeldOut = 20;  // one picture in so many, where DATA has no validation/

struct Sets {
  train::PictureTensors training, validation;
};

Sets load_sets(const fs::path& data, const train::PictureSize& size) {
  if (fs::is_directory(data / "train") && fs::is_directory(data / "validation")) {
    return {train::load_pictures(train::picture_files(data / "train"), size), train::load_pictures(train::picture_files(data / "validation"), size)};
  }
  std::vector<fs::path> training, validation;
  const std::vector<fs::path> files = train::picture_files(data);
  for (size_t i = 0; i < files.size(); ++i) (i % kHeldOut == kHeldOut - 1 ? validation : training).push_back(files[i]);
  VITRINE_REQUIRE(!validation.empty(), "[train vae] ", data.string(), ": expected at least ", kHeldOut, " pictures, got ", files.size());
  return {train::load_pictures(training, size), train::load_pictures(validation, size)};
}

/// What makes the latents' standard deviation 1.
double measured_scaling_factor(const models::VaeConfig& config, const nn::TensorSource& tensors, const at::Tensor& pixels) {
  constexpr int64_t kMeasured = 512, kBatch = 32;
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> means;
  for (int64_t begin = 0; begin < std::min(kMeasured, pixels.size(0)); begin += kBatch) {
    const at::Tensor batch = pixels.narrow(0, begin, std::min(kBatch, pixels.size(0) - begin));
    const at::Tensor pictures = models::to_signed_unit(batch).contiguous(at::MemoryFormat::ChannelsLast);
    means.push_back(models::vae_encode(config, nn::TensorScope(tensors), pictures).mean.to(at::kFloat));
  }
  return 1.0 / at::cat(means).std().item<double>();
}

/// The VAE that a run learns on, and what of it stays as it is.
struct Init {
  models::VaeConfig config;
  models::Weights weights;
  std::string sha256;
};

std::optional<Init> load_init(const TrainVaeConfig& settings) {
  if (settings.init.empty()) return std::nullopt;
  const fs::path dir(settings.init);
  models::VaeConfig config = models::read_vae_config(dir), expected = settings.model();
  expected.scaling_factor = config.scaling_factor;
  expected.sample_size = config.sample_size;
  VITRINE_REQUIRE(models::to_json(config) == models::to_json(expected), "[train vae] init: the VAE of ", settings.init, " has other shapes than the settings");
  models::Weights weights = models::load_vae_weights(dir, config);
  return Init{config, std::move(weights), sha256_file(dir / concat(models::kDiffusersStem, ".safetensors"))};
}

bool is_trained(const std::string& name, const TrainVaeConfig& settings) {
  return settings.train_encoder || name.starts_with("decoder.") || name.starts_with("post_quant_conv.");
}

/// The trained part, and a discriminator where the loss asks for one.
nn::ParameterStore first_parameters(const models::VaeConfig& model, const std::optional<Init>& init, const TrainVaeConfig& settings, const at::Device& device) {
  std::vector<models::WeightSpec> specs = models::vae_weight_specs(model);
  std::erase_if(specs, [&](const models::WeightSpec& spec) { return !is_trained(spec.name, settings); });
  const std::vector<models::WeightSpec> trained = specs;
  if (settings.loss.adversarial()) {
    for (models::WeightSpec& spec : train::patch_discriminator_specs()) specs.push_back(std::move(spec));
  }
  nn::ParameterStore parameters(models::parameter_specs(specs), device);
  models::initialize_pictures(parameters, RandomKey(static_cast<uint64_t>(settings.train.seed)).fold_in("weights"), /*zero_output=*/false);
  if (!init) return parameters;
  const at::NoGradGuard no_grad;
  for (const models::WeightSpec& spec : trained) {
    parameters.value(spec.name).detach().copy_(models::read_parameter({spec.name, spec.shape}, init->weights.view(spec.name)));
  }
  parameters.refresh_compute_copy();
  return parameters;
}

/// nullptr = it is in training.
std::unique_ptr<nn::FrozenTensors> frozen_encoder(const models::VaeConfig& model, const std::optional<Init>& init, const TrainVaeConfig& settings,
                                                  models::ComputeType dtype, const at::Device& device) {
  if (settings.train_encoder) return nullptr;
  const at::ScalarType type = dtype == models::ComputeType::bfloat16 ? at::kBFloat16 : at::kFloat;
  return std::make_unique<nn::FrozenTensors>(models::frozen_tensors(init->weights, models::vae_weight_specs(model), {type, device}));
}

std::vector<models::NamedTensor> final_tensors(const models::VaeConfig& config, const nn::ParameterStore& parameters, const std::optional<Init>& init) {
  std::vector<models::NamedTensor> tensors;
  for (const models::WeightSpec& spec : models::vae_weight_specs(config)) {
    const bool trained = parameters.has(spec.name);
    tensors.push_back({spec.name, trained ? parameters.value(spec.name) : models::read_parameter({spec.name, spec.shape}, init->weights.view(spec.name))});
  }
  return tensors;
}

void save(const models::VaeConfig& config, const std::vector<models::NamedTensor>& tensors, const std::optional<Init>& init, const TrainVaeConfig& settings,
          const Sets& sets, const train::StepTrainResult& result, const fs::path& folder) {
  const bool float32 = settings.save_dtype == "float32";
  models::save_tensors(folder / concat(models::kDiffusersStem, ".safetensors"), tensors,
                       float32 ? models::ComputeType::float32 : models::ComputeType::bfloat16, {{"data_sha256", sets.training.sha256}});
  write_file_atomic(folder / "config.json", dump_pretty(models::to_json(config)));
  Json manifest = manifest_of(kVaeKind);
  Json metrics = Json::object();
  for (const auto& [name, value] : result.validations.back().measures) metrics[name] = value;
  manifest.update({{"settings", config_to_json(settings)},
                   {"data", {{"sha256", sets.training.sha256}, {"pictures", sets.training.files.size()}, {"validation_pictures", sets.validation.files.size()}}},
                   {"init_sha256", init ? init->sha256 : ""},
                   {"metrics", metrics},
                   {"seconds", result.seconds}});
  write_file_atomic(folder / kManifestName, dump_pretty(manifest));
}

}  // namespace

void TrainVaeConfig::validate() const {
  check_config(*this, kVerb);
  train.validate();
  VITRINE_REQUIRE(train_encoder || !init.empty(), "[train vae] train_encoder: false needs init, a VAE whose encoder is kept");
  models::validate(model(), kVerb);
}

models::VaeConfig TrainVaeConfig::model() const {
  models::VaeConfig config;
  config.block_out_channels = channels_of_levels(block_out_channels, kVerb);
  config.layers_per_block = layers_per_block;
  config.latent_channels = latent_channels;
  config.norm_num_groups = norm_num_groups;
  config.sample_size = std::min(width, height);
  config.mid_block_add_attention = false;  // trained on crops: what it does must not depend on the size
  config.scaling_factor = 1;
  return config;
}

bool train_vae(const fs::path& data, const std::string& output, const TrainVaeConfig& config, const std::string& device_name) {
  const at::Device device(device_name);
  config.validate();
  const fs::path place = require_artefact_place(kVerb, output, kVaeKind);
  train::RunFolder run(kVerb, place.string() + ".run");
  const Sets sets = load_sets(data, {config.width, config.height});
  const std::optional<Init> init = load_init(config);
  models::VaeConfig model = config.model();
  if (init) model.scaling_factor = init->config.scaling_factor;
  nn::ParameterStore parameters = first_parameters(model, init, config, device);
  log_info("VAE: ", parameters.numel(), " parameters in training; ", sets.training.files.size(), " pictures, ", sets.validation.files.size(), " held out");
  const models::ComputeType dtype = train::compute_type(config.train.dtype, parameters.values());
  const std::unique_ptr<nn::FrozenTensors> encoder = frozen_encoder(model, init, config, dtype, device);
  train::VaeObjective objective({model, parameters, encoder.get()}, sets.training.pixels, sets.validation.pixels, config.loss, dtype,
                                {{"pictures", sets.training.sha256}, {"init", init ? init->sha256 : ""}});
  const train::StepTrainResult result = train::train_steps(objective, config.train, run.path(), "vae");
  if (!result.complete) {
    log_info("stopped by the limit, state saved in ", run.path().string(), "; the same command goes on");
    return false;
  }
  if (config.train_encoder) {
    model.scaling_factor = measured_scaling_factor(model, nn::FrozenTensors(models::frozen_tensors(parameters, {})), sets.training.pixels);
  }
  ArtefactFolder finished(place, kVaeKind);
  save(model, final_tensors(model, parameters, init), init, config, sets, result, finished.path());
  for (const char* name : {"train.jsonl", "run.html"}) fs::copy_file(run.path() / name, finished.path() / name);
  finished.commit();
  run.remove();
  log_info("saved ", output);
  return true;
}

}  // namespace vitrine::recipes
