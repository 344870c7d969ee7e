#include "train/adamw.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <ATen/Parallel.h>

#include <cmath>

#include "base/error.h"
#include "kernels/train/loops.h"

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
      const int64_t first = c * kChunk, count = std::min(numel - first, kChunk);
      partial[static_cast<size_t>(c)] = kernels::train::loops<float>().squared_sum(g + first, static_cast<size_t>(count));
    }
  });
  double sum = 0;
  for (const double part : partial) sum += part;
  return sum;
}

/// Elements begin .. end of the flat buffers; both are multiples of 16.
void update_range(nn::ParameterStore& parameters, const at::Tensor& mean, const at::Tensor& variance, int64_t begin,
                  int64_t end, const Update& u) {
  if (begin == end) return;
  auto* copy = static_cast<uint16_t*>(parameters.compute_copy().mutable_data_ptr());
  kernels::train::loops<float>().adamw({parameters.values().mutable_data_ptr<float>() + begin,
                                        parameters.gradients().mutable_data_ptr<float>() + begin,
                                        mean.mutable_data_ptr<float>() + begin, variance.mutable_data_ptr<float>() + begin,
                                        copy + begin, static_cast<size_t>(end - begin), u.clip, u.decay, u.beta1, u.beta2,
                                        u.step_size, u.inv_sqrt_correction2, u.epsilon});
}

void update_on_cpu(nn::ParameterStore& parameters, const at::Tensor& mean, const at::Tensor& variance,
                   const Update& update, float decay) {
  Update decayed = update;
  decayed.decay = decay;
  const int64_t numel = parameters.values().numel(), chunks = (numel + kChunk - 1) / kChunk;
  at::parallel_for(0, chunks, 1, [&](int64_t first, int64_t last) {
    const int64_t begin = first * kChunk, end = std::min(numel, last * kChunk);
    const int64_t middle = std::clamp(parameters.num_decayed(), begin, end);
    update_range(parameters, mean, variance, begin, middle, decayed);
    update_range(parameters, mean, variance, middle, end, update);
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
