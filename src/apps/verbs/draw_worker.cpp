// vitrine draw-worker - draws for `vitrine serve`, which starts it and speaks JSON lines with it.
#include <iostream>
#include <memory>

#include "apps/command_line.h"
#include "apps/device.h"
#include "apps/verbs.h"
#include "recipes/draw_worker.h"

namespace vitrine::apps {
namespace {

struct DrawWorkerVerb {
  explicit DrawWorkerVerb(CLI::App& app) : options(app) {}
  CommonOptions common;
  VerbOptions options;
};

}  // namespace

void register_draw_worker(CLI::App& app, int& exit_code) {
  auto& verb = *app.add_subcommand("draw-worker", "draws for vitrine serve: JSON lines in and out")->group("");
  auto state = std::make_shared<DrawWorkerVerb>(verb);
  state->options.add_common(state->common, {.engine = "torch", .dtypes = {"float32", "bfloat16"}, .gpu = true});
  verb.callback([state, &exit_code] {
    if (state->options.resolve()) return;
    set_threads(state->common.threads);
    const std::string dtype = state->common.dtype.empty() ? "float32" : state->common.dtype;
    recipes::run_draw_worker({.dtype = dtype, .device = parse_device(state->common.device).str()}, std::cin, std::cout);
    exit_code = kDone;
  });
}

}  // namespace vitrine::apps
