#include "nn/frozen_layers.h"

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>

#include <functional>
#include <string>
#include <vector>

#include "kernels/isa.h"

namespace vitrine::nn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

bool takes(const at::Tensor& x) {
  return lays_out_weights() && x.is_cpu() && (x.scalar_type() == at::kBFloat16 || x.scalar_type() == at::kFloat) && x.numel() > 0;
}

bool needs_gradient(const at::Tensor& x, const at::Tensor& added) {
  return c10::GradMode::is_enabled() && (x.requires_grad() || (added.defined() && added.requires_grad()));
}

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

at::Tensor linear_of(const at::Tensor& x, const at::Tensor& weight, const std::optional<at::Tensor>& bias, const at::Tensor& added = {}) {
  if (added.defined()) return call("mkldnn::_linear_pointwise", "binary", x, added.contiguous(), weight, bias, std::string("add"));
  return call("mkldnn::_linear_pointwise", "", x, weight, bias, std::string("none"), Scalars(), std::optional<std::string>());
}

struct ConvShape {
  int64_t stride, padding;
};
at::Tensor conv_of(const at::Tensor& x, const at::Tensor& weight, const std::optional<at::Tensor>& bias, const ConvShape& shape,
                   const at::Tensor& added = {}) {
  const at::Tensor in = x.contiguous(at::MemoryFormat::ChannelsLast);
  const Ints padding(2, shape.padding), stride(2, shape.stride), dilation(2, 1);
  constexpr int64_t kGroups = 1;
  if (!added.defined()) {
    return call("mkldnn::_convolution_pointwise", "", in, weight, bias, padding, stride, dilation, kGroups, std::string("none"), Scalars(),
                std::optional<std::string>());
  }
  return call("mkldnn::_convolution_pointwise", "binary", in, added.contiguous(at::MemoryFormat::ChannelsLast), weight, bias, padding, stride, dilation, kGroups,
              std::string("add"), c10::IValue(), std::optional<std::string>(), Scalars(), std::optional<std::string>());
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

/// An argument of a Function must not be an undefined tensor.
using MaybeTensor = std::optional<at::Tensor>;
MaybeTensor if_defined(const at::Tensor& tensor) { return tensor.defined() ? MaybeTensor(tensor) : std::nullopt; }

at::Tensor added_gradient(AutogradContext& context, const variable_list& gradients) {
  return context.saved_data["adds"].toBool() ? gradients[0] : at::Tensor();
}

class FrozenLinear : public torch::autograd::Function<FrozenLinear> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const MaybeTensor& added, const Weights& weights) {
    context->saved_data["weight"] = weights.backward;
    context->saved_data["adds"] = added.has_value();
    return linear_of(x, weights.forward, weights.bias, added.value_or(at::Tensor()));
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    return {linear_of(gradients[0].contiguous(), context->saved_data["weight"].toTensor(), std::nullopt), added_gradient(*context, gradients), {}};
  }
};

/// The gradient of a convolution's input is a convolution by the turned kernel, where the stride is 1.
class FrozenConv : public torch::autograd::Function<FrozenConv> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const MaybeTensor& added, const Weights& weights, int64_t padding, int64_t kernel) {
    context->saved_data["weight"] = weights.backward;
    context->saved_data["padding"] = kernel - 1 - padding;
    context->saved_data["adds"] = added.has_value();
    return conv_of(x, weights.forward, weights.bias, {1, padding}, added.value_or(at::Tensor()));
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const ConvShape shape{1, context->saved_data["padding"].toInt()};
    return {conv_of(gradients[0], context->saved_data["weight"].toTensor(), std::nullopt, shape), added_gradient(*context, gradients), {}, {}, {}};
  }
};

/// A convolution by what `kernel_of` makes of the scope's weight.
struct Kernel {
  std::string layout;  // its name
  std::function<at::Tensor(const at::Tensor& weight)> kernel_of;
  std::optional<at::Tensor> bias;
  at::Tensor added = {};  // to the result
};

at::Tensor turned(const at::Tensor& kernel) { return kernel.flip({2, 3}).transpose(0, 1).contiguous(); }

