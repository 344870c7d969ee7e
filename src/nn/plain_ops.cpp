#include "nn/plain_ops.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/random.h"

namespace vitrine::nn::plain {
namespace {

/// [NH, Td, Td]
at::Tensor attention_mask(int64_t num_heads, int64_t length, int64_t start, const Dropout& dropout,
                          const at::Device& device) {
  std::vector<at::Tensor> heads;
  for (int64_t head = 0; head < num_heads; ++head) {
    heads.push_back(dropout_mask(attention_dropout(dropout, start, head), 0, length * length, device));
  }
  return at::stack(heads).view({num_heads, length, length});
}

/// qkv of one document [Td, 3C] -> [Td, C]
at::Tensor attend(const at::Tensor& qkv, int64_t start, int64_t num_heads, double scale, const Dropout& dropout) {
  const int64_t length = qkv.size(0);
  const at::Tensor heads = qkv.view({length, 3, num_heads, -1}).permute({1, 2, 0, 3});  // [3, NH, Td, HS]
  at::Tensor scores = at::matmul(heads[0], heads[1].transpose(1, 2)).to(at::kFloat) * scale;  // [NH, Td, Td]
  const at::Tensor future = at::ones({length, length}, scores.options().dtype(at::kBool)).triu(1);
  at::Tensor probs = at::softmax(scores.masked_fill(future, -INFINITY), -1);
  if (dropout.on()) probs = probs * attention_mask(num_heads, length, start, dropout, qkv.device());
  const at::Tensor out = at::matmul(probs.to(qkv.scalar_type()), heads[2]);  // [NH, Td, HS]
  return out.transpose(0, 1).reshape({length, -1});
}

/// Documents as rows of a rectangle.
struct Padding {
  int64_t documents = 0, longest = 0;
  std::vector<int64_t> rows;   // [documents * longest] row of the packed batch, 0 in the padding
  std::vector<int64_t> valid;  // [T] place in the rectangle
};

Padding padding_of(std::span<const int32_t> cu_seqlens) {
  Padding padding;
  padding.documents = static_cast<int64_t>(cu_seqlens.size()) - 1;
  for (size_t d = 0; d + 1 < cu_seqlens.size(); ++d) {
    padding.longest = std::max<int64_t>(padding.longest, cu_seqlens[d + 1] - cu_seqlens[d]);
  }
  padding.rows.assign(static_cast<size_t>(padding.documents * padding.longest), 0);
  for (size_t d = 0; d + 1 < cu_seqlens.size(); ++d) {
    for (int32_t row = cu_seqlens[d]; row < cu_seqlens[d + 1]; ++row) {
      const int64_t place = static_cast<int64_t>(d) * padding.longest + row - cu_seqlens[d];
      padding.rows[static_cast<size_t>(place)] = row;
      padding.valid.push_back(place);
    }
  }
  return padding;
}

/// [D, NH, Tmax, Tmax], equal to attention_mask inside each document
at::Tensor padded_mask(std::span<const int32_t> cu_seqlens, const Padding& padding, int64_t num_heads, const Dropout& dropout,
                       const at::Device& device) {
  std::vector<int64_t> keys, lengths;
  for (size_t d = 0; d + 1 < cu_seqlens.size(); ++d) {
    lengths.push_back(cu_seqlens[d + 1] - cu_seqlens[d]);
    for (int64_t head = 0; head < num_heads; ++head) {
      keys.push_back(static_cast<int64_t>(attention_dropout(dropout, cu_seqlens[d], head).key));
    }
  }
  const auto on_device = [&](const std::vector<int64_t>& values) { return at::tensor(values, at::kLong).to(device); };
  const at::Tensor i = at::arange(padding.longest, at::TensorOptions().dtype(at::kLong).device(device));
  const at::Tensor idx = i.view({1, 1, -1, 1}) * on_device(lengths).view({-1, 1, 1, 1}) + i.view({1, 1, 1, -1});
  return dropout_mask_by_ops(idx, on_device(keys).view({-1, num_heads, 1, 1}), dropout.p);
}

}  // namespace

Dropout attention_dropout(const Dropout& dropout, int64_t document_start, int64_t head) {
  const auto place = static_cast<uint64_t>(document_start) << 20 | static_cast<uint64_t>(head);
  return {mix64(dropout.key ^ mix64(place)), dropout.p};
}

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, at::ScalarType dtype) {
  return at::addmm(bias.to(dtype), x.to(dtype), weight.to(dtype));
}

at::Tensor packed_attention(const at::Tensor& qkv, std::span<const int32_t> cu_seqlens, int64_t num_heads,
                            double scale, const Dropout& dropout) {
  if (!qkv.is_cpu()) return padded_attention(qkv, cu_seqlens, num_heads, scale, dropout);
  std::vector<at::Tensor> parts;
  for (size_t d = 0; d + 1 < cu_seqlens.size(); ++d) {
    const int64_t start = cu_seqlens[d];
    parts.push_back(attend(qkv.narrow(0, start, cu_seqlens[d + 1] - start), start, num_heads, scale, dropout));
  }
  return at::cat(parts, 0);
}

at::Tensor padded_attention(const at::Tensor& qkv, std::span<const int32_t> cu_seqlens, int64_t num_heads, double scale,
                            const Dropout& dropout) {
  const Padding padding = padding_of(cu_seqlens);
  const at::Tensor rows = at::tensor(padding.rows, at::kLong).to(qkv.device());
  // [3, D, NH, Tmax, HS]; padding repeats row 0 behind each document, where no query of the document looks
  const at::Tensor heads = qkv.index_select(0, rows)
                               .view({padding.documents, padding.longest, 3, num_heads, -1})
                               .permute({2, 0, 3, 1, 4});
  at::Tensor out;
  if (dropout.on()) {
    const at::Tensor scores = at::matmul(heads[0], heads[1].transpose(-1, -2)).to(at::kFloat) * scale;
    const at::Tensor future = at::ones({padding.longest, padding.longest}, scores.options().dtype(at::kBool)).triu(1);
    const at::Tensor probs = at::softmax(scores.masked_fill(future, -INFINITY), -1) *
                             padded_mask(cu_seqlens, padding, num_heads, dropout, qkv.device());
    out = at::matmul(probs.to(qkv.scalar_type()), heads[2]);
  } else {
    out = at::scaled_dot_product_attention(heads[0], heads[1], heads[2], {}, 0.0, /*is_causal=*/true, scale);
  }
  const at::Tensor valid = at::tensor(padding.valid, at::kLong).to(qkv.device());
  return out.transpose(1, 2).reshape({padding.documents * padding.longest, -1}).index_select(0, valid);
}

at::Tensor cross_entropy_sum(const at::Tensor& logits, const at::Tensor& labels, double label_smoothing) {
  const at::Tensor logp = at::log_softmax(logits.to(at::kFloat), -1);
  const at::Tensor nll = -logp.gather(1, labels.unsqueeze(1)).sum();
  if (label_smoothing == 0) return nll;
  return (1 - label_smoothing) * nll - label_smoothing * logp.mean(-1).sum();
}

}  // namespace vitrine::nn::plain
