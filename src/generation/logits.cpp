#include "generation/logits.h"

#include <limits>

#include "kernels/isa.h"

namespace vitrine::generation {

float max_logit(std::span<const float> logits) noexcept {
  return kernels::kernel_table().max_value(logits.data(), logits.size());
}

float forbid_far_below_max(std::span<float> logits, float range) noexcept {
  constexpr float kNever = -std::numeric_limits<float>::infinity();
  const float max = max_logit(logits), floor = max - range;
  for (float& logit : logits) logit = logit < floor ? kNever : logit;
  return max;
}

}  // namespace vitrine::generation
