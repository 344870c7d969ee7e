#include "nn/tensor_scope.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "base/error.h"

namespace vitrine::nn {

at::Tensor FrozenTensors::get(const std::string& name) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) throw NotFound(concat("[FrozenTensors] no tensor is named ", name));
  return found->second;
}

at::Tensor FrozenTensors::laid_out(const std::string& name, const Layout& layout) const {
  const std::lock_guard lock(mutex_);
  at::Tensor& kept = laid_out_[concat(name, " ", layout.name)];
  if (!kept.defined()) kept = layout.make(get(name));
  return kept;
}

at::Tensor TrainedTensors::get(const std::string& name) const {
  const at::Tensor& leaf = parameters_->value(name);
  if (leaf.scalar_type() == dtype_) return leaf;
  // A cast without graph, as of the first pass of a checkpointed part, must not stand for one with gradient later.
  if (!at::GradMode::is_enabled()) return leaf.to(dtype_);
  const auto [place, is_new] = casts_.try_emplace(name);
  if (is_new) place->second = leaf.to(dtype_);
  return place->second;
}

TensorScope TensorScope::operator/(std::string_view child) const {
  return TensorScope(*source_, concat(prefix_, child, "."));
}

TensorScope TensorScope::child(std::string_view list, int64_t idx) const {
  return TensorScope(*source_, concat(prefix_, list, ".", idx, "."));
}

}  // namespace vitrine::nn
