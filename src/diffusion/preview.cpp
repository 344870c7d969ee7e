#include "diffusion/preview.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

namespace vitrine::diffusion {

at::Tensor preview_pictures(DiffusionModels& models, const at::Tensor& latents, int64_t longest) {
  const at::NoGradGuard no_grad;
  const int64_t side = std::max(latents.size(2), latents.size(3));
  const int64_t block = std::max<int64_t>(1, (side + longest - 1) / longest);
  const at::Tensor means = at::avg_pool2d(latents.to(models.device(), at::kFloat), {block, block}, {}, 0, /*ceil_mode=*/true);
  return models.decode(means / models.shapes().scaling_factor).clamp(-1, 1);
}

}  // namespace vitrine::diffusion
