#include "train/step_train_config.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.h"

namespace vitrine::train {

void StepTrainConfig::validate() const {
  check_config(*this, "train");
  VITRINE_REQUIRE(beta1 < 1 && beta2 < 1, "[train] beta1 and beta2: expected below 1, got ", beta1, " and ", beta2);
}

double learning_rate_at(const StepTrainConfig& config, int64_t step) {
  const double warmup = config.warmup_steps > 0 ? std::min(1.0, static_cast<double>(step + 1) / static_cast<double>(config.warmup_steps)) : 1.0;
  const double progress = std::clamp(static_cast<double>(step) / static_cast<double>(config.steps), 0.0, 1.0);
  const double low = config.min_learning_rate_ratio;
  return config.learning_rate * warmup * (low + (1 - low) * 0.5 * (1 + std::cos(std::numbers::pi * progress)));
}

}  // namespace vitrine::train
