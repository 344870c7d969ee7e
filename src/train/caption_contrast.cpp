#include "train/caption_contrast.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "train/caption_batch.h"
#include "train/contrastive_loss.h"
#include "train/weighted_rows.h"

namespace vitrine::train {
namespace {

constexpr int64_t kValidated = 256;       // pictures at most
constexpr uint64_t kValidationSeed = 21;  // the same captions in every run

at::Tensor unit_rows(const at::Tensor& rows) { return rows / rows.norm(2, {-1}, true).clamp_min(1e-12); }

}  // namespace

CaptionContrast::CaptionContrast(FeaturedCaptions training, FeaturedCaptions validation, CaptionHead head, const CaptionContrastConfig& config)
    : training_(std::move(training)), validation_(std::move(validation)),
      cumulative_(cumulative_weights(training_.weights, static_cast<size_t>(training_.features.size(0)))), head_(std::move(head)), config_(config) {
  const at::IntArrayRef a = training_.features.sizes(), b = validation_.features.sizes();
  VITRINE_REQUIRE(a.size() == 2 && b.size() == 2 && a[1] == b[1] && a[0] > 0 && b[0] > 0, "[CaptionContrast] expected features [N, E], got ", a, " and ", b);
}

CaptionContrast::Batch CaptionContrast::batch_of(const FeaturedCaptions& set, const std::vector<size_t>& rows, RandomKey key) {
  std::vector<std::vector<int32_t>> ids;
  for (size_t i = 0; i < rows.size(); ++i) ids.push_back(set.input_ids(rows[i], key.fold_in(static_cast<uint64_t>(i))));
  const at::Tensor index = at::tensor(std::vector<int64_t>(rows.begin(), rows.end()), at::kLong);
  return {set.features.index_select(0, index), ids_tensor(ids), groups_of(ids)};
}

at::Tensor CaptionContrast::loss_of(const Batch& batch, const at::Tensor& texts) const {
  const at::Device device = texts.device();
  return contrastive_loss(batch.features.to(device), texts.to(at::kFloat), head_.logit_scale().to(device), batch.groups.to(device));
}

at::Tensor CaptionContrast::loss(RandomKey key) const {
  RandomStream random(key.fold_in("draws"));
  std::vector<size_t> rows;
  for (int i = 0; i < config_.contrastive_batch_size; ++i) rows.push_back(draw_row(cumulative_, random));
  const Batch batch = batch_of(training_, rows, key.fold_in("captions"));
  return loss_of(batch, head_.features(batch.input_ids));
}

Measures CaptionContrast::validate() const {
  const at::NoGradGuard no_grad;
  const int64_t N = std::min(kValidated, validation_.features.size(0));
  std::vector<size_t> rows(static_cast<size_t>(N));
  std::iota(rows.begin(), rows.end(), size_t{0});
  const Batch all = batch_of(validation_, rows, RandomKey(kValidationSeed));
  std::vector<at::Tensor> texts;
  double sum = 0;
  for (int64_t begin = 0; begin < N; begin += config_.contrastive_batch_size) {
    const int64_t count = std::min<int64_t>(config_.contrastive_batch_size, N - begin);
    const Batch part{all.features.narrow(0, begin, count), all.input_ids.narrow(0, begin, count), all.groups.narrow(0, begin, count)};
    texts.push_back(head_.features(part.input_ids).to(at::kCPU, at::kFloat));
    sum += loss_of(part, texts.back()).item<double>() * static_cast<double>(count);
  }
  const at::Tensor scores = at::matmul(unit_rows(at::cat(texts)), unit_rows(all.features.narrow(0, 0, N)).t());  // [captions, pictures]
  return {{"contrastive loss", sum / static_cast<double>(N)}, {"R@1 caption to picture", first_is_right(scores, all.groups)},
          {"R@1 picture to caption", first_is_right(scores.t(), all.groups)}};
}

}  // namespace vitrine::train
