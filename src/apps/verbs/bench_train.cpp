// bench train: speed of a training step.
#include <cstdio>
#include <iostream>

#include "apps/command_line.h"
#include "apps/device.h"
#include "apps/verbs.h"
#include "base/error.h"
#include "train/train_bench.h"

namespace vitrine::apps {
namespace {

struct Options {
  CommonOptions common;
  std::string model, shape = "gpt2";
  train::TrainBenchConfig config;
};

models::Gpt2 make_model(const Options& options) {
  const at::Device device = parse_device(options.common.device);
  if (!options.model.empty()) return models::Gpt2::load(options.model, device);
  models::Gpt2 model(train::named_shape(options.shape), device);
  model.initialize(RandomKey(static_cast<uint64_t>(options.common.seed)));
  return model;
}

void print_table(const train::TrainBenchResult& r, const Options& options) {
  std::fprintf(stderr, "%-14s %6s %7s %10s %10s %10s %8s %9s\n", "model", "batch", "tokens", "tokens/s", "s/step", "min s", "limit",
               "peak MiB");
  std::fprintf(stderr, "%-14s %6d %7d %10.1f %10.4f %10.4f %7.1f%% %9.0f\n",
               options.model.empty() ? options.shape.c_str() : options.model.c_str(), options.config.batch, options.config.tokens,
               r.tokens_per_s, r.median_seconds, r.minimum_seconds, 100 * r.limit_fraction, r.peak_rss_mib);
}

void run(Options& options) {
  set_threads(options.common.threads);
  if (!options.common.dtype.empty()) options.config.dtype = options.common.dtype;
  models::Gpt2 model = make_model(options);
  const train::TrainBenchResult result = train::bench_train(model, options.config);
  std::cout << dump_line(train::to_json(result, options.config, model.config())) << std::endl;
  print_table(result, options);
}

}  // namespace

void register_bench_train(CLI::App& app, int&) {
  CLI::App* bench = app.add_subcommand("bench", "speed on this machine");
  bench->require_subcommand(1);
  CLI::App* verb = bench->add_subcommand("train", "a training step, optimizer included");
  auto options = std::make_shared<Options>();
  add_common_options(*verb, options->common);
  verb->add_option("--model", options->model, "model directory");
  verb->add_option("--shape", options->shape, "without --model: gpt2 | gpt2-medium | mini, random weights")->capture_default_str();
  auto config_options = std::make_shared<ConfigOptions>(*verb, options->config);
  verb->callback([options, config_options] {
    if (!config_options->resolve(options->common)) run(*options);
  });
}

}  // namespace vitrine::apps
