// vitrine bench write --model DIR
#include <iostream>

#include "apps/command_line.h"
#include "apps/verbs.h"
#include "copywriting/copy_model.h"
#include "recipes/bench_write.h"

namespace vitrine::apps {
namespace {

struct Options {
  CommonOptions common;
  std::string model = "copy-mini";
  recipes::BenchWriteConfig config;
};

void run(const Options& options) {
  const std::vector<std::string> dtypes = options.common.dtype.empty() ? std::vector<std::string>{} : std::vector{options.common.dtype};
  recipes::bench_write(copywriting::find_model(options.model), dtypes, options.common.threads, options.config, std::cout);
}

}  // namespace

void register_bench_write(CLI::App& app, int&) {
  CLI::App* bench = app.add_subcommand("bench", "speed on this machine");
  bench->require_subcommand(1);
  CLI::App* verb = bench->add_subcommand("write", "decoded tokens a second, beside this machine's limits");
  auto options = std::make_shared<Options>();
  verb->add_option("--model", options->model, "model directory, or a name in models/")->capture_default_str();
  auto config_options = std::make_shared<ConfigOptions>(*verb, options->config);
  add_common_options(*verb, options->common);
  verb->callback([options, config_options] {
    if (!config_options->resolve(options->common)) run(*options);
  });
}

}  // namespace vitrine::apps
