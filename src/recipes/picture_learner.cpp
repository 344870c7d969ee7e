#include "recipes/picture_learner.h"

#include <ATen/ATen.h>

#include "recipes/picture_model.h"
#include "recipes/picture_tokenizer.h"
#include "train/compute_type.h"

namespace vitrine::recipes {

std::unique_ptr<LoadedModel> load_model_to_tune(const std::string& name, const std::string& dtype, const at::Device& device) {
  const auto compute = train::compute_type(dtype, at::empty({0}, at::TensorOptions().device(device)));
  const at::ScalarType type = compute == models::ComputeType::bfloat16 ? at::kBFloat16 : at::kFloat;
  const models::StableDiffusionFiles files = models::open_stable_diffusion(find_picture_model(name));
  auto tokenizer = load_picture_tokenizer(files);  // refused before the weights are read
  std::map<std::string, std::string> sha256;
  for (const models::SdPart part : models::kSdParts) sha256[std::string(models::name_of(part))] = models::part_sha256(files, part);
  return std::unique_ptr<LoadedModel>(new LoadedModel{files, models::load_stable_diffusion(files, {type, device}), std::move(tokenizer),
                                                      diffusion::scheduler_config_from_json(files.settings.scheduler, files.path.string(), diffusion::SchedulerKind::ddim),
                                                      type, device, sha256});
}

diffusion::Networks networks_of(const LoadedModel& model) {
  const models::SdSettings& settings = model.files.settings;
  return {.text_encoder = model.parts.text_encoder, .unet_config = settings.unet, .unet = model.parts.unet, .vae_config = settings.vae, .vae = model.parts.vae,
          .device = model.device};
}

}  // namespace vitrine::recipes
