#include "train/vae_objective.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>

#include "base/config.h"
#include "base/error.h"
#include "models/picture_tensor.h"
#include "nn/initialize.h"
#include "train/patch_discriminator.h"

namespace vitrine::train {
namespace {

constexpr int64_t kValidated = 64;  // pictures
constexpr int64_t kShown = 8;

at::ScalarType scalar_type(models::ComputeType dtype) { return dtype == models::ComputeType::bfloat16 ? at::kBFloat16 : at::kFloat; }

at::Tensor channels_last(const at::Tensor& pictures) { return pictures.contiguous(at::MemoryFormat::ChannelsLast); }

/// Mean difference of neighbours, both ways.
at::Tensor mean_gradient(const at::Tensor& difference) {
  const int64_t H = difference.size(2), W = difference.size(3);
  const at::Tensor down = difference.narrow(2, 1, H - 1) - difference.narrow(2, 0, H - 1);
  const at::Tensor right = difference.narrow(3, 1, W - 1) - difference.narrow(3, 0, W - 1);
  return down.abs().mean() + right.abs().mean();
}

/// Of normal(mean, exp(logvar)) from normal(0, 1), mean over the latents, nats.
at::Tensor mean_kl(const models::LatentDistribution& latents) {
  const at::Tensor mean = latents.mean.to(at::kFloat), logvar = latents.logvar.to(at::kFloat);
  return 0.5 * (mean.square() + logvar.exp() - 1 - logvar).mean();
}

/// The same values without gradient to them: a judge that is asked, not taught.
class DetachedTensors final : public nn::TensorSource {
 public:
  explicit DetachedTensors(const nn::TensorSource& source) : source_(source) {}
  at::Tensor get(const std::string& name) const override { return source_.get(name).detach(); }
  bool has(const std::string& name) const override { return source_.has(name); }

 private:
  const nn::TensorSource& source_;
};

}  // namespace

VaeObjective::VaeObjective(const TrainedVae& vae, at::Tensor pictures, at::Tensor validation, const VaeLossConfig& loss, models::ComputeType dtype, Json data)
    : vae_(vae), pictures_(std::move(pictures)), validation_(std::move(validation)), loss_(loss), data_(std::move(data)),
      tensors_(vae.parameters, scalar_type(dtype)) {
  const int64_t smallest = std::min(pictures_.size(2), pictures_.size(3));
  VITRINE_REQUIRE(loss.crop % vae.config.downscale() == 0 && loss.crop <= smallest, "[VaeObjective] crop: expected a multiple of ", vae.config.downscale(),
                  " up to ", smallest, ", got ", loss.crop);
}

at::Tensor VaeObjective::crops(int batch_size, RandomKey key) const {
  RandomStream random(key);
  std::vector<at::Tensor> parts;
  for (int i = 0; i < batch_size; ++i) {
    const auto below = [&](int64_t bound) { return static_cast<int64_t>(random.below(static_cast<uint64_t>(bound))); };
    const at::Tensor picture = pictures_[below(pictures_.size(0))];
    const int64_t top = below(picture.size(1) - loss_.crop + 1), left = below(picture.size(2) - loss_.crop + 1);
    at::Tensor crop = picture.narrow(1, top, loss_.crop).narrow(2, left, loss_.crop);
    if (below(2) == 1) crop = crop.flip(2);
    parts.push_back(crop);
  }
  return channels_last(models::to_signed_unit(at::stack(parts)));
}

models::LatentDistribution VaeObjective::encoded(const at::Tensor& pictures) const {
  if (vae_.frozen_encoder == nullptr) return models::vae_encode(vae_.config, nn::TensorScope(tensors_), pictures);
  const at::NoGradGuard no_grad;
  return models::vae_encode(vae_.config, nn::TensorScope(*vae_.frozen_encoder), pictures);
}

/// One sum for both sides: the decoder is judged by detached weights, the discriminator learns from a detached picture.
at::Tensor VaeObjective::adversarial_loss(const at::Tensor& pictures, const at::Tensor& decoded) const {
  const nn::PrefixedTensors discriminator(tensors_, kDiscriminator);
  const DetachedTensors judge(discriminator);
  const PatchJudgement real = judge_patches(nn::TensorScope(discriminator), pictures);
  const at::Tensor taught = hinge_loss(real.scores, judge_patches(nn::TensorScope(discriminator), decoded.detach()).scores);
  const PatchJudgement asked = judge_patches(nn::TensorScope(judge), decoded);
  return taught - loss_.adversarial_weight * asked.scores.mean() + loss_.feature_weight * feature_difference(real, asked);
}

double VaeObjective::forward_backward(int batch_size, RandomKey key) {
  const at::Tensor pictures = crops(batch_size, key.fold_in("crops"));
  const models::LatentDistribution latents = encoded(pictures);
  const at::Tensor noise = at::empty(latents.mean.sizes(), at::kFloat);
  nn::fill_normal(noise, 1.0, key.fold_in("noise"));
  const at::Tensor sample = latents.mean + (0.5 * latents.logvar).exp() * noise.to(latents.mean.scalar_type());
  const at::Tensor decoded = models::vae_decode(vae_.config, nn::TensorScope(tensors_), sample).to(at::kFloat);
  const at::Tensor difference = decoded - pictures;
  at::Tensor loss = difference.abs().mean() + loss_.gradient_weight * mean_gradient(difference) + loss_.kl_weight * mean_kl(latents);
  if (loss_.adversarial()) loss = loss + adversarial_loss(pictures, decoded);
  loss.backward();
  return loss.item<double>();
}

at::Tensor VaeObjective::reconstructed(const at::Tensor& pictures, at::Tensor* mean) const {
  const at::NoGradGuard no_grad;
  const models::LatentDistribution latents = encoded(channels_last(pictures));
  if (mean != nullptr) *mean = latents.mean.to(at::kFloat);
  return models::vae_decode(vae_.config, nn::TensorScope(tensors_), latents.mean).to(at::kFloat);
}

Measures VaeObjective::validate() {
  const at::Tensor pictures = models::to_signed_unit(validation_.narrow(0, 0, std::min(kValidated, validation_.size(0))));
  at::Tensor mean;
  const at::Tensor decoded = reconstructed(pictures, &mean).clamp(-1, 1);
  const at::Tensor difference = decoded - pictures;
  const double squared = difference.square().mean({1, 2, 3}).log10().mean().item<double>();
  return {{"validation L1", difference.abs().mean().item<double>()},
          {"PSNR", 10 * (std::log10(4.0) - squared)},
          {"latent std", mean.std().item<double>()},
          {"edges", mean_gradient(decoded).item<double>() / mean_gradient(pictures).item<double>()}};
}

std::string VaeObjective::sample_png() {
  const at::Tensor pictures = models::to_signed_unit(validation_.narrow(0, 0, std::min(kShown, validation_.size(0))));
  return models::grid_png(at::cat({pictures, reconstructed(pictures, nullptr)}), pictures.size(0));
}

Json VaeObjective::settings() const {
  Json json = config_to_json(loss_);
  json["data"] = data_;
  json["model"] = models::to_json(vae_.config);
  return json;
}

}  // namespace vitrine::train
