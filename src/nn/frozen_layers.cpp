#include "nn/frozen_layers.h"

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>

#include <string>
#include <vector>

#include "kernels/isa.h"

namespace vitrine::nn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

bool takes(const at::Tensor& x) {
  static const bool has_products = kernels::isa_in_force() >= kernels::Isa::avx512;
  return has_products && x.is_cpu() && x.scalar_type() == at::kBFloat16 && x.numel() > 0;
}

bool needs_gradient(const at::Tensor& x) { return c10::GradMode::is_enabled() && x.requires_grad(); }

std::optional<at::Tensor> bias_of(const TensorScope& scope) {
  if (!scope.has("bias")) return std::nullopt;
  return scope["bias"];
}

// ---- operators of libtorch that take laid-out weights; they are internal, so they are called by name

template <typename... Arguments>
at::Tensor call(const char* name, const char* overload, Arguments... arguments) {
  const auto op = c10::Dispatcher::singleton().findSchemaOrThrow(name, overload);
  c10::Stack stack;
  (stack.push_back(c10::IValue(std::move(arguments))), ...);
  op.callBoxed(&stack);
  return stack.back().toTensor();
}

using Ints = std::vector<int64_t>;
using Scalars = c10::List<std::optional<at::Scalar>>;

at::Tensor linear_of(const at::Tensor& x, const at::Tensor& weight, const std::optional<at::Tensor>& bias) {
  return call("mkldnn::_linear_pointwise", "", x, weight, bias, std::string("none"), Scalars(), std::optional<std::string>());
}

struct ConvShape {
  int64_t stride, padding;
};
at::Tensor conv_of(const at::Tensor& x, const at::Tensor& weight, const std::optional<at::Tensor>& bias, const ConvShape& shape) {
  return call("mkldnn::_convolution_pointwise", "", x.contiguous(at::MemoryFormat::ChannelsLast), weight, bias, Ints(2, shape.padding),
              Ints(2, shape.stride), Ints(2, 1), int64_t{1}, std::string("none"), Scalars(), std::optional<std::string>());
}

at::Tensor lay_out_linear(const at::Tensor& weight, int64_t rows) {
  return call("mkldnn::_reorder_linear_weight", "", weight, std::optional<int64_t>(rows));
}
at::Tensor lay_out_conv(const at::Tensor& weight, const ConvShape& shape, at::IntArrayRef input) {
  return call("mkldnn::_reorder_convolution_weight", "", weight, Ints(2, shape.padding), Ints(2, shape.stride), Ints(2, 1), int64_t{1},
              std::optional<Ints>(input.vec()));
}

at::Tensor as_matrix(const at::Tensor& weight) { return weight.dim() == 4 ? weight.flatten(1) : weight; }

// ---- layers

/// No inputs of autograd: a Function takes what is inside as it is.
struct Weights {
  at::Tensor forward, backward;  // laid out
  std::optional<at::Tensor> bias;
};

class FrozenLinear : public torch::autograd::Function<FrozenLinear> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const Weights& weights) {
    context->saved_data["weight"] = weights.backward;
    return linear_of(x, weights.forward, weights.bias);
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    return {linear_of(gradients[0].contiguous(), context->saved_data["weight"].toTensor(), std::nullopt), {}};
  }
};

/// The gradient of a convolution's input is a convolution by the turned kernel, where the stride is 1.
class FrozenConv : public torch::autograd::Function<FrozenConv> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const Weights& weights, int64_t padding, int64_t kernel) {
    context->saved_data["weight"] = weights.backward;
    context->saved_data["padding"] = kernel - 1 - padding;
    return conv_of(x, weights.forward, weights.bias, {1, padding});
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const ConvShape shape{1, context->saved_data["padding"].toInt()};
    return {conv_of(gradients[0], context->saved_data["weight"].toTensor(), std::nullopt, shape), {}, {}, {}};
  }
};

}  // namespace

at::Tensor frozen_linear(const at::Tensor& x, const TensorScope& scope) {
  if (!takes(x)) return {};
  const bool has_gradient = needs_gradient(x);
  const int64_t rows = x.numel() / x.size(-1);
  const auto laid_out = [&](const char* name, const auto& matrix_of) {
    const at::NoGradGuard no_grad;
    return scope.laid_out("weight", {name, [&](const at::Tensor& weight) { return lay_out_linear(matrix_of(weight), rows); }});
  };
  Weights weights{laid_out("linear", as_matrix), {}, bias_of(scope)};
  if (!weights.forward.defined()) return {};
  if (!has_gradient) return linear_of(x, weights.forward, weights.bias);
  weights.backward = laid_out("linear backward", [](const at::Tensor& weight) { return as_matrix(weight).t().contiguous(); });
  return FrozenLinear::apply(x, weights);
}

at::Tensor frozen_conv2d(const at::Tensor& x, const TensorScope& scope, int64_t stride, int64_t padding) {
  const bool has_gradient = needs_gradient(x);
  if (!takes(x) || (has_gradient && stride != 1)) return {};
  const ConvShape shape{stride, padding};
  const auto laid_out = [&](const char* name, const auto& make) {
    const at::NoGradGuard no_grad;
    return scope.laid_out("weight", {name, make});
  };
  Weights weights{laid_out("convolution", [&](const at::Tensor& weight) { return lay_out_conv(weight, shape, x.sizes()); }), {}, bias_of(scope)};
  if (!weights.forward.defined()) return {};
  if (!has_gradient) return conv_of(x, weights.forward, weights.bias, shape);
  const int64_t kernel = scope["weight"].size(2);
  weights.backward = laid_out("convolution backward", [&](const at::Tensor& weight) {
    const at::Tensor turned = weight.flip({2, 3}).transpose(0, 1).contiguous();
    const Ints d_output{x.size(0), weight.size(0), x.size(2) + 2 * padding - kernel + 1, x.size(3) + 2 * padding - kernel + 1};
    return lay_out_conv(turned, {1, kernel - 1 - padding}, d_output);
  });
  return FrozenConv::apply(x, weights, padding, kernel);
}

}  // namespace vitrine::nn
