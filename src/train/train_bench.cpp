#include "train/train_bench.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <chrono>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/memory.h"
#include "train/adamw.h"
#include "train/compute_type.h"

namespace vitrine::train {
namespace {

using Clock = std::chrono::steady_clock;

template <typename Body>
double seconds_of(const Body& body) {
  const Clock::time_point start = Clock::now();
  body();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

nn::PackedBatch random_batch(const models::Gpt2Config& shape, const TrainBenchConfig& config, uint64_t step) {
  RandomStream random{RandomKey(step)};
  nn::PackedBatch batch;
  for (int d = 0; d < config.batch; ++d) {
    std::vector<int32_t> ids;
    for (int t = 0; t < config.tokens; ++t) ids.push_back(static_cast<int32_t>(random.below(static_cast<uint64_t>(shape.vocab_size))));
    batch.add(ids, 1);
  }
  return batch;
}

models::PassConfig pass_config(const TrainBenchConfig& config, models::ComputeType dtype, uint64_t step) {
  models::PassConfig pass;
  pass.dtype = dtype;
  pass.resid_pdrop = pass.embd_pdrop = pass.attn_pdrop = config.dropout;
  pass.dropout_key = step;
  pass.plain = config.plain;
  return pass;
}

}  // namespace

double matmul_gflops(at::ScalarType dtype, const at::Device& device) {
  constexpr int64_t n = 2048;
  const at::Tensor a = at::ones({n, n}, dtype).to(device), b = at::ones({n, n}, dtype).to(device);
  at::Tensor c = at::empty({n, n}, a.options());
  const auto product = [&] {
    at::mm_out(c, a, b);
    c[0][0].to(at::kFloat).item<float>();  // a device has finished then
  };
  double best = 1e30;
  for (int i = 0; i < 8; ++i) best = std::min(best, seconds_of(product));
  return 2.0 * n * n * n / best / 1e9;
}

models::Gpt2Config named_shape(const std::string& name) {
  models::Gpt2Config shape;
  if (name == "gpt2") return shape;
  if (name == "gpt2-medium") {
    shape.n_embd = 1024, shape.n_layer = 24, shape.n_head = 16;
    return shape;
  }
  if (name != "mini") throw UsageError(concat("[bench train] --shape: expected gpt2, gpt2-medium or mini, got ", name));
  shape.vocab_size = 6000, shape.n_positions = 512, shape.n_embd = 384, shape.n_layer = 8, shape.n_head = 6;
  return shape;
}

double step_flops(const models::Gpt2Config& config, int64_t documents, int64_t tokens) {
  const auto C = static_cast<double>(config.n_embd), F = static_cast<double>(config.mlp_width());
  const auto L = static_cast<double>(config.n_layer), V = static_cast<double>(config.vocab_size);
  const double T = static_cast<double>(documents * tokens);
  const double weights = L * (4 * C * C + 2 * C * F) + V * C;
  const double attention = L * C * static_cast<double>(tokens);  // causal: half of q k^T and of p v
  return 6 * T * (weights + attention);
}

TrainBenchResult bench_train(models::Gpt2& model, const TrainBenchConfig& config) {
  constexpr int kWarmUp = 2;
  AdamW optimizer(model.parameters());
  const auto dtype = compute_type(config.dtype, model.parameters().values());
  TrainBenchResult result;
  result.dtype = name_of(dtype);
  std::vector<double> seconds;
  for (int step = 0; step < kWarmUp + config.steps; ++step) {
    throw_if_interrupted("bench train: nothing is saved");
    const nn::PackedBatch batch = random_batch(model.config(), config, static_cast<uint64_t>(step));
    const auto labels = static_cast<double>(batch.num_labels());
    const double time = seconds_of([&] {
      const auto loss = model.forward_backward(batch, pass_config(config, dtype, static_cast<uint64_t>(step)), 1 / labels);
      optimizer.step({.learning_rate = 1e-4});
      result.last_loss = loss.nll / labels;
    });
    if (step >= kWarmUp) seconds.push_back(time);
  }
  const int64_t tokens = int64_t{config.batch} * config.tokens;
  result.median_seconds = median(seconds);
  result.minimum_seconds = *std::min_element(seconds.begin(), seconds.end());
  result.tokens_per_s = static_cast<double>(tokens) / result.median_seconds;
  result.peak_rss_mib = peak_memory_mib();
  result.limit_gflops = matmul_gflops(dtype == models::ComputeType::float32 ? at::kFloat : at::kBFloat16, model.parameters().device());
  result.limit_fraction = step_flops(model.config(), config.batch, config.tokens) / result.median_seconds / 1e9 / result.limit_gflops;
  return result;
}

Json to_json(const TrainBenchResult& result, const TrainBenchConfig& config, const models::Gpt2Config& shape) {
  return {{"kind", "train"},
          {"batch", config.batch},
          {"tokens", config.tokens},
          {"tokens_per_s", result.tokens_per_s},
          {"seconds_per_step", result.median_seconds},
          {"minimum_seconds_per_step", result.minimum_seconds},
          {"peak_rss_mib", result.peak_rss_mib},
          {"limit_fraction", result.limit_fraction},
          {"limit_gflops", result.limit_gflops},
          {"loss", result.last_loss},
          {"dtype", result.dtype},
          {"threads", at::get_num_threads()},
          {"n_embd", shape.n_embd},
          {"n_layer", shape.n_layer},
          {"n_head", shape.n_head},
          {"vocab_size", shape.vocab_size}};
}

}  // namespace vitrine::train
