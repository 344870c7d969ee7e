#include "recipes/bench_pictures.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <ostream>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/stopwatch.h"
#include "copywriting/copy_model.h"
#include "diffusion/network_models.h"
#include "diffusion/noise_schedule.h"
#include "diffusion/scheduler_config.h"
#include "kernels/isa.h"
#include "models/picture_flops.h"
#include "models/stable_diffusion/settings.h"
#include "models/text_encoder.h"
#include "models/unet/weights.h"
#include "models/vae/weights.h"
#include "nn/tensor_scope.h"
#include "train/adamw.h"
#include "train/compute_type.h"
#include "train/diffusion_objective.h"
#include "train/train_bench.h"

namespace vitrine::recipes {
namespace {

constexpr uint64_t kSeed = 0;

/// The shapes of all parts.
struct Shapes {
  std::string name;
  models::TextConfig text;
  models::UNetConfig unet;
  models::VaeConfig vae;
};

Shapes stable_diffusion_1_5() {
  models::ClipTextConfig text;
  text.hidden_size = text.projection_dim = 768, text.intermediate_size = 3072, text.num_attention_heads = 12;
  return {"sd-1.5", text, {}, {}};
}

Shapes shapes_of(const std::string& model) {
  if (model.empty()) return stable_diffusion_1_5();
  models::SdSettings settings = models::read_settings(copywriting::find_model(model));
  return {model, settings.text_encoder, settings.unet, settings.vae};
}

/// Sizes are checked before anything is measured.
Shapes fitting_shapes(const BenchShape& shape) {
  Shapes shapes = shapes_of(shape.model);
  const int64_t step = shapes.vae.downscale();
  for (const auto& [option, side] : {std::pair{"--width", shape.width}, {"--height", shape.height}}) {
    if (side % step != 0) throw UsageError(concat(option, ": expected a multiple of ", step, ", got ", side));
  }
  return shapes;
}

/// Uniform values of the variance that keeps what flows through a layer near 1.
nn::FrozenTensors random_tensors(const std::vector<models::WeightSpec>& specs, const models::FrozenConfig& config) {
  at::Generator generator = at::detail::createCPUGenerator(kSeed);
  std::unordered_map<std::string, at::Tensor> tensors;
  for (const models::WeightSpec& spec : specs) {
    at::Tensor values = at::ones(spec.shape, at::kFloat);
    const double inputs = static_cast<double>(values.numel()) / static_cast<double>(spec.shape[0]);
    const double bound = std::sqrt(1.0 / inputs);
    if (spec.shape.size() > 1) values.uniform_(-bound, bound, generator);
    tensors.emplace(spec.name, models::as_frozen(values, config));
  }
  return nn::FrozenTensors(std::move(tensors));
}

at::Tensor random_normal(at::IntArrayRef shape, const at::Device& device) { return at::randn(shape, at::detail::createCPUGenerator(kSeed), at::kFloat).to(device); }

/// What every measured part shares.
struct Bench {
  const BenchShape& shape;
  Shapes shapes;
  at::Device device;
  models::ComputeType type;
  double limit_gflops;

