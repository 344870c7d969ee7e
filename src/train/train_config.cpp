#include "train/train_config.h"

#include "base/error.h"

namespace vitrine::train {

void TrainConfig::validate() const {
  check_config(*this, "[TrainConfig]");
  VITRINE_REQUIRE(beta1 < 1 && beta2 < 1, "[TrainConfig] beta1, beta2: expected < 1, got ", beta1, ", ", beta2);
}

}  // namespace vitrine::train
