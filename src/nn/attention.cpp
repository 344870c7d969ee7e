#include "nn/attention.h"

#include <ATen/ATen.h>

#include <cmath>

#include "base/error.h"

namespace vitrine::nn {
namespace {

void check(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, int64_t num_heads, bool causal) {
  VITRINE_REQUIRE(q.dim() == 3 && k.dim() == 3 && k.sizes() == v.sizes() && q.size(0) == k.size(0) && q.size(2) == k.size(2),
                  "[attention] expected q [B, T, C], k and v [B, S, C], got q ", q.sizes(), ", k ", k.sizes(), ", v ", v.sizes());
  VITRINE_REQUIRE(num_heads > 0 && q.size(2) % num_heads == 0, "[attention] width ", q.size(2), " is no multiple of ", num_heads, " heads");
  VITRINE_REQUIRE(!causal || q.size(1) == k.size(1), "[attention] causal: ", q.size(1), " queries, ", k.size(1), " keys");
}

at::Tensor heads(const at::Tensor& x, int64_t num_heads) {  // [B, NH, T, HS]
  return x.view({x.size(0), x.size(1), num_heads, -1}).transpose(1, 2);
}

}  // namespace

at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, int64_t num_heads, double scale, bool causal,
                     const at::Tensor& is_token) {
  check(q, k, v, num_heads, causal);
  const double factor = scale > 0 ? scale : 1.0 / std::sqrt(static_cast<double>(q.size(2) / num_heads));
  std::optional<at::Tensor> mask;  // [B, 1, 1 or T, S]
  if (is_token.defined()) {
    at::Tensor seen = is_token.view({q.size(0), 1, 1, -1});
    if (causal) seen = seen.logical_and(at::ones({q.size(1), q.size(1)}, seen.options()).tril());
    mask = seen;
  }
  const at::Tensor out = at::scaled_dot_product_attention(heads(q, num_heads), heads(k, num_heads), heads(v, num_heads), mask,
                                                          /*dropout_p=*/0.0, causal && !mask, factor);
  return out.transpose(1, 2).reshape(q.sizes());
}

}  // namespace vitrine::nn
