// nn/parameters.h - all parameters of a model in one flat buffer, with a named view for each.
//
// One buffer lets the optimizer, the gradient norm, averaging and the state file be single loops.
#pragma once
#include <ATen/core/Tensor.h>

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace vitrine::nn {

struct ParameterSpec {
  std::string name;            // as in the checkpoint
  std::vector<int64_t> shape;
  bool decay = true;           // whether weight decay applies: matrices yes, biases and norms no
};

/// A run of the flat buffer that belongs to one parameter; offsets are multiples of 16 elements.
struct ParameterSlice {
  int64_t offset = 0;
  int64_t numel = 0;
};

class ParameterStore {
 public:
  /// Values and gradients are zero. Throws InvalidInput for a name that is given twice.
  ParameterStore(std::vector<ParameterSpec> specs, const at::Device& device);

  const std::vector<ParameterSpec>& specs() const { return specs_; }
  const std::vector<ParameterSlice>& slices() const { return slices_; }
  at::Device device() const { return values_.device(); }
  int64_t numel() const;  // parameters, without the gaps between them

  /// The parameters with weight decay lie before this element of the flat buffers.
  int64_t num_decayed() const { return num_decayed_; }

  /// [P] float32: master weights and gradients; P includes gaps, which stay 0.
  const at::Tensor& values() const { return values_; }
  const at::Tensor& gradients() const { return gradients_; }

  /// [P] bfloat16 copy of the values for computing, as of the last refresh_compute_copy().
  const at::Tensor& compute_copy();
  void refresh_compute_copy();

  /// A view of the values of one parameter; a leaf of autograd whose gradient is a view of
  /// gradients(). Throws NotFound.
  const at::Tensor& value(std::string_view name) const { return leaves_[index(name)]; }
  at::Tensor gradient(std::string_view name) const { return view_of(gradients_, index(name)); }
  at::Tensor compute_value(std::string_view name) { return view_of(compute_copy(), index(name)); }
  bool has(std::string_view name) const { return index_.contains(std::string(name)); }
  size_t index(std::string_view name) const;

 private:
  int64_t lay_out();  // sets the offsets, decayed parameters first; returns P
  at::Tensor view_of(const at::Tensor& flat, size_t idx) const;

  std::vector<ParameterSpec> specs_;
  std::vector<ParameterSlice> slices_;
  std::unordered_map<std::string, size_t> index_;
  int64_t num_decayed_ = 0;
  at::Tensor values_, gradients_, compute_;
  std::vector<at::Tensor> leaves_;
};

}  // namespace vitrine::nn
