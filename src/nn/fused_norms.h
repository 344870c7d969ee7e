// nn/fused_norms.h - norms and gates on own CPU loops, differentiable by autograd; several passes over memory in one.
//
// float32 and bfloat16; statistics and sums are float32, in blocks of rows of fixed size, so that results do not depend
// on the threads. The truth of each is the function of ATen of that name.
#pragma once
#include <ATen/core/Tensor.h>

namespace vitrine::nn::fused {

struct GroupNormOptions {
  int64_t num_groups;
  double epsilon;
  bool silu;  // then x * sigmoid(x)
};

/// Whether there are loops for x [B, C, H, W]: on the CPU, in channels-last memory.
bool group_norm_takes(const at::Tensor& x);
/// x [B, C, H, W]; weight, bias [C] in the type of x
at::Tensor group_norm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, const GroupNormOptions& options);

/// Whether there are loops for rows x [.., C]: on the CPU, contiguous.
bool takes_rows(const at::Tensor& x);
/// x [.., C]; weight, bias [C] in the type of x
at::Tensor layer_norm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, double epsilon);
/// x [.., 2 N] = (a, b) -> a * gelu(b) [.., N]
at::Tensor geglu(const at::Tensor& x);

}  // namespace vitrine::nn::fused
