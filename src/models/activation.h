// models/activation.h - the activations that config.json files name, differentiable by autograd.
#pragma once
#include <ATen/core/Tensor.h>

#include <string_view>

namespace vitrine::models {

/// gelu, gelu_new (tanh form), relu or quick_gelu (x sigmoid(1.702 x)). Throws InvalidInput for another name.
at::Tensor activation(std::string_view name, const at::Tensor& x);

}  // namespace vitrine::models
