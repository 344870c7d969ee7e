// vitrine curate images IN… --output DIR - picture sets to a training set through the funnel.
#include "apps/verbs/curate_images.h"

#include "base/log.h"
#include "recipes/curate_images_run.h"

namespace vitrine::apps {
namespace {

struct CurateImagesVerb {
  CurateImagesVerb(CLI::App& app, const ClipSupport& support) : clip(support), options(app) {}
  CommonOptions common;
  recipes::CurateImagesRunConfig config;
  ClipSupport clip;
  std::vector<std::string> sets;
  VerbOptions options;

  int run() {
    if (options.resolve()) return kDone;
    VerbOptions::require(!sets.empty(), "IN");
    VerbOptions::require(!config.output.empty(), "--output");
    recipes::LoadPairScorer load_scorer;
    if (clip.load) load_scorer = [this](const std::string& model) { return clip.load(model, common); };
    const auto set = recipes::curate_picture_sets(sets, config, common.threads, load_scorer);
    for (const auto& f : set.filters) {
      log_info("[curate] ", f.filter, f.enabled ? "" : " (off)", ": in ", f.rows_in, ", kept ", f.kept, ", dropped ", f.dropped, ", changed ", f.repaired);
    }
    log_info("[curate] ", config.output, ": ", set.kept.size(), set.kept.size() == 1 ? " picture kept" : " pictures kept");
    return set.filters.front().dropped > 0 ? kSomeRejected : kDone;
  }
};

}  // namespace

void add_curate_images(CLI::App& curate, int& exit_code, const ClipSupport& clip) {
  CLI::App* images = curate.add_subcommand("images", "training pictures with captions: unreadable, small, blank, doubled, unwanted and ill-described ones go");
  auto verb = std::make_shared<CurateImagesVerb>(*images, clip);
  images->add_option("IN", verb->sets, "class folders, kohya folders, imagefolder, MUGE folder, WebDataset .tar, listings (JSONL, CSV, TSV)");
  verb->options.add(verb->config);
  verb->options.add_common(verb->common, clip.honours);
  images->callback([verb, &exit_code] { exit_code = verb->run(); });
}

}  // namespace vitrine::apps