at::Tensor convolved(const at::Tensor& x, const TensorScope& scope, const ConvShape& shape, const Kernel& kernel) {
  const bool has_gradient = needs_gradient(x, kernel.added);
  if (!takes(x) || (has_gradient && shape.stride != 1)) return {};
  const auto laid_out = [&](const std::string& name, const auto& make) {
    const at::NoGradGuard no_grad;
    return scope.laid_out("weight", {name, [&](const at::Tensor& weight) { return make(kernel.kernel_of(weight)); }});
  };
  Weights weights{laid_out(kernel.layout, [&](const at::Tensor& made) { return lay_out_conv(made, shape, x.sizes()); }), {}, kernel.bias};
  if (!weights.forward.defined()) return {};
  if (!has_gradient) return conv_of(x, weights.forward, weights.bias, shape, kernel.added);
  const int64_t side = weights.forward.size(2), wider = 2 * shape.padding - side + 1;
  weights.backward = laid_out(kernel.layout + " backward", [&](const at::Tensor& made) {
    return lay_out_conv(turned(made), {1, side - 1 - shape.padding}, Ints{x.size(0), made.size(0), x.size(2) + wider, x.size(3) + wider});
  });
  return FrozenConv::apply(x, if_defined(kernel.added), weights, shape.padding, side);
}

// ---- doubled pixels

constexpr int64_t kPhases = 4;  // places within a doubled pixel: above left, above right, below left, below right

/// The taps of three rows (or columns) on two: doubled pixel 2 i lies beside i - 1 and i, 2 i + 1 beside i and i + 1.
at::Tensor two_taps(const at::Tensor& kernel, int64_t dim, int64_t phase) {
  const at::Tensor first = kernel.select(dim, 0), middle = kernel.select(dim, 1), last = kernel.select(dim, 2);
  return phase == 0 ? at::stack({first, middle + last}, dim) : at::stack({first + middle, last}, dim);
}

/// [N, C, 3, 3] -> [4 N, C, 2, 2], phase by phase; summed in float32.
at::Tensor phase_kernels(const at::Tensor& weight) {
  const at::Tensor exact = weight.to(at::kFloat);
  std::vector<at::Tensor> kernels;
  for (const int64_t row : {0, 1}) {
    for (const int64_t column : {0, 1}) kernels.push_back(two_taps(two_taps(exact, 2, row), 3, column));
  }
  return at::cat(kernels).to(weight.scalar_type()).contiguous(at::MemoryFormat::ChannelsLast);
}

/// phases [B, 4 N, H + 1, W + 1] -> [B, N, 2 H, 2 W], channels-last: phase (a, b) of pixel (i, j) lies at (i + a, j + b).
at::Tensor interleaved(const at::Tensor& phases) {
  const int64_t B = phases.size(0), N = phases.size(1) / kPhases, H = phases.size(2) - 1, W = phases.size(3) - 1;
  const at::Tensor rows = phases.contiguous(at::MemoryFormat::ChannelsLast).permute({0, 2, 3, 1});  // [B, H + 1, W + 1, 4 N]
  const int64_t down = rows.stride(1), right = rows.stride(2);
  const at::Tensor picture = rows.as_strided({B, H, 2, W, 2, N}, {rows.stride(0), down, down + 2 * N, right, right + N, 1});
  return picture.reshape({B, 2 * H, 2 * W, N}).permute({0, 3, 1, 2});
}

}  // namespace

bool lays_out_weights() {
  static const bool has_products = kernels::isa_in_force() >= kernels::Isa::avx512;
  return has_products;
}

at::Tensor frozen_linear(const at::Tensor& x, const TensorScope& scope, const at::Tensor& added) {
  if (!takes(x)) return {};
  const bool has_gradient = needs_gradient(x, added);
  const int64_t rows = x.numel() / x.size(-1);
  const auto laid_out = [&](const char* name, const auto& matrix_of) {
    const at::NoGradGuard no_grad;
    return scope.laid_out("weight", {name, [&](const at::Tensor& weight) { return lay_out_linear(matrix_of(weight), rows); }});
  };
  Weights weights{laid_out("linear", as_matrix), {}, bias_of(scope)};
  if (!weights.forward.defined()) return {};
  if (!has_gradient) return linear_of(x, weights.forward, weights.bias, added);
  weights.backward = laid_out("linear backward", [](const at::Tensor& weight) { return as_matrix(weight).t().contiguous(); });
  return FrozenLinear::apply(x, if_defined(added), weights);
}

at::Tensor frozen_conv2d(const at::Tensor& x, const TensorScope& scope, int64_t stride, int64_t padding, const Added& added) {
  if (!takes(x)) return {};
  auto bias = bias_of(scope);
  if (added.channels.defined()) bias = bias ? *bias + added.channels : added.channels;
  return convolved(x, scope, {stride, padding}, {"convolution", [](const at::Tensor& weight) { return weight; }, bias, added.picture});
}

at::Tensor frozen_upsampled_conv2d(const at::Tensor& x, const TensorScope& scope) {
  if (!takes(x)) return {};
  auto bias = bias_of(scope);
  if (bias) bias = bias->repeat({kPhases});
  const at::Tensor phases = convolved(x, scope, {1, 1}, {"upsampled convolution", phase_kernels, bias});
  return phases.defined() ? interleaved(phases) : at::Tensor();
}

}  // namespace vitrine::nn
