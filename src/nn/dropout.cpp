#include "nn/dropout.h"

#include <ATen/ATen.h>

namespace vitrine::nn {
namespace {

constexpr int64_t kLow32 = 0xffffffff;

}  // namespace

at::Tensor dropout_mask(const Dropout& dropout, int64_t first, int64_t numel, const at::Device& device) {
  if (!device.is_cpu()) {
    const at::Tensor idx = at::arange(first, first + numel, at::TensorOptions().dtype(at::kLong).device(device));
    return dropout_mask_by_ops(idx, at::full({1}, static_cast<int64_t>(dropout.key), idx.options()), dropout.p);
  }
  at::Tensor mask = at::empty({numel}, at::kFloat);
  float* out = mask.mutable_data_ptr<float>();
  const uint32_t threshold = dropout.threshold();
  for (int64_t i = 0; i < numel; ++i) {
    out[i] = dropout_bits(dropout.key, static_cast<uint32_t>(first + i)) < threshold ? 0.0f : dropout.scale();
  }
  return mask;
}

at::Tensor dropout_mask_by_ops(const at::Tensor& idx, const at::Tensor& keys, double p) {
  const Dropout dropout{0, p};
  const at::Tensor low = keys.bitwise_and(at::Scalar(kLow32)), high = keys.bitwise_right_shift(at::Scalar(int64_t{32})).bitwise_and(at::Scalar(kLow32));
  at::Tensor x = (idx * int64_t{0x9e3779b1} + low).bitwise_and(at::Scalar(kLow32));
  x = x.bitwise_xor(x.bitwise_right_shift(at::Scalar(int64_t{16})));
  x = (x * int64_t{0x7feb352d}).bitwise_and(at::Scalar(kLow32));
  x = x.bitwise_xor(x.bitwise_right_shift(at::Scalar(int64_t{15}))).bitwise_xor(high);
  x = (x * int64_t{0x846ca68b}).bitwise_and(at::Scalar(kLow32));
  x = x.bitwise_xor(x.bitwise_right_shift(at::Scalar(int64_t{16})));
  return x.ge(static_cast<int64_t>(dropout.threshold())).to(at::kFloat) * dropout.scale();
}

at::Tensor dropout(const at::Tensor& x, const Dropout& dropout, int64_t first) {
  if (!dropout.on()) return x;
  return x * dropout_mask(dropout, first, x.numel(), x.device()).view(x.sizes()).to(x.scalar_type());
}

}  // namespace vitrine::nn
