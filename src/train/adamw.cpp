#include "train/adamw.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>

#include "base/error.h"

namespace vitrine::train {
namespace {

using Factors = nn::fused::AdamWFactors;

double squared_norm(const at::Tensor& gradients) {
  if (gradients.is_cpu()) return nn::fused::squared_norm(gradients);
  return gradients.square().sum(at::kDouble).item<double>();
}

/// The same update on whole tensors, for other devices.
void plain_adamw(const at::Tensor& w, const at::Tensor& g, const at::Tensor& m, const at::Tensor& v,
                 const at::Tensor& copy, const Factors& f) {
  g.mul_(f.clip);
  m.mul_(f.beta1).add_(g, 1 - f.beta1);
  v.mul_(f.beta2).addcmul_(g, g, 1 - f.beta2);
  w.mul_(f.decay).addcdiv_(m, v.sqrt().mul_(f.inv_sqrt_correction2).add_(f.epsilon), -f.step_size);
  copy.copy_(w);
  g.zero_();
}

}  // namespace

AdamW::AdamW(nn::ParameterStore& parameters)
    : parameters_(parameters),
      mean_(at::zeros_like(parameters.values())),
      variance_(at::zeros_like(parameters.values())) {}

void AdamW::update(int64_t begin, int64_t end, const Factors& factors) {
  if (begin == end) return;
  const at::NoGradGuard no_grad;
  const auto part = [&](const at::Tensor& flat) { return flat.narrow(0, begin, end - begin); };
  const auto apply = parameters_.device().is_cpu() ? &nn::fused::adamw : &plain_adamw;
  apply(part(parameters_.values()), part(parameters_.gradients()), part(mean_), part(variance_),
        part(parameters_.compute_copy()), factors);
}

double AdamW::step(const AdamWConfig& config) {
  const double norm = std::sqrt(squared_norm(parameters_.gradients()));
  VITRINE_REQUIRE(std::isfinite(norm), "[AdamW] step ", num_steps_ + 1, ": gradient norm is ", norm,
                  "; a lower learning rate may help");
  ++num_steps_;
  const auto steps = static_cast<double>(num_steps_);
  Factors factors{};
  factors.clip = config.clip_norm > 0 && norm > config.clip_norm ? static_cast<float>(config.clip_norm / norm) : 1.0f;
  factors.beta1 = static_cast<float>(config.beta1);
  factors.beta2 = static_cast<float>(config.beta2);
  factors.step_size = static_cast<float>(config.learning_rate / (1 - std::pow(config.beta1, steps)));
  factors.inv_sqrt_correction2 = static_cast<float>(1 / std::sqrt(1 - std::pow(config.beta2, steps)));
  factors.epsilon = static_cast<float>(config.epsilon);
  factors.decay = static_cast<float>(1 - config.learning_rate * config.weight_decay);
  update(0, parameters_.num_decayed(), factors);
  factors.decay = 1;
  update(parameters_.num_decayed(), parameters_.values().numel(), factors);
  return norm;
}

}  // namespace vitrine::train
