// nn/tensor_scope.h - where a model's pass takes its tensors from: one name space for frozen and trained ones.
//
// A pass is written once, over a scope. Serving gives it tensors of the computing type; training gives it float32
// parameters that are cast once a step; an adapter changes what a name gives.
#pragma once
#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "nn/parameters.h"

namespace vitrine::nn {

/// How a layer wants a weight that does not change; made once and kept.
struct Layout {
  std::string name;  // two layouts of one weight have two names
  std::function<at::Tensor(const at::Tensor& weight)> make;
};

/// Read by the thread that runs the pass; where nothing changes, by any.
class TensorSource {
 public:
  virtual ~TensorSource() = default;
  /// The tensor of that full name, in the type of the computation. Throws NotFound.
  virtual at::Tensor get(const std::string& name) const = 0;
  virtual bool has(const std::string& name) const = 0;
  /// The tensor as `layout` makes it, kept from the first call on; undefined where tensors may change. Throws NotFound.
  virtual at::Tensor laid_out(const std::string& /*name*/, const Layout& /*layout*/) const { return {}; }
};

/// Tensors that do not change.
class FrozenTensors final : public TensorSource {
 public:
  explicit FrozenTensors(std::unordered_map<std::string, at::Tensor> tensors) : tensors_(std::move(tensors)) {}
  at::Tensor get(const std::string& name) const override;
  bool has(const std::string& name) const override { return tensors_.contains(name); }
  at::Tensor laid_out(const std::string& name, const Layout& layout) const override;
  const std::unordered_map<std::string, at::Tensor>& tensors() const { return tensors_; }

 private:
  std::unordered_map<std::string, at::Tensor> tensors_;
  mutable std::mutex mutex_;
  mutable std::unordered_map<std::string, at::Tensor> laid_out_;  // by name and layout
};

/// Parameters in training: float32 leaves, cast to `dtype` once between two calls of weights_changed(), without gradient each time.
class TrainedTensors final : public TensorSource {
 public:
  TrainedTensors(const ParameterStore& parameters, at::ScalarType dtype) : parameters_(&parameters), dtype_(dtype) {}
  at::Tensor get(const std::string& name) const override;
  bool has(const std::string& name) const override { return parameters_->has(name); }
  /// Forgets the casts. To be called after each backward pass, which frees their graph, and after each step.
  void weights_changed() { casts_.clear(); }

 private:
  const ParameterStore* parameters_;
  at::ScalarType dtype_;
  mutable std::unordered_map<std::string, at::Tensor> casts_;
};

/// A part of a source under its own names: get("conv_in.weight") gives prefix + "conv_in.weight".
class PrefixedTensors final : public TensorSource {
 public:
  /// `source` must outlive it; prefix: such as "unet."
  PrefixedTensors(const TensorSource& source, std::string prefix) : source_(&source), prefix_(std::move(prefix)) {}
  at::Tensor get(const std::string& name) const override { return source_->get(prefix_ + name); }
  bool has(const std::string& name) const override { return source_->has(prefix_ + name); }
  at::Tensor laid_out(const std::string& name, const Layout& layout) const override { return source_->laid_out(prefix_ + name, layout); }

 private:
  const TensorSource* source_;
  std::string prefix_;
};

/// A source seen from inside one module: names without the module's own path. Cheap to copy; the source must outlive it.
class TensorScope {
 public:
  explicit TensorScope(const TensorSource& source, std::string prefix = "") : source_(&source), prefix_(std::move(prefix)) {}

  /// The scope of a child: TensorScope(source) / "down_blocks.0" / "resnets.1".
  TensorScope operator/(std::string_view child) const;
  TensorScope child(std::string_view list, int64_t idx) const;  // "resnets", 1
  at::Tensor operator[](std::string_view name) const { return source_->get(full(name)); }
  bool has(std::string_view name) const { return source_->has(full(name)); }
  at::Tensor laid_out(std::string_view name, const Layout& layout) const { return source_->laid_out(full(name), layout); }
  std::string full(std::string_view name) const { return prefix_ + std::string(name); }

 private:
  const TensorSource* source_;
  std::string prefix_;  // "" or ends in "."
};

}  // namespace vitrine::nn
