// models/resnet_block.h - the residual block that UNet and VAE are made of.
#pragma once
#include <ATen/core/Tensor.h>

#include "nn/picture_ops.h"

namespace vitrine::models {

struct ResnetConfig {
  int64_t norm_num_groups = 32;
  double norm_eps = 1e-5;
};

/// x + conv2(silu(norm2(conv1(silu(norm1(x))) + time_emb_proj(time)))), the first x by conv_shortcut where widths differ.
///   x [B, C, H, W]; time [B, K] or, the same for all, [1, K] after its activation; undefined = none.  Returns [B, N, H, W].
at::Tensor resnet_block(const nn::TensorScope& scope, const at::Tensor& x, const at::Tensor& time, const ResnetConfig& config);

}  // namespace vitrine::models
