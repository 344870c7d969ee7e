// train/probe_loss_config.h - the settings of the probe's loss and of how its pictures are varied.
#pragma once
#include "base/config.h"

namespace vitrine::train {

struct ProbeLossConfig {
  double label_smoothing = 0.1;
  double mix = 0.2;
  double erase = 0.25;

  void describe(FieldVisitor& v) {
    v.field("label_smoothing", label_smoothing, "probability spread over the classes", 0, 0.95);
    v.field("mix", mix, "pictures are blended in pairs with a share drawn from Beta(mix, mix) (mixup); 0 = off", 0, 1);
    v.field("erase", erase, "share of the pictures in which a rectangle is greyed", 0, 1);
  }
};

}  // namespace vitrine::train
