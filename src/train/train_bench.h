// train/train_bench.h - speed of a training step on this machine, against the machine's measured limit.
#pragma once
#include <ATen/core/Tensor.h>

#include "base/config.h"
#include "models/gpt2/module.h"

namespace vitrine::train {

struct TrainBenchConfig {
  int batch = 8;
  int tokens = 160;
  int steps = 5;
  std::string dtype = "auto";
  bool plain = false;
  double dropout = 0.1;

  void describe(FieldVisitor& v) {
    v.field("batch", batch, "documents of a step", 1, 4096);
    v.field("tokens", tokens, "tokens of a document, all labelled", 2, 65536);
    v.field("steps", steps, "timed steps, after two to warm up", 1, 10000);
    v.field("dtype", dtype, "compute type: float32, bfloat16, or auto = the faster one here", {"auto", "float32", "bfloat16"});
    v.field("plain", plain, "plain ATen instead of the fused loops");
    v.field("dropout", dropout, "all three dropouts", 0, 0.95);
  }
};

struct TrainBenchResult {
  double median_seconds = 0, minimum_seconds = 0;  // of a step, optimizer included
  double tokens_per_s = 0;                         // by the median
  double limit_fraction = 0;                       // floating-point operations of the step by the limit's
  double limit_gflops = 0;                         // of a 2048^3 matrix product in this type
  double peak_rss_mib = 0;
  double last_loss = 0;
  std::string dtype;  // that it computed in
};

TrainBenchResult bench_train(models::Gpt2& model, const TrainBenchConfig& config);

/// The limit that shares are taken of: GFLOP/s of the fastest of eight 2048^3 matrix products.
double matmul_gflops(at::ScalarType dtype, const at::Device& device);

/// Named shapes: gpt2, gpt2-medium, mini (d 384, 8 layers, 6 heads, vocabulary 6000). Throws UsageError.
models::Gpt2Config named_shape(const std::string& name);

/// Operations (a multiplication and an addition are two) of one step: forward, and twice that backward.
double step_flops(const models::Gpt2Config& config, int64_t documents, int64_t tokens);

Json to_json(const TrainBenchResult& result, const TrainBenchConfig& config, const models::Gpt2Config& shape);

}  // namespace vitrine::train
