#include "recipes/caption_head.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "base/hash.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "models/clip/module.h"
#include "models/clip/pixels.h"
#include "models/clip/preprocess.h"
#include "models/picture_tensor.h"
#include "recipes/training_rows.h"
#include "train/fit_projection.h"
#include "train/tensor_cache.h"

namespace vitrine::recipes {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFeatures = "features";
constexpr double kRidge = 0.01;  // captions are fewer than channels of a large encoder
constexpr int64_t kBatch = 32;

at::Tensor unit_rows(const at::Tensor& rows) { return rows / rows.norm(2, {-1}, true).clamp_min(1e-12); }

at::Tensor compute_features(const models::ClipModel& model, const models::ClipPreprocess& preprocess, const at::Tensor& pixels, const at::Device& device) {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> features;
  Progress bar("features", static_cast<uint64_t>(pixels.size(0)), "pictures");
  for (int64_t begin = 0; begin < pixels.size(0); begin += kBatch) {
    throw_if_interrupted("no features are kept yet");
    std::vector<at::Tensor> batch;
    for (int64_t i = begin; i < std::min(begin + kBatch, pixels.size(0)); ++i) {
      batch.push_back(models::clip_pixels(models::to_picture(models::to_signed_unit(pixels[i])), preprocess));
    }
    features.push_back(model.image_features(at::stack(batch).to(device)).to(at::kCPU, at::kFloat));
    bar.advance(batch.size());
  }
  return unit_rows(at::cat(features));
}

}  // namespace

at::Tensor clip_picture_features(const fs::path& clip, const train::PictureTensors& pictures, const at::Device& device, const fs::path& file) {
  const train::TensorCache cache{file, sha256_hex(concat(pictures.sha256, " ", model_sha256(clip), " ", pictures.pixels.sizes()))};
  at::Tensor features = cache.find(kFeatures);
  if (features.defined()) return features;
  const models::ClipModel model = models::ClipModel::load(clip, {.device = device});
  features = compute_features(model, models::read_clip_preprocess(clip, model.config().vision.image_size), pictures.pixels, device);
  cache.write({{kFeatures, features}});
  return features;
}

void fit_head(models::TextEncoder& encoder, const at::Tensor& input_ids, const at::Tensor& features) {
  const at::NoGradGuard no_grad;
  const at::Tensor projection = encoder.projection();
  std::vector<at::Tensor> states;
  for (int64_t begin = 0; begin < input_ids.size(0); begin += kBatch) {
    const at::Tensor part = input_ids.narrow(0, begin, std::min(kBatch, input_ids.size(0) - begin));
    states.push_back(encoder.caption_states(part.to(projection.device())).to(at::kCPU, at::kFloat));
  }
  projection.copy_(train::fit_projection(at::cat(states), features, kRidge));
  encoder.tensors().weights_changed();
}

}  // namespace vitrine::recipes
