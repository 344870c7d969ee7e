#include "nn/checkpointing.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include <memory>

namespace vitrine::nn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// The function travels through the saved data of the context, which takes tensors and objects of this kind.
struct KeptFunction final : torch::CustomClassHolder {
  explicit KeptFunction(CheckpointedFunction given) : function(std::move(given)) {}
  CheckpointedFunction function;
};

std::vector<at::Tensor> detached(const variable_list& inputs) {
  std::vector<at::Tensor> result;
  for (const at::Tensor& input : inputs) {
    result.push_back(input.detach());
    if (input.requires_grad()) result.back().requires_grad_(true);
  }
  return result;
}

class Checkpointed final : public torch::autograd::Function<Checkpointed> {
 public:
  static at::Tensor forward(AutogradContext* context, const c10::intrusive_ptr<KeptFunction>& kept, at::TensorList inputs) {
    context->save_for_backward(inputs.vec());
    context->saved_data["function"] = c10::IValue::make_capsule(kept);
    const at::NoGradGuard no_grad;
    return kept->function(inputs.vec());
  }

  static variable_list backward(AutogradContext* context, const variable_list& d_output) {
    const auto kept = c10::static_intrusive_pointer_cast<KeptFunction>(context->saved_data["function"].toCapsule());
    const std::vector<at::Tensor> inputs = detached(context->get_saved_variables());
    {
      const at::AutoGradMode with_grad(true);
      const at::Tensor output = kept->function(inputs);
      if (output.requires_grad()) torch::autograd::backward({output}, {d_output[0]});  // it may depend on none of them
    }
    variable_list d_inputs{at::Tensor()};  // none for the function
    for (const at::Tensor& input : inputs) d_inputs.push_back(input.grad());
    return d_inputs;
  }
};

}  // namespace

at::Tensor checkpointed(const std::vector<at::Tensor>& inputs, const CheckpointedFunction& function) {
  if (!at::GradMode::is_enabled()) return function(inputs);
  return Checkpointed::apply(c10::make_intrusive<KeptFunction>(function), at::TensorList(inputs));
}

}  // namespace vitrine::nn
