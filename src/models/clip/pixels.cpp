#include "models/clip/pixels.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

#include "models/picture_tensor.h"

namespace vitrine::models {
namespace {

/// Height and width behind the resize; the longer side is rounded down.
std::pair<int64_t, int64_t> resized(const io::Picture& picture, const ClipPreprocess& config) {
  if (!config.keep_ratio) return {config.size, config.size};
  const int64_t shorter = std::min(picture.height, picture.width);
  return {config.size * picture.height / shorter, config.size * picture.width / shorter};
}

at::Tensor per_channel(const std::array<double, 3>& values) {
  return at::tensor({values[0], values[1], values[2]}, at::kFloat).view({3, 1, 1});
}

}  // namespace

at::Tensor clip_pixels(const io::Picture& picture, const ClipPreprocess& config) {
  const auto [H, W] = resized(picture, config);
  at::Tensor pixels = to_tensor(picture).unsqueeze(0);  // [1, 3, height, width] uint8
  if (H != picture.height || W != picture.width) pixels = at::_upsample_bicubic2d_aa(pixels, {H, W}, /*align_corners=*/false);
  const at::Tensor middle =
      pixels[0].narrow(1, (H - config.crop_size) / 2, config.crop_size).narrow(2, (W - config.crop_size) / 2, config.crop_size);
  return (middle.to(at::kFloat) / 255.0 - per_channel(config.image_mean)) / per_channel(config.image_std);
}

}  // namespace vitrine::models
