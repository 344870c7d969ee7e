// nn/initialize.h - random values of new parameters.
#pragma once
#include <ATen/core/Tensor.h>

#include "base/random.h"

namespace vitrine::nn {

/// Normal(0, stddev) into `values` (any shape, float32, any device); the same key gives the same values everywhere.
void fill_normal(const at::Tensor& values, double stddev, RandomKey key);

}  // namespace vitrine::nn
