// vitrine curate images with a CLIP model: by vitrine-torch.
#include "apps/device.h"
#include "apps/verbs.h"
#include "apps/verbs/curate_images.h"
#include "copywriting/copy_model.h"
#include "imagery/clip_scorer.h"

namespace vitrine::apps {
namespace {

std::unique_ptr<imagery::PairScorer> load_scorer(const std::string& model, const CommonOptions& common) {
  set_threads(common.threads);
  parse_device(common.device);  // refuses one that is not there
  imagery::ClipScorerConfig config{.device = common.device};
  if (!common.dtype.empty()) config.dtype = common.dtype;
  return imagery::load_clip_scorer(copywriting::find_model(model), config);
}

}  // namespace

void register_curate_torch(CLI::App& app, int& exit_code) {
  CLI::App* curate = app.add_subcommand("curate", "the filter funnels");
  curate->require_subcommand(1);
  add_curate_images(*curate, exit_code, {.load = load_scorer, .honours = {.engine = "torch", .dtypes = {"float32", "bfloat16"}, .gpu = true}});
}

}  // namespace vitrine::apps
