#include "nn/padding.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <vector>

namespace vitrine::nn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

at::Tensor spread(const at::Tensor& x, const at::Tensor& places, int64_t rows) {
  return at::zeros({rows, x.size(1)}, x.options()).index_copy_(0, places, x);
}

/// Each is the other's gradient. The gradient that autograd has for index_select adds row by row.
struct Pad : torch::autograd::Function<Pad> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& places,
                            int64_t rows) {
    context->save_for_backward({places});
    return spread(x, places, rows);
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    return {gradients[0].index_select(0, context->get_saved_variables()[0]), {}, {}};
  }
};

struct Unpad : torch::autograd::Function<Unpad> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x,
                            const at::Tensor& places) {
    context->save_for_backward({places});
    context->saved_data["rows"] = x.size(0);
    return x.index_select(0, places);
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    return {spread(gradients[0].contiguous(), context->get_saved_variables()[0],
                   context->saved_data["rows"].toInt()),
            {}};
  }
};

}  // namespace

Padding padding_of(std::span<const int32_t> cu_seqlens, const at::Device& device) {
  Padding padding;
  padding.documents = static_cast<int64_t>(cu_seqlens.size()) - 1;
  std::vector<int64_t> lengths, places;
  for (size_t d = 0; d + 1 < cu_seqlens.size(); ++d) {
    lengths.push_back(cu_seqlens[d + 1] - cu_seqlens[d]);
    padding.longest = std::max(padding.longest, lengths.back());
  }
  for (size_t d = 0; d < lengths.size(); ++d) {
    for (int64_t i = 0; i < lengths[d]; ++i) {
      places.push_back(static_cast<int64_t>(d) * padding.longest + i);
    }
  }
  padding.places = at::tensor(places, at::kLong).to(device);
  const at::Tensor positions = at::arange(padding.longest, at::kLong);
  padding.is_token = (positions.view({1, -1}) < at::tensor(lengths, at::kLong).view({-1, 1}))
                         .view({padding.documents, 1, 1, padding.longest})
                         .to(device);
  return padding;
}

at::Tensor pad_rows(const at::Tensor& x, const Padding& padding) {
  return Pad::apply(x, padding.places, padding.documents * padding.longest);
}

at::Tensor unpad_rows(const at::Tensor& x, const Padding& padding) {
  return Unpad::apply(x, padding.places);
}

}  // namespace vitrine::nn
