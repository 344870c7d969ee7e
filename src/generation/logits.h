// generation/logits.h - what guides do to a whole row of logits.
#pragma once
#include <span>

namespace vitrine::generation {

/// The largest; -infinity for none. Logits hold no NaN.
float max_logit(std::span<const float> logits) noexcept;

/// Forbids all that are more than `range` nats below the largest; returns the largest.
float forbid_far_below_max(std::span<float> logits, float range) noexcept;

}  // namespace vitrine::generation
