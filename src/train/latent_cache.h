// train/latent_cache.h - the latents of a picture set, computed once and kept in a file.
#pragma once
#include <ATen/core/Tensor.h>

#include <filesystem>
#include <string>

#include "models/vae/config.h"
#include "nn/tensor_scope.h"
#include "train/picture_tensors.h"

namespace vitrine::train {

/// Ways to cut and mirror each picture.
struct LatentVariants {
  PictureSize size;      // of a cut
  int64_t shifts = 1;    // cuts: the middle one, then others at places that depend on the picture's number
  bool mirrored = true;  // each of them also mirrored
  int64_t count() const { return mirrored ? 2 * shifts : shifts; }
};

/// The mean latents times scaling_factor, [N, K, C, h, w] float32 on the CPU.
///   pictures  larger than variants.size or equal to it
///   vae_sha256  of the VAE's weights
///   file      read when it holds the latents of these pictures, variants and weights; else written. "" = none
/// Throws InvalidInput for pictures that are smaller, Cancelled, IoError.
at::Tensor cached_latents(const PictureTensors& pictures, const LatentVariants& variants, const models::VaeConfig& config, const nn::TensorScope& vae,
                          const std::string& vae_sha256, const std::filesystem::path& file);

}  // namespace vitrine::train
