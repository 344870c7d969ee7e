#include "train/latent_cache.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "base/error.h"
#include "base/hash.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "base/random.h"
#include "models/picture_tensor.h"
#include "models/vae/module.h"
#include "train/tensor_cache.h"

namespace vitrine::train {
namespace {

constexpr uint64_t kShiftSeed = 7;
constexpr const char* kLatents = "latents";

/// The pictures [K, 3, H, W] uint8 of one.
at::Tensor cuts(const at::Tensor& picture, int64_t number, const LatentVariants& variants) {
  const int64_t spare_y = picture.size(1) - variants.size.height, spare_x = picture.size(2) - variants.size.width;
  RandomStream random(RandomKey(kShiftSeed).fold_in(static_cast<uint64_t>(number)));
  std::vector<at::Tensor> parts;
  for (int64_t shift = 0; shift < variants.shifts; ++shift) {
    const auto below = [&](int64_t bound) { return static_cast<int64_t>(random.below(static_cast<uint64_t>(bound))); };
    const int64_t y = shift == 0 ? spare_y / 2 : below(spare_y + 1), x = shift == 0 ? spare_x / 2 : below(spare_x + 1);
    parts.push_back(picture.narrow(1, y, variants.size.height).narrow(2, x, variants.size.width));
    if (variants.mirrored) parts.push_back(parts.back().flip(2));
  }
  return at::stack(parts);
}

std::string content_of(const PictureTensors& pictures, const LatentVariants& variants, const std::string& vae_sha256) {
  return sha256_hex(concat(pictures.sha256, " ", vae_sha256, " ", pictures.pixels.size(2), "x", pictures.pixels.size(3), " ", variants.size.width, "x",
                           variants.size.height, " ", variants.shifts, variants.mirrored ? " mirrored" : ""));
}

at::Tensor compute(const PictureTensors& pictures, const LatentVariants& variants, const models::VaeConfig& config, const nn::TensorScope& vae) {
  constexpr int64_t kBatch = 8;  // pictures, each with all its variants
  const at::NoGradGuard no_grad;
  const int64_t N = pictures.pixels.size(0);
  std::vector<at::Tensor> latents;
  Progress bar("latents", static_cast<uint64_t>(N), "pictures");
  for (int64_t begin = 0; begin < N; begin += kBatch) {
    throw_if_interrupted("no latents are kept yet");
    std::vector<at::Tensor> batch;
    for (int64_t i = begin; i < std::min(N, begin + kBatch); ++i) batch.push_back(cuts(pictures.pixels[i], i, variants));
    const at::Tensor pixels = models::to_signed_unit(at::cat(batch)).contiguous(at::MemoryFormat::ChannelsLast);
    latents.push_back(models::vae_encode(config, vae, pixels).mean.to(at::kCPU, at::kFloat) * config.scaling_factor);
    bar.advance(batch.size());
  }
  const at::Tensor all = at::cat(latents);  // [N K, C, h, w]
  return all.view({N, variants.count(), all.size(1), all.size(2), all.size(3)}).contiguous();
}

}  // namespace

at::Tensor cached_latents(const PictureTensors& pictures, const LatentVariants& variants, const models::VaeConfig& config, const nn::TensorScope& vae,
                          const std::string& vae_sha256, const std::filesystem::path& file) {
  VITRINE_REQUIRE(pictures.pixels.size(2) >= variants.size.height && pictures.pixels.size(3) >= variants.size.width, "[cached_latents] pictures of ",
                  pictures.pixels.size(3), "x", pictures.pixels.size(2), " are smaller than ", variants.size.width, "x", variants.size.height);
  const TensorCache cache{file, content_of(pictures, variants, vae_sha256)};
  at::Tensor latents = cache.find(kLatents);
  if (latents.defined()) return latents;
  latents = compute(pictures, variants, config, vae);
  cache.write({{kLatents, latents}});
  return latents;
}

}  // namespace vitrine::train
