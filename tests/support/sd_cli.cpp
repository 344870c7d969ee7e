// The parts of a Stable Diffusion model on given inputs, for tools that compare them with others:
//   sd_cli MODEL IN.safetensors OUT.safetensors [float32|bfloat16] [THREADS]
// IN may hold ids [B, T]; latents [B, C, h, w] with timesteps [B] and states [B, T, C]; pictures [B, 3, H, W]; decode [B, C, h, w].
// OUT holds states, sample, mean and logvar, decoded: what IN asks for, float32. Parts are loaded one after another.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <iostream>
#include <string>

#include "base/error.h"
#include "models/stable_diffusion/model.h"
#include "models/unet/module.h"
#include "models/unet/weights.h"
#include "models/vae/module.h"
#include "models/vae/weights.h"

namespace vitrine::models {
namespace {

class Inputs {
 public:
  explicit Inputs(const std::string& path) : file_(path) {}
  bool has(const char* name) const { return file_.find(name) != nullptr; }
  at::Tensor operator[](const char* name) const {
    const io::TensorView* view = file_.find(name);
    if (view == nullptr) throw NotFound(concat("[sd_cli] IN: no tensor ", name));
    return read_parameter({name, view->shape}, *view);
  }

 private:
  io::SafetensorsFile file_;
};

void run_text_encoder(const StableDiffusionFiles& files, const FrozenConfig& config, const Inputs& in, std::vector<NamedTensor>& out) {
  const TextEncoder encoder(files.settings.text_encoder, load_text_weights(files), {.dtype = config.dtype});
  out.push_back({"states", encoder.states(in["ids"].to(at::kLong))});
}

void run_unet(const StableDiffusionFiles& files, const FrozenConfig& config, const Inputs& in, std::vector<NamedTensor>& out) {
  const UNetConfig& unet = files.settings.unet;
  const nn::FrozenTensors tensors(frozen_tensors(load_unet_weights(files), unet_weight_specs(unet), config));
  const at::Tensor latents = in["latents"].contiguous(at::MemoryFormat::ChannelsLast);
  out.push_back({"sample", unet_forward(unet, nn::TensorScope(tensors), latents, in["timesteps"], in["states"].to(config.dtype))});
}

void run_vae(const StableDiffusionFiles& files, const FrozenConfig& config, const Inputs& in, std::vector<NamedTensor>& out) {
  const VaeConfig& vae = files.settings.vae;
  const nn::FrozenTensors tensors(frozen_tensors(load_vae_weights(files), vae_weight_specs(vae), config));
  const nn::TensorScope scope(tensors);
  if (in.has("pictures")) {
    const LatentDistribution latents = vae_encode(vae, scope, in["pictures"]);
    out.push_back({"mean", latents.mean});
    out.push_back({"logvar", latents.logvar});
  }
  if (in.has("decode")) out.push_back({"decoded", vae_decode(vae, scope, in["decode"])});
}

int run(int argc, char** argv) {
  if (argc < 4 || argc > 6) {
    std::cerr << "usage: sd_cli MODEL IN.safetensors OUT.safetensors [float32|bfloat16] [THREADS]\n";
    return 2;
  }
  const at::NoGradGuard no_grad;
  if (argc > 5) at::set_num_threads(std::stoi(argv[5]));
  const FrozenConfig config{.dtype = argc > 4 && std::string(argv[4]) == "bfloat16" ? at::kBFloat16 : at::kFloat};
  const StableDiffusionFiles files = open_stable_diffusion(argv[1]);
  const Inputs in(argv[2]);
  std::vector<NamedTensor> out;
  if (in.has("ids")) run_text_encoder(files, config, in, out);
  if (in.has("latents")) run_unet(files, config, in, out);
  if (in.has("pictures") || in.has("decode")) run_vae(files, config, in, out);
  save_tensors(argv[3], out, ComputeType::float32, {});
  return 0;
}

}  // namespace
}  // namespace vitrine::models

int main(int argc, char** argv) {
  try {
    return vitrine::models::run(argc, argv);
  } catch (const std::exception& e) {
    std::cerr << "sd_cli: " << e.what() << "\n";
    return 1;
  }
}
