#include "train/adamw.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <ATen/Parallel.h>

#include <cmath>

#include "base/error.h"

namespace vitrine::train {
namespace {

constexpr int64_t kChunk = 1 << 15;  // elements; fixed, so that sums do not depend on the threads

/// Numbers of one update, the same for all elements.
struct Update {
  float clip, decay, beta1, beta2, step_size, inv_sqrt_correction2, epsilon;
};

double squared_norm(const at::Tensor& gradients) {
  if (!gradients.is_cpu()) return gradients.square().sum(at::kDouble).item<double>();
  const float* g = gradients.const_data_ptr<float>();
  const int64_t numel = gradients.numel(), chunks = (numel + kChunk - 1) / kChunk;
  std::vector<double> partial(static_cast<size_t>(chunks));
  at::parallel_for(0, chunks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t c = begin; c < end; ++c) {
      float lanes[16] = {};
      const int64_t first = c * kChunk, last = std::min(numel, first + kChunk);
      for (int64_t i = first; i + 16 <= last; i += 16) {
        for (int64_t k = 0; k < 16; ++k) lanes[k] += g[i + k] * g[i + k];
      }
      double sum = 0;
      for (const float lane : lanes) sum += lane;
      partial[static_cast<size_t>(c)] = sum;
    }
  });
  double sum = 0;
  for (const double part : partial) sum += part;
  return sum;
}

void update_range(float* w, float* g, float* m, float* v, c10::BFloat16* copy, int64_t numel, const Update& u) {
  for (int64_t i = 0; i < numel; ++i) {
    const float grad = g[i] * u.clip;
    m[i] = u.beta1 * m[i] + (1 - u.beta1) * grad;
    v[i] = u.beta2 * v[i] + (1 - u.beta2) * grad * grad;
    w[i] = w[i] * u.decay - u.step_size * m[i] / (std::sqrt(v[i]) * u.inv_sqrt_correction2 + u.epsilon);
    g[i] = 0;
  }
  for (int64_t i = 0; i < numel; ++i) copy[i] = w[i];
}

void update_on_cpu(nn::ParameterStore& parameters, const at::Tensor& mean, const at::Tensor& variance, Update update,
                   float decay) {
  float* w = parameters.values().mutable_data_ptr<float>();
  float* g = parameters.gradients().mutable_data_ptr<float>();
  float* m = mean.mutable_data_ptr<float>();
  float* v = variance.mutable_data_ptr<float>();
  c10::BFloat16* copy = parameters.compute_copy().mutable_data_ptr<c10::BFloat16>();
  const int64_t numel = parameters.values().numel();
  at::parallel_for(0, numel, kChunk, [&](int64_t begin, int64_t end) {
    const int64_t middle = std::clamp(parameters.num_decayed(), begin, end);
    Update decayed = update, plain = update;
    decayed.decay = decay;
    update_range(w + begin, g + begin, m + begin, v + begin, copy + begin, middle - begin, decayed);
    update_range(w + middle, g + middle, m + middle, v + middle, copy + middle, end - middle, plain);
  });
}

void update_on_device(nn::ParameterStore& parameters, at::Tensor mean, at::Tensor variance, const Update& u,
                      float decay) {
  const at::NoGradGuard no_grad;
  at::Tensor values = parameters.values(), gradients = parameters.gradients();
  gradients.mul_(u.clip);
  mean.mul_(u.beta1).add_(gradients, 1 - u.beta1);
  variance.mul_(u.beta2).addcmul_(gradients, gradients, 1 - u.beta2);
  values.narrow(0, 0, parameters.num_decayed()).mul_(decay);
  values.addcdiv_(mean, variance.sqrt().mul_(u.inv_sqrt_correction2).add_(u.epsilon), -u.step_size);
  gradients.zero_();
  parameters.refresh_compute_copy();
}

}  // namespace

AdamW::AdamW(nn::ParameterStore& parameters)
    : parameters_(parameters),
      mean_(at::zeros_like(parameters.values())),
      variance_(at::zeros_like(parameters.values())) {}

double AdamW::step(const AdamWConfig& config) {
  const double norm = std::sqrt(squared_norm(parameters_.gradients()));
  VITRINE_REQUIRE(std::isfinite(norm), "[AdamW] step ", num_steps_ + 1, ": gradient norm is ", norm,
                  "; a lower learning rate may help");
  ++num_steps_;
  const auto steps = static_cast<double>(num_steps_);
  Update update{};
  update.clip = config.clip_norm > 0 && norm > config.clip_norm ? static_cast<float>(config.clip_norm / norm) : 1.0f;
  update.decay = 1.0f;
  update.beta1 = static_cast<float>(config.beta1);
  update.beta2 = static_cast<float>(config.beta2);
  update.step_size = static_cast<float>(config.learning_rate / (1 - std::pow(config.beta1, steps)));
  update.inv_sqrt_correction2 = static_cast<float>(1 / std::sqrt(1 - std::pow(config.beta2, steps)));
  update.epsilon = static_cast<float>(config.epsilon);
  const auto decay = static_cast<float>(1 - config.learning_rate * config.weight_decay);
  if (parameters_.device().is_cpu()) {
    update_on_cpu(parameters_, mean_, variance_, update, decay);
  } else {
    update_on_device(parameters_, mean_, variance_, update, decay);
  }
  return norm;
}

}  // namespace vitrine::train
