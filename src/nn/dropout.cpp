#include "nn/dropout.h"

#include <ATen/ATen.h>

namespace vitrine::nn {

at::Tensor dropout_mask(const Dropout& dropout, int64_t first, int64_t numel, const at::Device& device) {
  at::Tensor mask = at::empty({numel}, at::kFloat);
  float* out = mask.mutable_data_ptr<float>();
  const uint32_t threshold = dropout.threshold();
  for (int64_t i = 0; i < numel; ++i) {
    out[i] = dropout_bits(dropout.key, static_cast<uint32_t>(first + i)) < threshold ? 0.0f : dropout.scale();
  }
  return mask.to(device);
}

at::Tensor dropout(const at::Tensor& x, const Dropout& dropout, int64_t first) {
  if (!dropout.on()) return x;
  return x * dropout_mask(dropout, first, x.numel(), x.device()).view(x.sizes()).to(x.scalar_type());
}

}  // namespace vitrine::nn
