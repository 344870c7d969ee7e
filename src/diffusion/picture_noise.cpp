#include "diffusion/picture_noise.h"

#include <ATen/ATen.h>

#include "nn/initialize.h"

namespace vitrine::diffusion {
namespace {

at::Tensor normal(at::IntArrayRef shape, RandomKey key) {
  at::Tensor values = at::empty(shape, at::kFloat);
  nn::fill_normal(values, 1, key);
  return values;
}

}  // namespace

at::Tensor PictureNoise::initial(at::IntArrayRef shape) const {
  return normal(shape, key_.fold_in("initial"));
}

at::Tensor PictureNoise::step(at::IntArrayRef shape, int64_t step) const {
  return normal(shape, key_.fold_in("step").fold_in(static_cast<uint64_t>(step)));
}

at::Tensor PictureNoise::encoding(at::IntArrayRef shape) const {
  return normal(shape, key_.fold_in("encoding"));
}

at::Tensor PictureNoise::masked_encoding(at::IntArrayRef shape) const {
  return normal(shape, key_.fold_in("masked encoding"));
}

}  // namespace vitrine::diffusion
