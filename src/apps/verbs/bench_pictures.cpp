// bench draw, bench tune: speed of Stable Diffusion.
#include <iostream>

#include "apps/command_line.h"
#include "apps/device.h"
#include "apps/verbs.h"
#include "recipes/bench_pictures.h"

namespace vitrine::apps {
namespace {

template <typename Config>
using Bench = void (*)(const Config& config, const std::string& device, std::ostream& out);

template <typename Config>
struct BenchVerb {
  explicit BenchVerb(CLI::App& app) : options(app) {}
  CommonOptions common;
  Config config;
  VerbOptions options;
};

template <typename Config>
void add_verb(CLI::App& bench, const char* name, const char* help, Bench<Config> measure) {
  CLI::App* command = bench.add_subcommand(name, help);
  auto verb = std::make_shared<BenchVerb<Config>>(*command);
  verb->options.add(verb->config);
  verb->options.add_common(verb->common, {.engine = "torch", .dtypes = {"float32", "bfloat16"}, .gpu = true});
  command->callback([verb, measure] {
    if (verb->options.resolve()) return;
    set_threads(verb->common.threads);
    measure(verb->config, parse_device(verb->common.device).str(), std::cout);
  });
}

}  // namespace

void register_bench_pictures(CLI::App& app, int&) {
  CLI::App& bench = *app.get_subcommand("bench");
  add_verb<recipes::BenchDrawConfig>(bench, "draw", "text encoder, a guided UNet step, VAE decoding", recipes::bench_draw);
  add_verb<recipes::BenchTuneConfig>(bench, "tune", "a step of train text-encoder, optimizer included", recipes::bench_tune);
}

}  // namespace vitrine::apps
