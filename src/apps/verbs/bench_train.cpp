// bench train: speed of a training step.
#include <cstdio>
#include <iostream>

#include "apps/command_line.h"
#include "apps/device.h"
#include "apps/verbs.h"
#include "copywriting/copy_model.h"
#include "train/train_bench.h"

namespace vitrine::apps {
namespace {

struct Subject {
  std::string model, shape = "gpt2";

  void describe(FieldVisitor& v) {
    v.field("model", model, "model: a folder, or a name in models/");
    v.field("shape", shape, "without --model: gpt2 | gpt2-medium | mini, random weights", {"gpt2", "gpt2-medium", "mini"});
  }
};

struct BenchTrainVerb {
  explicit BenchTrainVerb(CLI::App& app) : options(app) {}
  CommonOptions common;
  Subject subject;
  train::TrainBenchConfig config;
  VerbOptions options;
};

models::Gpt2 make_model(const BenchTrainVerb& verb) {
  const at::Device device = parse_device(verb.common.device);
  if (!verb.subject.model.empty()) return models::Gpt2::load(copywriting::find_model(verb.subject.model), device);
  models::Gpt2 model(train::named_shape(verb.subject.shape), device);
  model.initialize(RandomKey(static_cast<uint64_t>(verb.common.seed)));
  return model;
}

void print_table(const train::TrainBenchResult& r, const BenchTrainVerb& verb) {
  std::fprintf(stderr, "%-14s %6s %7s %10s %10s %10s %8s %9s\n", "model", "batch", "tokens", "tokens/s", "s/step", "min s", "limit",
               "peak MiB");
  std::fprintf(stderr, "%-14s %6d %7d %10.1f %10.4f %10.4f %7.1f%% %9.0f\n",
               verb.subject.model.empty() ? verb.subject.shape.c_str() : verb.subject.model.c_str(), verb.config.batch, verb.config.tokens,
               r.tokens_per_s, r.median_seconds, r.minimum_seconds, 100 * r.limit_fraction, r.peak_rss_mib);
}

void run(BenchTrainVerb& verb) {
  set_threads(verb.common.threads);
  models::Gpt2 model = make_model(verb);
  const train::TrainBenchResult result = train::bench_train(model, verb.config);
  std::cout << dump_line(train::to_json(result, verb.config, model.config())) << std::endl;
  print_table(result, verb);
}

}  // namespace

void register_bench_train(CLI::App& app, int&) {
  CLI::App* bench = app.add_subcommand("bench", "speed on this machine");
  bench->require_subcommand(1);
  CLI::App* command = bench->add_subcommand("train", "a training step, optimizer included");
  auto verb = std::make_shared<BenchTrainVerb>(*command);
  verb->options.add(verb->subject);
  verb->options.add(verb->config);
  verb->options.add_common(verb->common, {.engine = "torch", .dtypes = {"float32", "bfloat16"}, .gpu = true});
  command->callback([verb] {
    if (!verb->options.resolve()) run(*verb);
  });
}

}  // namespace vitrine::apps
