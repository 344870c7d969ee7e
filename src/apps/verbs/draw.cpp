// vitrine draw - the main job for pictures: products or a prompt in, labelled pictures out.
#include <memory>

#include "apps/command_line.h"
#include "apps/device.h"
#include "apps/verbs.h"
#include "recipes/run_draw.h"

namespace vitrine::apps {
namespace {

struct DrawVerb {
  explicit DrawVerb(CLI::App& app) : options(app) {}
  CommonOptions common;
  recipes::DrawConfig config;
  recipes::DrawRun run;
  recipes::PictureInspectorConfig inspection;
  recipes::PictureLabelConfig label;
  recipes::LabelOptions labels;
  VerbOptions options;
};

}  // namespace

void register_draw(CLI::App& app, int& exit_code) {
  auto& verb = *app.add_subcommand("draw", "products or a prompt in, labelled pictures out");
  auto state = std::make_shared<DrawVerb>(verb);
  verb.add_option("PRODUCTS", state->run.source.products, "product records or any importable table; - is standard input");
  state->options.name_also("num_images_per_prompt", "-n");
  state->options.add(state->config);
  state->options.add(state->run);
  state->options.add(state->inspection);
  state->options.add(state->label);
  state->options.add(state->labels);
  state->options.add_common(state->common, {.engine = "torch", .dtypes = {"float32", "bfloat16"}, .gpu = true});
  verb.callback([state, &exit_code] {
    if (state->options.resolve()) return;
    set_threads(state->common.threads);
    state->run.dtype = state->common.dtype;
    state->run.device = parse_device(state->common.device).str();
    state->run.quiet = state->common.quiet;
    exit_code = recipes::run_draw(state->config, state->run, state->inspection, state->label, state->labels) ? kDone : kSomeRejected;
  });
}

}  // namespace vitrine::apps
