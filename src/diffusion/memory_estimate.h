// diffusion/memory_estimate.h - how much memory a run will take, from shapes alone.
#pragma once
#include <cstdint>

#include "models/unet/config.h"
#include "models/vae/config.h"

namespace vitrine::diffusion {

struct MemoryShapes {
  int64_t width = 512, height = 512;  // pixels
  int64_t num_pictures = 1;           // in one batch
  bool guides = true;                 // two passes at once
  bool vae_tiling = false;
  int64_t bytes_per_value = 4;  // of the computation: 4 or 2
  int64_t weight_bytes = 0;     // of all loaded tensors
};

/// Each beside the weights; UNet and VAE run one after the other.
struct MemoryEstimate {
  double weights_mib = 0;
  double unet_mib = 0;  // one step
  double vae_mib = 0;   // decoding of a batch

  double peak_mib() const;
};

/// What the largest layers hold at once, with a margin for what libraries copy: meant to be too
/// high rather than too low.
MemoryEstimate estimate_memory(const models::UNetConfig& unet, const models::VaeConfig& vae,
                               const MemoryShapes& shapes);

}  // namespace vitrine::diffusion
