#include "train/contrastive_loss.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "base/error.h"

namespace vitrine::train {
namespace {

/// Rows of length 1, in float32 or float64.
at::Tensor normalized(const at::Tensor& features) {
  const at::Tensor rows = features.scalar_type() == at::kDouble ? features : features.to(at::kFloat);
  return rows / rows.norm(2, /*dim=*/1, /*keepdim=*/true).clamp_min(1e-12);
}

/// [B, B]: the share of each answer in what is right for a query; rows sum to 1.
at::Tensor targets_of(const at::Tensor& groups, const at::Tensor& logits) {
  if (!groups.defined()) return at::eye(logits.size(0), logits.options());
  const at::Tensor same = groups.unsqueeze(0).eq(groups.unsqueeze(1)).to(logits.scalar_type());
  return same / same.sum(1, /*keepdim=*/true);
}

at::Tensor cross_entropy(const at::Tensor& logits, const at::Tensor& targets) {
  return -(targets * at::log_softmax(logits, 1)).sum(1).mean();
}

}  // namespace

at::Tensor contrastive_loss(const at::Tensor& image_features, const at::Tensor& text_features, const at::Tensor& logit_scale,
                            const at::Tensor& groups) {
  VITRINE_REQUIRE(image_features.dim() == 2 && image_features.sizes() == text_features.sizes() && image_features.size(0) > 0,
                  "[contrastive_loss] expected features [B, E] of both, got ", image_features.sizes(), " and ", text_features.sizes());
  VITRINE_REQUIRE(logit_scale.numel() == 1, "[contrastive_loss] logit_scale: expected a number, got ", logit_scale.sizes());
  VITRINE_REQUIRE(!groups.defined() || (groups.dim() == 1 && groups.size(0) == image_features.size(0)),
                  "[contrastive_loss] groups: expected [", image_features.size(0), "], got ", groups.sizes());
  const at::Tensor images = normalized(image_features), texts = normalized(text_features);
  const at::Tensor factor = logit_scale.to(images.scalar_type()).clamp_max(kMaxLogitScale).exp();
  const at::Tensor logits = factor * at::matmul(images, texts.t());  // [B pictures, B texts]
  const at::Tensor targets = targets_of(groups, logits.detach());
  return (cross_entropy(logits, targets) + cross_entropy(logits.t(), targets)) / 2;
}

void clamp_logit_scale(const at::Tensor& logit_scale) {
  const at::NoGradGuard no_grad;
  logit_scale.detach().clamp_max_(kMaxLogitScale);
}

}  // namespace vitrine::train
