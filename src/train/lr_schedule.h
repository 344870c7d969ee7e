// train/lr_schedule.h - the learning rate over a run: linear warm-up, then half a cosine.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "train/train_config.h"

namespace vitrine::train {

/// step: 0-based number of the step; progress: share of the run that is done, 0..1. The cosine runs
/// over the progress, as the steps of later epochs are not known before they are drawn.
inline double learning_rate_at(const TrainConfig& config, int64_t step, double progress) {
  const double warmup = config.warmup_steps > 0
                            ? std::min(1.0, static_cast<double>(step + 1) / config.warmup_steps)
                            : 1.0;
  const double low = config.min_learning_rate_ratio;
  const double cosine = low + (1 - low) * 0.5 * (1 + std::cos(std::numbers::pi * std::clamp(progress, 0.0, 1.0)));
  return config.learning_rate * warmup * cosine;
}

}  // namespace vitrine::train
