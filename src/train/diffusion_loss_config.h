// train/diffusion_loss_config.h - the settings of the loss of a diffusion model.
#pragma once
#include "base/config.h"

namespace vitrine::train {

struct DiffusionLossConfig {
  double caption_dropout = 0.1;
  double snr_gamma = 5;
  bool gradient_checkpointing = false;

  void describe(FieldVisitor& v) {
    v.field("caption_dropout", caption_dropout, "share of the pictures that are shown without their caption, for guidance", 0, 1);
    v.field("snr_gamma", snr_gamma, "timesteps with a higher signal-to-noise ratio count as if they had this one (min-SNR); 0 = off", 0, 1e6);
    v.field("gradient_checkpointing", gradient_checkpointing, "compute blocks again in the backward pass: less memory, more time");
  }
};

}  // namespace vitrine::train
