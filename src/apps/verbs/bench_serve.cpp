// vitrine bench serve [PRODUCTS]
#include <filesystem>
#include <iostream>

#include "apps/command_line.h"
#include "apps/verbs.h"
#include "base/resource.h"
#include "copywriting/copy_model.h"
#include "generation/dtypes.h"
#include "recipes/bench_write.h"
#include "serve/serve_bench.h"

namespace vitrine::apps {
namespace {

struct BenchServeVerb {
  explicit BenchServeVerb(CLI::App& app) : options(app) {}
  CommonOptions common;
  serve::ServeBenchConfig config;
  VerbOptions options;
};

serve::ServeBenchHooks hooks(const BenchServeVerb& verb) {
  const std::string dtype = verb.common.dtype.empty() ? copywriting::kDefaultDtype : verb.common.dtype;
  const auto folder = copywriting::find_model(verb.config.model);
  return {.program = {(program_folder() / "vitrine").string()},
          .options = {"--threads", std::to_string(verb.common.threads), "--dtype", dtype},
          .decoder_tokens_per_s = [folder, dtype, threads = verb.common.threads](int batch) {
            return recipes::decoded_tokens_per_s(folder, dtype, threads, batch);
          }};
}

void run(BenchServeVerb& verb) {
  if (!std::filesystem::exists(verb.config.products)) verb.config.products = resource_path(verb.config.products).string();
  serve::bench_serve(verb.config, hooks(verb), std::cout);
}

}  // namespace

void register_bench_serve(CLI::App& app, int&) {
  CLI::App* command = app.get_subcommand("bench")->add_subcommand("serve", "what one user and many see of a running server");
  auto verb = std::make_shared<BenchServeVerb>(*command);
  verb->options.add(verb->config);
  verb->options.add_common(verb->common, {.dtypes = generation::weight_dtypes()});
  command->callback([verb] {
    if (!verb->options.resolve()) run(*verb);
  });
}

}  // namespace vitrine::apps
