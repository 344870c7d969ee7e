// train/drift_config.h - how far a text encoder in training may move.
#pragma once
#include "base/config.h"

namespace vitrine::train {

struct DriftConfig {
  double drift_weight = 0.1;
  double least_cosine = 0.95;

  void describe(FieldVisitor& v) {
    v.field("drift_weight", drift_weight, "weight of 1 - cosine between the states of general prompts now and at the start", 0, 1000);
    v.field("least_cosine", least_cosine, "a run whose mean cosine falls below this ends with the weights before; 0 = off", 0, 1);
  }
};

}  // namespace vitrine::train
