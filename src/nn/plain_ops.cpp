#include "nn/plain_ops.h"

#include <ATen/ATen.h>

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
  std::vector<at::Tensor> parts;
  for (size_t d = 0; d + 1 < cu_seqlens.size(); ++d) {
    const int64_t start = cu_seqlens[d];
    parts.push_back(attend(qkv.narrow(0, start, cu_seqlens[d + 1] - start), start, num_heads, scale, dropout));
  }
  return at::cat(parts, 0);
}

at::Tensor cross_entropy_sum(const at::Tensor& logits, const at::Tensor& labels, double label_smoothing) {
  const at::Tensor logp = at::log_softmax(logits.to(at::kFloat), -1);
  const at::Tensor nll = -logp.gather(1, labels.unsqueeze(1)).sum();
  if (label_smoothing == 0) return nll;
  return (1 - label_smoothing) * nll - label_smoothing * logp.mean(-1).sum();
}

}  // namespace vitrine::nn::plain