  Bench(const BenchShape& given, const std::string& where)
      : shape(given), shapes(fitting_shapes(given)), device(where), type(train::compute_type(given.dtype, at::empty({0}, device))),
        limit_gflops(train::matmul_gflops(dtype(), device)) {}
  at::ScalarType dtype() const { return type == models::ComputeType::float32 ? at::kFloat : at::kBFloat16; }
  models::FrozenConfig frozen() const { return {dtype(), device}; }
  int64_t rows() const { return shape.height / shapes.vae.downscale(); }
  int64_t columns() const { return shape.width / shapes.vae.downscale(); }
  int64_t tokens() const { return models::max_tokens_of(shapes.text); }
};

double text_flops(const Bench& bench, int64_t B) {
  const auto* clip = std::get_if<models::ClipTextConfig>(&bench.shapes.text);
  return clip == nullptr ? 0 : models::text_flops(*clip, B, bench.tokens());
}

double unet_flops(const Bench& bench, int64_t B) { return models::unet_flops(bench.shapes.unet, B, bench.rows(), bench.columns(), bench.tokens()); }

struct Timed {
  double median_s = 0, minimum_s = 0;
};

/// Work on the device is waited for by `body`, which reads a number back.
Timed timed(int64_t steps, const std::function<void()>& body) {
  body();
  std::vector<double> seconds;
  for (int64_t i = 0; i < steps; ++i) {
    throw_if_interrupted("bench: nothing is saved");
    const auto start = SteadyClock::now();
    body();
    seconds.push_back(seconds_since(start));
  }
  std::sort(seconds.begin(), seconds.end());
  return {seconds[seconds.size() / 2], seconds.front()};
}

struct Part {
  const char* kind;  // draw | tune
  const char* name;
  int64_t batch;
  double flops;
};

void print_head(const Bench& bench) {
  std::fprintf(stderr, "%s, %lldx%lld, %s, %d threads, %s; limit: %.0f GFLOP/s in a product of 2048x2048 matrices\n", bench.shapes.name.c_str(),
               static_cast<long long>(bench.shape.width), static_cast<long long>(bench.shape.height), train::name_of(bench.type), at::get_num_threads(),
               kernels::kernel_table().name, bench.limit_gflops);
  std::fprintf(stderr, "%-28s %6s %10s %10s %8s %10s %8s %10s\n", "part", "batch", "s", "min s", "GFLOP", "GFLOP/s", "limit", "peak MiB");
}

void report(const Bench& bench, const Part& part, const Timed& time, std::ostream& out) {
  const double gflops = part.flops / 1e9, rate = gflops / time.median_s;
  const Json row{{"kind", part.kind},
                 {"part", part.name},
                 {"model", bench.shapes.name},
                 {"width", bench.shape.width},
                 {"height", bench.shape.height},
                 {"batch", part.batch},
                 {"dtype", train::name_of(bench.type)},
                 {"threads", at::get_num_threads()},
                 {"isa", kernels::kernel_table().name},
                 {"seconds_per_step", time.median_s},
                 {"minimum_seconds_per_step", time.minimum_s},
                 {"gflop", gflops},
                 {"limit_gflops", bench.limit_gflops},
                 {"limit_fraction", rate / bench.limit_gflops},
                 {"peak_rss_mib", peak_memory_mib()}};
  out << dump_line(row) << std::endl;
  std::fprintf(stderr, "%-28s %6lld %10.4f %10.4f %8.0f %10.1f %7.1f%% %10.0f\n", part.name, static_cast<long long>(part.batch), time.median_s,
               time.minimum_s, gflops, rate, 100 * rate / bench.limit_gflops, peak_memory_mib());
}

/// Reads one value, so that a device has finished.
void wait_for(const at::Tensor& result) { result.flatten()[0].to(at::kFloat).item<float>(); }

}  // namespace

void bench_draw(const BenchDrawConfig& config, const std::string& device, std::ostream& out) {
  check_config(config, "bench draw");
  const at::NoGradGuard no_grad;
  constexpr int64_t kGuided = 2;  // prompt and negative prompt
  const Bench bench(config.shape, device);
  print_head(bench);
  const auto text = models::TextEncoder::random(bench.shapes.text, RandomKey(kSeed), {.dtype = at::kFloat, .device = bench.device});
  const nn::FrozenTensors unet = random_tensors(models::unet_weight_specs(bench.shapes.unet), bench.frozen());
  const nn::FrozenTensors vae = random_tensors(models::vae_weight_specs(bench.shapes.vae), bench.frozen());
  diffusion::NetworkModels networks(
      {.text_encoder = text, .unet_config = bench.shapes.unet, .unet = unet, .vae_config = bench.shapes.vae, .vae = vae, .device = bench.device});

  const at::Tensor ids = at::full({kGuided, bench.tokens()}, 5, at::kLong).to(bench.device);
  report(bench, {"draw", "text encoder", kGuided, text_flops(bench, kGuided)}, timed(config.shape.steps, [&] { wait_for(networks.text_states(ids)); }), out);

  const at::Tensor latents = random_normal({kGuided, bench.shapes.unet.in_channels, bench.rows(), bench.columns()}, bench.device);
  diffusion::Condition condition{.states = networks.text_states(ids)};
  if (bench.shapes.unet.time_cond_proj_dim > 0) condition.timestep_cond = at::zeros({kGuided, bench.shapes.unet.time_cond_proj_dim}).to(bench.device);
  const at::Tensor timesteps = at::full({kGuided}, 500, at::kLong).to(bench.device);
  report(bench, {"draw", "unet step with guidance", kGuided, unet_flops(bench, kGuided)},
         timed(config.shape.steps, [&] { wait_for(networks.predict_noise(latents, timesteps, condition)); }), out);

  const at::Tensor encoded = random_normal({1, bench.shapes.vae.latent_channels, bench.rows(), bench.columns()}, bench.device);
  report(bench, {"draw", "vae decode", 1, models::vae_decode_flops(bench.shapes.vae, 1, bench.rows(), bench.columns())},
         timed(config.shape.steps, [&] { wait_for(networks.decode(encoded)); }), out);
}

void bench_tune(const BenchTuneConfig& config, const std::string& device, std::ostream& out) {
  check_config(config, "bench tune");
  const Bench bench(config.shape, device);
  print_head(bench);
  auto text = models::TextEncoder::random(bench.shapes.text, RandomKey(kSeed), {.trained = true, .dtype = bench.dtype(), .device = bench.device});
  const nn::FrozenTensors unet = random_tensors(models::unet_weight_specs(bench.shapes.unet), bench.frozen());
  const std::vector<int32_t> ids(static_cast<size_t>(bench.tokens()), 5);
  const auto examples = [&] {
    const at::Tensor latents = random_normal({config.batch, 1, bench.shapes.unet.out_channels, bench.rows(), bench.columns()}, at::kCPU);
    return train::CaptionedLatents{latents, {}, [&ids](size_t, RandomKey) { return ids; }, ids};
  };
  train::DiffusionHooks hooks;
  hooks.weights_changed = [&text] { text.tensors().weights_changed(); };
  train::DiffusionObjective objective(
      {bench.shapes.unet, nn::TensorScope(unet), [&text](const at::Tensor& rows) { return text.states(rows); },
       diffusion::NoiseSchedule(diffusion::default_scheduler_config(diffusion::SchedulerKind::ddim)), diffusion::PredictionType::epsilon},
      text.tensors().parameters(), examples(), examples(), {.gradient_checkpointing = config.gradient_checkpointing},
      std::move(hooks));
  train::AdamW optimizer(objective.parameters());
  uint64_t step = 0;
  const auto one_step = [&] {
    objective.forward_backward(config.batch, RandomKey(kSeed).fold_in(step++));
    optimizer.step({.learning_rate = 1e-5});
    objective.weights_changed();
  };
  // Forward through both, and backward to the inputs of the UNet's layers and to inputs and weights of the text encoder's.
  const double flops = 2 * unet_flops(bench, config.batch) + 3 * text_flops(bench, config.batch);
  report(bench, {"tune", "text encoder, UNet frozen", config.batch, flops}, timed(config.shape.steps, one_step), out);
}

}  // namespace vitrine::recipes
