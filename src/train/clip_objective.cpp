#include "train/clip_objective.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "base/error.h"
#include "train/caption_batch.h"
#include "train/contrastive_loss.h"
#include "train/weighted_rows.h"

namespace vitrine::train {
namespace {

constexpr int64_t kValidationBatch = 64;

int64_t below(RandomStream& random, int64_t bound) { return static_cast<int64_t>(random.below(static_cast<uint64_t>(bound))); }

}  // namespace

ClipObjective::ClipObjective(models::ClipModel& model, const models::ClipPreprocess& preprocess, CaptionedPixels training, CaptionedPixels validation, Json data)
    : model_(model), preprocess_(preprocess), training_(std::move(training)), validation_(std::move(validation)),
      cumulative_(cumulative_weights(training_.weights, static_cast<size_t>(training_.pixels.size(0)))), data_(std::move(data)) {
  const int64_t S = preprocess.crop_size;
  VITRINE_REQUIRE(training_.pixels.size(2) >= S && training_.pixels.size(3) >= S, "[ClipObjective] pictures: expected at least ", S, "x", S, ", got ",
                  training_.pixels.sizes());
}

/// uint8 of any shape [.., 3, S, S] as CLIP sees it.
at::Tensor ClipObjective::seen(const at::Tensor& pixels) const {
  const auto channel = [](const std::array<double, 3>& values) { return at::tensor({values[0], values[1], values[2]}, at::kFloat).view({3, 1, 1}); };
  return (pixels.to(at::kFloat) / 255 - channel(preprocess_.image_mean)) / channel(preprocess_.image_std);
}

ClipObjective::Batch ClipObjective::training_batch(int batch_size, RandomKey key) const {
  const int64_t S = preprocess_.crop_size;
  RandomStream random(key.fold_in("draws"));
  std::vector<at::Tensor> pixels;
  std::vector<std::vector<int32_t>> ids;
  for (int i = 0; i < batch_size; ++i) {
    const size_t row = draw_row(cumulative_, random);
    const at::Tensor picture = training_.pixels[static_cast<int64_t>(row)];
    const int64_t y = below(random, picture.size(1) - S + 1), x = below(random, picture.size(2) - S + 1);
    const at::Tensor cut = picture.narrow(1, y, S).narrow(2, x, S);
    pixels.push_back(below(random, 2) == 1 ? cut.flip(2) : cut);
    ids.push_back(training_.input_ids(row, key.fold_in("caption").fold_in(static_cast<uint64_t>(i))));
  }
  return {seen(at::stack(pixels)), ids_tensor(ids), groups_of(ids)};
}

ClipObjective::Batch ClipObjective::validation_batch(int64_t begin, int64_t count) const {
  const int64_t S = preprocess_.crop_size;
  const at::Tensor part = validation_.pixels.narrow(0, begin, count);
  const at::Tensor middle = part.narrow(2, (part.size(2) - S) / 2, S).narrow(3, (part.size(3) - S) / 2, S);
  std::vector<std::vector<int32_t>> ids;
  for (int64_t row = begin; row < begin + count; ++row) ids.push_back(validation_.input_ids(static_cast<size_t>(row), RandomKey(static_cast<uint64_t>(row))));
  return {seen(middle), ids_tensor(ids), groups_of(ids)};
}

at::Tensor ClipObjective::loss(const Batch& batch) const {
  const at::Device device = model_.tensors().parameters().device();
  return contrastive_loss(model_.image_features(batch.pixels.to(device)), model_.text_features(batch.input_ids.to(device)), model_.logit_scale(),
                          batch.groups.to(device));
}

double ClipObjective::forward_backward(int batch_size, RandomKey key) {
  const at::Tensor value = loss(training_batch(batch_size, key));
  value.backward();
  return value.item<double>();
}

Measures ClipObjective::validate() {
  const at::NoGradGuard no_grad;
  const int64_t N = validation_.pixels.size(0);
  double sum = 0;
  std::vector<at::Tensor> images, texts, ids;
  for (int64_t begin = 0; begin < N; begin += kValidationBatch) {
    const Batch batch = validation_batch(begin, std::min(kValidationBatch, N - begin));
    const at::Device device = model_.tensors().parameters().device();
    images.push_back(model_.image_features(batch.pixels.to(device)).to(at::kFloat));
    texts.push_back(model_.text_features(batch.input_ids.to(device)).to(at::kFloat));
    sum += contrastive_loss(images.back(), texts.back(), model_.logit_scale(), batch.groups.to(device)).item<double>() * static_cast<double>(batch.pixels.size(0));
  }
  const auto unit = [](const std::vector<at::Tensor>& parts) {
    const at::Tensor rows = at::cat(parts);
    return rows / rows.norm(2, {-1}, true);
  };
  const at::Tensor scores = unit(texts).matmul(unit(images).t()).cpu();  // [captions, pictures]
  const at::Tensor groups = validation_batch(0, N).groups;
  return {{"validation loss", sum / static_cast<double>(N)}, {"R@1 caption to picture", first_is_right(scores, groups)},
          {"R@1 picture to caption", first_is_right(scores.t(), groups)}};
}

void ClipObjective::weights_changed() {
  clamp_logit_scale(model_.logit_scale());
  model_.tensors().weights_changed();
}

Json ClipObjective::settings() const {
  return {{"data", data_}, {"preprocess", models::to_json(preprocess_)}, {"model", models::to_json(model_.config(), "float32")}};
}

}  // namespace vitrine::train
