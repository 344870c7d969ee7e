// train/compute_type.h - the type that a training run computes in.
#pragma once
#include <ATen/core/Tensor.h>

#include <string>

#include "models/trainable.h"

namespace vitrine::train {

/// What the setting `dtype` says. "auto": bfloat16 on any device that is not the CPU, and on processors that multiply it (AVX512_BF16,
/// AMX) faster than float32, which is measured once. Measured: 1.9 times as fast on Zen 5; 0.55 times on a Xeon with AVX512_BF16
/// whose AMX was hidden; 0.07 times on Zen 3, which emulates it.
/// parameters: of the model that is trained.
models::ComputeType compute_type(const std::string& dtype, const at::Tensor& parameters);

/// "float32", "bfloat16".
const char* name_of(models::ComputeType type);

}  // namespace vitrine::train
