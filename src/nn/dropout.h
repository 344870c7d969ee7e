// nn/dropout.h - dropout whose mask depends on a key and an element's index alone.
//
// The mask is never stored: forward and backward pass ask for the same key. Every path (fused loops,
// plain ATen) gives the same mask, so that they can be compared with dropout on.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>

namespace vitrine::nn {

/// Where dropout happens: one key per place, step and layer.
struct Dropout {
  uint64_t key = 0;
  double p = 0;  // probability of 0; 0 = off

  bool on() const { return p > 0; }
  uint32_t threshold() const { return static_cast<uint32_t>(p * 4294967296.0); }  // hash below it: dropped
  float scale() const { return static_cast<float>(1.0 / (1.0 - p)); }
};

/// 32 random bits of element `idx`. Two multiply-xorshift rounds (constants: Wellons, "lowbias32").
inline uint32_t dropout_bits(uint64_t key, uint32_t idx) {
  uint32_t x = idx * 0x9e3779b1u + static_cast<uint32_t>(key);
  x ^= x >> 16;
  x *= 0x7feb352du;
  x ^= (x >> 15) ^ static_cast<uint32_t>(key >> 32);
  x *= 0x846ca68bu;
  return x ^ (x >> 16);
}

/// [numel] float32 on `device`: 0 or 1/(1-p) for the elements first .. first + numel - 1.
at::Tensor dropout_mask(const Dropout& dropout, int64_t first, int64_t numel, const at::Device& device);

/// The same by tensor operations on the device of `idx`: for each element idx and key (bits of a uint64_t as
/// int64, broadcast against idx). Returns float32 of the broadcast shape.
at::Tensor dropout_mask_by_ops(const at::Tensor& idx, const at::Tensor& keys, double p);

/// x times its mask; x itself when dropout is off. Differentiable.
at::Tensor dropout(const at::Tensor& x, const Dropout& dropout, int64_t first = 0);

}  // namespace vitrine::nn
