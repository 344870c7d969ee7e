// vitrine curate images without a CLIP model: by vitrine-pictures.
#include "apps/verbs.h"
#include "apps/verbs/curate_images.h"

namespace vitrine::apps {

void register_curate_pictures(CLI::App& app, int& exit_code) {
  CLI::App* curate = app.add_subcommand("curate", "the filter funnels");
  curate->require_subcommand(1);
  add_curate_images(*curate, exit_code, {});
}

}  // namespace vitrine::apps
