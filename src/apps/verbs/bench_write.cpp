// vitrine bench write --model DIR
#include <iostream>

#include "apps/command_line.h"
#include "apps/verbs.h"
#include "copywriting/copy_model.h"
#include "generation/decoder.h"
#include "generation/dtypes.h"
#include "recipes/bench_write.h"

namespace vitrine::apps {
namespace {

struct BenchWriteVerb {
  explicit BenchWriteVerb(CLI::App& app) : options(app) {}
  CommonOptions common;
  std::string model = "copy-mini";
  recipes::BenchWriteConfig config;
  VerbOptions options;

  void describe(FieldVisitor& v) { v.field("model", model, "model: a folder, or a name in models/"); }
};

void run(const BenchWriteVerb& verb) {
  const std::vector<std::string> dtypes = verb.common.dtype.empty() ? std::vector<std::string>{} : std::vector{verb.common.dtype};
  recipes::bench_write(copywriting::find_model(verb.model), dtypes, verb.common.threads, verb.config, std::cout);
}

}  // namespace

void register_bench_write(CLI::App& app, int&) {
  CLI::App* bench = app.add_subcommand("bench", "speed on this machine");
  bench->require_subcommand(1);
  CLI::App* command = bench->add_subcommand("write", "decoded tokens a second, beside this machine's limits");
  auto verb = std::make_shared<BenchWriteVerb>(*command);
  verb->options.add(*verb);
  verb->options.add(verb->config);
  verb->options.add_common(verb->common, {.dtypes = generation::weight_dtypes()});
  command->callback([verb] {
    if (!verb->options.resolve()) run(*verb);
  });
}

}  // namespace vitrine::apps
