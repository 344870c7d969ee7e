#include "diffusion/pipeline.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "base/error.h"
#include "base/interrupt.h"
#include "diffusion/tiles.h"

namespace vitrine::diffusion {
namespace {

using Shape = std::vector<int64_t>;

constexpr const char* kLost = "no picture of this batch was kept";

/// What one run has in hand beside its latents.
struct Run {
  DiffusionModels& models;
  NoiseScheduler& scheduler;
  const SamplingRequest& request;
  const SamplingConfig& config;
  ModelShapes shapes;
  int64_t first_step = 0;
  bool guides = false;       // two passes at once, with and without the prompt
  at::Tensor noise = {};     // [B, C, h, w] the run begins with
  at::Tensor original = {};  // [B, C, h, w] of the picture; undefined without one
  at::Tensor mask = {};      // [1, 1, h, w], 1 = to be painted; undefined without one
  at::Tensor beside = {};    // [B, 1 + C, h, w] that an inpainting UNet sees beside the latents
  Condition condition = {};

  int64_t num_pictures() const { return static_cast<int64_t>(request.noise.size()); }
  Shape latent_shape() const {
    return {shapes.latent_channels, config.height / shapes.downscale,
            config.width / shapes.downscale};
  }
};

// ---- what is refused ----

void require_picture(const char* name, const at::Tensor& picture, const Shape& expected) {
  VITRINE_REQUIRE(!picture.defined() || picture.sizes() == at::IntArrayRef(expected),
                  "[sample_latents] ", name, ": expected ", at::IntArrayRef(expected), ", got ",
                  picture.sizes());
}

void require_sizes(const SamplingConfig& config, const ModelShapes& shapes) {
  for (const auto& [name, size] : {std::pair{"width", config.width}, {"height", config.height}}) {
    VITRINE_REQUIRE(size >= shapes.downscale && size % shapes.downscale == 0, "[sample_latents] ",
                    name, ": expected a multiple of ", shapes.downscale, ", got ", size);
  }
  VITRINE_REQUIRE(config.strength > 0 && config.strength <= 1,
                  "[sample_latents] strength: expected above 0, to 1, got ", config.strength);
}

void require_request(const Run& run) {
  const SamplingRequest& request = run.request;
  const int64_t height = run.config.height, width = run.config.width;
  VITRINE_REQUIRE(run.num_pictures() > 0, "[sample_latents] no picture is asked for");
  VITRINE_REQUIRE(!run.guides || request.states.negative.defined(),
                  "[sample_latents] guidance_scale ", run.config.guidance_scale,
                  " needs the states of a negative prompt");
  require_picture("picture", request.picture, {1, 3, height, width});
  require_picture("mask", request.mask, {1, 1, height, width});
  VITRINE_REQUIRE(!request.mask.defined() || request.picture.defined(),
                  "[sample_latents] a mask needs the picture that it masks");
  Shape noise = run.latent_shape();
  noise.insert(noise.begin(), run.num_pictures());
  require_picture("initial_noise", request.initial_noise, noise);
}

void require_channels(const Run& run) {
  const int64_t channels = run.shapes.in_channels, latents = run.shapes.latent_channels;
  const int64_t inpainting = 2 * latents + 1;
  VITRINE_REQUIRE(channels == latents || channels == inpainting, "[sample_latents] the UNet has ",
                  channels, " input channels: expected ", latents, ", or ", inpainting,
                  " for inpainting");
  VITRINE_REQUIRE(channels == latents || run.request.mask.defined(), "[sample_latents] a UNet of ",
                  inpainting, " channels is made for inpainting: it needs a picture and a mask");
}

// ---- what a run begins with ----

/// [B, C, h, w] of what `draw` gives for each picture.
template <typename Draw>
at::Tensor drawn(const Run& run, const Draw& draw) {
  std::vector<at::Tensor> parts;
  for (const PictureNoise& noise : run.request.noise) parts.push_back(draw(noise));
  return at::stack(parts).to(run.models.device());
}

/// A draw for each picture from what the VAE says of one picture, scaled.
template <typename Draw>
at::Tensor encoded(const Run& run, const at::Tensor& picture, const Draw& draw) {
  const models::LatentDistribution found =
      encode_pictures(run.models, picture.to(run.models.device()), run.config.vae_tiling);
  const at::Tensor deviation = (found.logvar.to(at::kFloat) * 0.5).exp();
  const at::Tensor latents = found.mean.to(at::kFloat) + deviation * drawn(run, draw);
  return latents * run.shapes.scaling_factor;
}

/// One value of the mask for each latent: that of its first pixel, as diffusers picks it.
void take_mask(Run& run) {
  const int64_t stride = run.shapes.downscale;
  const at::Tensor painted = (run.request.mask >= 0.5).to(at::kFloat).to(run.models.device());
  run.mask = painted.slice(2, 0, painted.size(2), stride).slice(3, 0, painted.size(3), stride);
  if (run.shapes.in_channels == run.shapes.latent_channels) return;
  const Shape shape = run.latent_shape();
  const at::Tensor kept = run.request.picture.to(painted.device()) * (1 - painted);
  const at::Tensor masked =
      encoded(run, kept, [&](const PictureNoise& noise) { return noise.masked_encoding(shape); });
  run.beside = at::cat({run.mask.expand({run.num_pictures(), 1, shape[1], shape[2]}), masked}, 1);
}

/// The original is needed to begin with, or to stay where a UNet of 4 channels does not paint.
bool needs_original(const Run& run) {
  if (!run.request.picture.defined()) return false;
  const bool only_beside = run.beside.defined() && run.config.strength == 1;
  return !only_beside;
}

at::Tensor begin(Run& run) {
  const Shape shape = run.latent_shape();
  run.noise = run.request.initial_noise.defined()
                  ? run.request.initial_noise.to(run.models.device(), at::kFloat)
                  : drawn(run, [&](const PictureNoise& noise) { return noise.initial(shape); });
  if (run.request.mask.defined()) take_mask(run);
  if (needs_original(run)) {
    run.original = encoded(run, run.request.picture,
                           [&](const PictureNoise& noise) { return noise.encoding(shape); });
  }
  const bool noise_alone =
      !run.request.picture.defined() || (run.mask.defined() && run.config.strength == 1);
  if (noise_alone) return run.noise * run.scheduler.init_noise_sigma();
  return run.scheduler.add_noise(run.original, run.noise, run.first_step);
}

/// [B, T, C], or [2 B, T, C] with the negative prompt first.
Condition condition_of(const Run& run) {
  const at::Device device = run.models.device();
  const auto batch = [&](const at::Tensor& states) {
    return states.to(device).expand({run.num_pictures(), states.size(1), states.size(2)});
  };
  const PromptStates& states = run.request.states;
  Condition condition;
  condition.states = run.guides ? at::cat({batch(states.negative), batch(states.prompt)})
                                : batch(states.prompt).contiguous();
  if (run.shapes.time_cond_proj_dim > 0) {
    // Luo et al. 2023 (arXiv 2310.04378): the guidance is an input of the model.
    const at::Tensor scale = at::full({run.num_pictures()}, (run.config.guidance_scale - 1) * 1000);
    condition.timestep_cond =
        models::timestep_embedding(scale, run.shapes.time_cond_proj_dim, false, 1).to(device);
  }
  return condition;
}

// ---- the steps ----

at::Tensor predict(Run& run, const at::Tensor& latents, int64_t step) {
  at::Tensor input = run.scheduler.scale_model_input(latents, step);
  if (run.beside.defined()) input = at::cat({input, run.beside}, 1);
  if (run.guides) input = at::cat({input, input});
  const double timestep = run.scheduler.timesteps()[static_cast<size_t>(step)];
  const at::Tensor timesteps = at::full({input.size(0)}, timestep, input.options());
  const at::Tensor output = run.models.predict_noise(input, timesteps, run.condition);
  return run.guides ? guided(output, run.config.guidance_scale) : output.to(at::kFloat);
}

/// Latents outside of the mask are those of the picture, with the noise of the next step.
at::Tensor kept_outside(const Run& run, const at::Tensor& latents, int64_t step) {
  const bool last = step + 1 == run.scheduler.num_steps();
  const at::Tensor outside =
      last ? run.original : run.scheduler.add_noise(run.original, run.noise, step + 1);
  return outside * (1 - run.mask) + latents * run.mask;
}

at::Tensor stepped(Run& run, const at::Tensor& latents, int64_t step) {
  at::Tensor noise;
  if (run.scheduler.needs_noise(step)) {
    const Shape shape = run.latent_shape();
    noise = drawn(run, [&](const PictureNoise& picture) { return picture.step(shape, step); });
  }
  const at::Tensor next = run.scheduler.step(predict(run, latents, step), latents, step, noise);
  const bool blends = run.mask.defined() && !run.beside.defined();
  return blends ? kept_outside(run, next, step) : next;
}

/// The step that a picture of this strength begins with.
int64_t first_step_of(const SamplingConfig& config, bool from_picture) {
  if (!from_picture) return 0;
  const int64_t total = config.num_inference_steps;
  const auto used = static_cast<int64_t>(static_cast<double>(total) * config.strength);
  VITRINE_REQUIRE(used >= 1, "[sample_latents] strength ", config.strength, " of ", total,
                  " steps leaves none: expected at least ", 1.0 / static_cast<double>(total));
  return total - used;
}

}  // namespace

int64_t count_steps(NoiseScheduler& scheduler, const SamplingConfig& config, bool from_picture) {
  scheduler.set_timesteps(config.num_inference_steps);
  return scheduler.num_steps() - first_step_of(config, from_picture);
}

at::Tensor sample_latents(DiffusionModels& models, NoiseScheduler& scheduler,
                          const SamplingRequest& request, const SamplingConfig& config,
                          const OnStep& on_step) {
  const at::NoGradGuard no_grad;
  Run run{models, scheduler, request, config, models.shapes()};
  run.guides = config.guidance_scale > 1 && run.shapes.time_cond_proj_dim == 0;
  require_sizes(config, run.shapes);
  require_request(run);
  require_channels(run);
  run.first_step = first_step_of(config, request.picture.defined());
  scheduler.set_timesteps(config.num_inference_steps);
  scheduler.begin(run.first_step);
  at::Tensor latents = begin(run);
  run.condition = condition_of(run);
  for (int64_t step = run.first_step; step < scheduler.num_steps(); ++step) {
    throw_if_interrupted(kLost);
    latents = stepped(run, latents, step);
    const int64_t done = step - run.first_step + 1;
    if (on_step) on_step({done, scheduler.num_steps() - run.first_step, latents});
  }
  return latents;
}

at::Tensor decode_pictures(DiffusionModels& models, const at::Tensor& latents, bool tiling) {
  const at::NoGradGuard no_grad;
  throw_if_interrupted(kLost);
  const at::Tensor unscaled = latents.to(models.device()) / models.shapes().scaling_factor;
  return decode_latents(models, unscaled, tiling).clamp(-1, 1);
}

at::Tensor guided(const at::Tensor& noise_pred, double guidance_scale) {
  const std::vector<at::Tensor> halves = noise_pred.to(at::kFloat).chunk(2);
  return at::add(halves[0], halves[1] - halves[0], guidance_scale);
}

}  // namespace vitrine::diffusion
