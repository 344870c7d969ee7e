// train/vae_loss_config.h - the settings of the loss of a VAE.
#pragma once
#include <cstdint>

#include "base/config.h"

namespace vitrine::train {

struct VaeLossConfig {
  int64_t crop = 64;
  double gradient_weight = 1;
  double kl_weight = 1e-4;
  double adversarial_weight = 0;
  double feature_weight = 0;

  void describe(FieldVisitor& v) {
    v.field("crop", crop, "side of the random crops it is trained on, pixels; a multiple of the VAE's downscale", 8, 4096);
    v.field("gradient_weight", gradient_weight, "weight of the difference between neighbouring pixels, which keeps edges sharp", 0, 1000);
    v.field("kl_weight", kl_weight, "weight of the latents' mean divergence from a unit normal, nats", 0, 1000);
    v.field("adversarial_weight", adversarial_weight, "weight of a discriminator's judgement of the patches, which asks for texture; 0 = off", 0, 1000);
    v.field("feature_weight", feature_weight, "weight of the difference between the discriminator's features; 0 = off", 0, 1000);
  }
  bool adversarial() const { return adversarial_weight > 0 || feature_weight > 0; }
};

}  // namespace vitrine::train
