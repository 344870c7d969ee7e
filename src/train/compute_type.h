// train/compute_type.h - the type that a training run computes in.
#pragma once
#include <ATen/core/Tensor.h>

#include <string>

#include "models/trainable.h"

namespace vitrine::train {

/// What the setting `dtype` says. "auto": bfloat16 on any device that is not the CPU and on processors that multiply it
/// (AVX512_BF16, AMX); float32 elsewhere, where bfloat16 is emulated: 14 times slower than float32 on Zen 3.
/// parameters: of the model that is trained.
models::ComputeType compute_type(const std::string& dtype, const at::Tensor& parameters);

/// "float32", "bfloat16".
const char* name_of(models::ComputeType type);

}  // namespace vitrine::train
