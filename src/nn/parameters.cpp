#include "nn/parameters.h"

#include <ATen/ATen.h>

#include "base/error.h"

namespace vitrine::nn {
namespace {

constexpr int64_t kAlignment = 16;  // elements: 64 bytes of float32, a cache line

int64_t numel_of(const std::vector<int64_t>& shape) {
  int64_t numel = 1;
  for (const int64_t size : shape) numel *= size;
  return numel;
}

}  // namespace

ParameterStore::ParameterStore(std::vector<ParameterSpec> specs, const at::Device& device)
    : specs_(std::move(specs)) {
  for (size_t i = 0; i < specs_.size(); ++i) {
    const int64_t numel = numel_of(specs_[i].shape);
    VITRINE_REQUIRE(index_.emplace(specs_[i].name, i).second, "[ParameterStore] ", specs_[i].name, ": given twice");
    slices_.push_back({0, numel});
  }
  const int64_t offset = lay_out();
  const auto options = at::TensorOptions().dtype(at::kFloat).device(device);
  values_ = at::zeros({offset}, options);
  gradients_ = at::zeros({offset}, options);
  for (size_t i = 0; i < specs_.size(); ++i) {
    leaves_.push_back(view_of(values_, i).detach().requires_grad_(true));
    leaves_.back().mutable_grad() = view_of(gradients_, i);
  }
}

int64_t ParameterStore::lay_out() {
  int64_t offset = 0;
  for (const bool decay : {true, false}) {
    for (size_t i = 0; i < specs_.size(); ++i) {
      if (specs_[i].decay != decay) continue;
      slices_[i].offset = offset;
      offset += (slices_[i].numel + kAlignment - 1) / kAlignment * kAlignment;
    }
    if (decay) num_decayed_ = offset;
  }
  return offset;
}

int64_t ParameterStore::numel() const {
  int64_t numel = 0;
  for (const ParameterSlice& slice : slices_) numel += slice.numel;
  return numel;
}

const at::Tensor& ParameterStore::compute_copy() {
  if (!compute_.defined()) refresh_compute_copy();
  return compute_;
}

void ParameterStore::refresh_compute_copy() {
  if (!compute_.defined()) compute_ = at::empty_like(values_, values_.options().dtype(at::kBFloat16));
  compute_.copy_(values_);
}

size_t ParameterStore::index(std::string_view name) const {
  const auto found = index_.find(std::string(name));
  if (found == index_.end()) throw NotFound(concat("[ParameterStore] no parameter is named ", name));
  return found->second;
}

at::Tensor ParameterStore::view_of(const at::Tensor& flat, size_t idx) const {
  return flat.narrow(0, slices_[idx].offset, slices_[idx].numel).view(specs_[idx].shape);
}

}  // namespace vitrine::nn
