#include "recipes/train_vae.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "base/artefact.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/random.h"
#include "models/diffusers_files.h"
#include "models/initialize_pictures.h"
#include "models/picture_tensor.h"
#include "models/tensor_files.h"
#include "models/vae/module.h"
#include "models/vae/weights.h"
#include "recipes/level_channels.h"
#include "train/compute_type.h"
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

void save(const models::VaeConfig& config, const nn::ParameterStore& parameters, const TrainVaeConfig& settings, const Sets& sets,
          const train::StepTrainResult& result, const fs::path& folder) {
  std::vector<models::NamedTensor> tensors;
  for (const nn::ParameterSpec& spec : parameters.specs()) tensors.push_back({spec.name, parameters.value(spec.name)});
  const bool float32 = settings.save_dtype == "float32";
  models::save_tensors(folder / concat(models::kDiffusersStem, ".safetensors"), tensors,
                       float32 ? models::ComputeType::float32 : models::ComputeType::bfloat16, {{"data_sha256", sets.training.sha256}});
  write_file_atomic(folder / "config.json", dump_pretty(models::to_json(config)));
  Json manifest = manifest_of(kVaeKind);
  Json metrics = Json::object();
  for (const auto& [name, value] : result.validations.back().measures) metrics[name] = value;
  manifest.update({{"settings", config_to_json(settings)},
                   {"data", {{"sha256", sets.training.sha256}, {"pictures", sets.training.files.size()}, {"validation_pictures", sets.validation.files.size()}}},
                   {"metrics", metrics},
                   {"seconds", result.seconds}});
  write_file_atomic(folder / kManifestName, dump_pretty(manifest));
}

}  // namespace

void TrainVaeConfig::validate() const {
  check_config(*this, kVerb);
  train.validate();
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
  models::VaeConfig model = config.model();
  nn::ParameterStore parameters(models::parameter_specs(models::vae_weight_specs(model)), device);
  models::initialize_pictures(parameters, RandomKey(static_cast<uint64_t>(config.train.seed)).fold_in("weights"), /*zero_output=*/false);
  log_info("VAE: ", parameters.numel(), " parameters; ", sets.training.files.size(), " pictures, ", sets.validation.files.size(), " held out");
  const models::ComputeType dtype = train::compute_type(config.train.dtype, parameters.values());
  train::VaeObjective objective(model, parameters, sets.training.pixels, sets.validation.pixels, config.loss, dtype, sets.training.sha256);
  const train::StepTrainResult result = train::train_steps(objective, config.train, run.path(), "vae");
  if (!result.complete) {
    log_info("stopped by the limit, state saved in ", run.path().string(), "; the same command goes on");
    return false;
  }
  model.scaling_factor = measured_scaling_factor(model, nn::FrozenTensors(models::frozen_tensors(parameters, {})), sets.training.pixels);
  ArtefactFolder finished(place, kVaeKind);
  save(model, parameters, config, sets, result, finished.path());
  for (const char* name : {"train.jsonl", "run.html"}) fs::copy_file(run.path() / name, finished.path() / name);
  finished.commit();
  run.remove();
  log_info("saved ", output);
  return true;
}

}  // namespace vitrine::recipes
