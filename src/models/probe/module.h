// models/probe/module.h - the attribute probe's pass: which class a product picture is of.
//
// Residual blocks as in models/resnet_block.h (He et al. 2016, pre-activation, with group norms), the mean over the picture, one
// matrix.
#pragma once
#include <ATen/core/Tensor.h>

#include "models/probe/config.h"
#include "nn/tensor_scope.h"

namespace vitrine::models {

struct ProbeOutput {
  at::Tensor logits;    // [B, classes] float32
  at::Tensor features;  // [B, C] float32: before the last matrix, for distances between sets of pictures
};

/// pictures [B, 3, H, W] from -1 to 1; sides of at least 2^levels.
ProbeOutput probe_forward(const ProbeConfig& config, const nn::TensorScope& scope, const at::Tensor& pictures);

}  // namespace vitrine::models
