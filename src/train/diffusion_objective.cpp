#include "train/diffusion_objective.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "diffusion/training_noise.h"
#include "nn/initialize.h"
#include "train/caption_batch.h"
#include "train/weighted_rows.h"

namespace vitrine::train {
namespace {

constexpr int64_t kValidated = 128;  // pictures at most
constexpr uint64_t kValidationSeed = 20;  // the same noise in every run

at::Tensor channels_last(const at::Tensor& latents) { return latents.contiguous(at::MemoryFormat::ChannelsLast); }

at::Tensor random_noise(const at::Tensor& like, RandomKey key) {
  const at::Tensor noise = at::empty(like.sizes(), at::kFloat);
  nn::fill_normal(noise, 1.0, key);
  return noise;
}

void require_latents(const CaptionedLatents& set, const models::UNetConfig& config) {
  VITRINE_REQUIRE(set.latents.dim() == 5 && set.latents.size(0) > 0 && set.latents.size(2) == config.out_channels,
                  "[DiffusionObjective] latents: expected [N, K, ", config.out_channels, ", h, w], got ", set.latents.sizes());
}

/// The first measure becomes the loss that is trained.
void add_validation(Measures& measures, double weight, const Measures& more) {
  const double diffusion = measures.front().second;
  measures.front().second = weight * diffusion + more.front().second;
  measures.emplace_back("diffusion loss", diffusion);
  measures.insert(measures.end(), more.begin(), more.end());
}

}  // namespace

DiffusionObjective::DiffusionObjective(DiffusionNetworks networks, nn::ParameterStore& parameters, CaptionedLatents training,
                                       CaptionedLatents validation, const DiffusionLossConfig& loss, DiffusionHooks hooks)
    : networks_(std::move(networks)), parameters_(parameters), training_(std::move(training)), validation_(std::move(validation)),
      cumulative_(cumulative_weights(training_.weights, static_cast<size_t>(training_.latents.size(0)))), loss_(loss), hooks_(std::move(hooks)) {
  require_latents(training_, networks_.unet_config);
  require_latents(validation_, networks_.unet_config);
}

DiffusionObjective::Batch DiffusionObjective::training_batch(int batch_size, RandomKey key) const {
  RandomStream random(key.fold_in("draws"));
  std::vector<at::Tensor> latents;
  std::vector<std::vector<int32_t>> ids;
  std::vector<int64_t> timesteps;
  for (int i = 0; i < batch_size; ++i) {
    const size_t row = draw_row(cumulative_, random);
    const auto variant = static_cast<int64_t>(random.below(static_cast<uint64_t>(training_.latents.size(1))));
    latents.push_back(training_.latents[static_cast<int64_t>(row)][variant]);
    timesteps.push_back(static_cast<int64_t>(random.below(static_cast<uint64_t>(networks_.schedule.num_train_timesteps()))));
    const bool has_caption = random.uniform() >= loss_.caption_dropout;
    ids.push_back(has_caption ? training_.input_ids(row, key.fold_in("caption").fold_in(static_cast<uint64_t>(i))) : training_.empty_ids);
  }
  const at::Tensor stacked = at::stack(latents);
  return {stacked, random_noise(stacked, key.fold_in("noise")), at::tensor(timesteps, at::kLong), ids_tensor(ids)};
}

DiffusionObjective::Batch DiffusionObjective::validation_batch(int64_t begin, int64_t count, bool with_captions) const {
  const RandomKey key(kValidationSeed);
  const int64_t total = std::min(kValidated, validation_.latents.size(0));
  std::vector<std::vector<int32_t>> ids;
  std::vector<int64_t> timesteps;
  std::vector<at::Tensor> noise;
  for (int64_t row = begin; row < begin + count; ++row) {
    // Evenly over the timesteps, in the order of a large odd step, so that pictures of one class do not share a noise level.
    const int64_t place = row * 37 % total;
    timesteps.push_back((2 * place + 1) * networks_.schedule.num_train_timesteps() / (2 * total));
    const RandomKey row_key = key.fold_in(static_cast<uint64_t>(row));
    ids.push_back(with_captions ? validation_.input_ids(static_cast<size_t>(row), row_key.fold_in("caption")) : validation_.empty_ids);
    noise.push_back(random_noise(validation_.latents[row][0], row_key.fold_in("noise")));
  }
  return {validation_.latents.narrow(0, begin, count).select(1, 0), at::stack(noise), at::tensor(timesteps, at::kLong), ids_tensor(ids)};
}

at::Tensor DiffusionObjective::losses(const Batch& batch) const {
  const at::Device device = parameters_.device();
  const at::Tensor noisy = diffusion::add_noise(networks_.schedule, batch.latents, batch.noise, batch.timesteps);
  const at::Tensor states = networks_.text_states(batch.input_ids.to(device));
  const at::Tensor predicted =
      models::unet_forward(networks_.unet_config, networks_.unet, channels_last(noisy.to(device)), batch.timesteps.to(device), states,
                           {.context_cache = nullptr, .gradient_checkpointing = loss_.gradient_checkpointing})
          .to(at::kFloat);
  at::Tensor target = batch.noise;
  if (networks_.prediction_type == diffusion::PredictionType::v_prediction) {
    target = diffusion::get_velocity(networks_.schedule, batch.latents, batch.noise, batch.timesteps);
  } else if (networks_.prediction_type == diffusion::PredictionType::sample) {
    target = batch.latents;
  }
  return (predicted - target.to(device)).square().mean({1, 2, 3});
}

/// min(snr, gamma) over the weight that the target has by itself: snr for noise, snr + 1 for velocity, 1 for the sample.
/// Source: Hang et al. 2023 (arXiv 2303.09556), section 3.4.
at::Tensor DiffusionObjective::loss_weights(const at::Tensor& timesteps) const {
  if (loss_.snr_gamma == 0) return at::ones({timesteps.size(0)});
  const at::Tensor snr = diffusion::snr(networks_.schedule, timesteps);
  const at::Tensor capped = snr.clamp_max(loss_.snr_gamma);
  switch (networks_.prediction_type) {
    case diffusion::PredictionType::epsilon: return capped / snr.clamp_min(1e-8);
    case diffusion::PredictionType::v_prediction: return capped / (snr + 1);
    case diffusion::PredictionType::sample: return capped;
  }
  throw InternalError("[DiffusionObjective] unknown prediction type");
}

double DiffusionObjective::forward_backward(int batch_size, RandomKey key) {
  at::Tensor loss = at::zeros({}, at::TensorOptions().device(parameters_.device()));
  if (hooks_.weight > 0) {
    const Batch batch = training_batch(batch_size, key);
    loss = hooks_.weight * (losses(batch) * loss_weights(batch.timesteps).to(parameters_.device())).mean();
  }
  if (hooks_.more_loss) {
    if (const at::Tensor more = hooks_.more_loss(key.fold_in("more")); more.defined()) loss = loss + more;
  }
  loss.backward();
  return loss.item<double>();
}

std::vector<double> DiffusionObjective::losses_of_validation(bool with_captions) const {
  constexpr int64_t kBatch = 32;
  const at::NoGradGuard no_grad;
  std::vector<double> result;
  const int64_t total = std::min(kValidated, validation_.latents.size(0));
  for (int64_t begin = 0; begin < total; begin += kBatch) {
    const at::Tensor part = losses(validation_batch(begin, std::min(kBatch, total - begin), with_captions)).cpu();
    for (int64_t i = 0; i < part.size(0); ++i) result.push_back(part[i].item<double>());
  }
  return result;
}

std::vector<double> DiffusionObjective::validation_losses() { return losses_of_validation(true); }

Measures DiffusionObjective::validate() {
  const auto mean = [](const std::vector<double>& values) { return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size()); };
  Measures measures{{"validation loss", mean(losses_of_validation(true))}, {"without caption", mean(losses_of_validation(false))}};
  if (hooks_.more_validation) add_validation(measures, hooks_.weight, hooks_.more_validation());
  if (hooks_.more_measures) {
    for (auto& measure : hooks_.more_measures()) measures.push_back(std::move(measure));
  }
  return measures;
}

Json DiffusionObjective::settings() const {
  Json json = config_to_json(loss_);
  json.update(hooks_.settings);
  json["model"] = models::to_json(networks_.unet_config);
  return json;
}

}  // namespace vitrine::train
