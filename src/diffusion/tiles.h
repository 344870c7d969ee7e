// diffusion/tiles.h - large pictures through the VAE tile by tile, with blended seams.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>

#include "diffusion/models.h"

namespace vitrine::diffusion {

/// f over overlapping tiles, as the tiled decoding of diffusers: tiles of `tile_in` begin every
/// 3/4 of it; the first quarter of a tile of the result fades over the end of the one above and of
/// the one to the left.
///   x         [B, C, h, w]
///   tile_in   side of a tile of x, a multiple of 4; tile_out: side of what f makes of it, likewise
/// Between two tiles it throws Cancelled when the user asked to stop.
at::Tensor tiled(const at::Tensor& x, int64_t tile_in, int64_t tile_out,
                 const std::function<at::Tensor(const at::Tensor&)>& f);

/// The VAE's passes (diffusion/models.h); in tiles of shapes().tile_size when `tiling` and a side
/// is longer than that.
at::Tensor decode_latents(DiffusionModels& models, const at::Tensor& latents, bool tiling);
models::LatentDistribution encode_pictures(DiffusionModels& models, const at::Tensor& pictures,
                                           bool tiling);

}  // namespace vitrine::diffusion
