// vitrine write - the main job: products in, copy candidates out.
#include <memory>

#include "apps/command_line.h"
#include "apps/verbs.h"
#include "generation/decoder.h"
#include "generation/dtypes.h"
#include "recipes/run_write.h"

namespace vitrine::apps {
namespace {

struct WriteVerb {
  explicit WriteVerb(CLI::App& app) : options(app) {}
  CommonOptions common;
  recipes::WriteConfig config;
  recipes::WriteRun run;
  VerbOptions options;
};

}  // namespace

void register_write(CLI::App& app, int& exit_code) {
  auto& verb = *app.add_subcommand("write", "attributes in, checked and ordered copy candidates out");
  auto state = std::make_shared<WriteVerb>(verb);
  verb.add_option("PRODUCTS", state->run.input, "product records or any importable table; - is standard input");
  state->options.name_also("num_return_sequences", "-n");
  state->options.add(state->config);
  state->options.add(state->run);
  state->options.add_common(state->common, {.dtypes = generation::weight_dtypes()});
  verb.callback([state, &exit_code] {
    if (state->options.resolve()) return;
    state->run.threads = state->common.threads;
    state->run.dtype = state->common.dtype;
    exit_code = recipes::run_write(state->config, state->run) ? kDone : kSomeRejected;
  });
}

}  // namespace vitrine::apps
