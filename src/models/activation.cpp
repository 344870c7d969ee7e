#include "models/activation.h"

#include <ATen/ATen.h>

#include "base/error.h"

namespace vitrine::models {

at::Tensor activation(std::string_view name, const at::Tensor& x) {
  if (name == "gelu") return at::gelu(x);
  if (name == "gelu_new") return at::gelu(x, "tanh");
  if (name == "relu") return at::relu(x);
  if (name == "quick_gelu") return x * at::sigmoid(1.702 * x);
  throw InvalidInput(concat("[activation] expected gelu, gelu_new, relu or quick_gelu, got '", name, "'"));
}

}  // namespace vitrine::models
