// vitrine curate copy IN… --output DIR - raw rows to training rows through the funnel.
#include "apps/command_line.h"
#include "apps/verbs.h"
#include "base/log.h"
#include "recipes/curate_run.h"

namespace vitrine::apps {
namespace {

struct CurateCopyVerb {
  explicit CurateCopyVerb(CLI::App& app) : options(app) {}
  CommonOptions common;
  recipes::CurateRunConfig config;
  std::vector<std::string> files;
  VerbOptions options;

  int run() {
    if (options.resolve()) return kDone;
    VerbOptions::require(!files.empty(), "IN");
    VerbOptions::require(!config.output.empty(), "--output");
    const auto set = recipes::curate_files(files, config);
    for (const auto& f : set.filters) {
      log_info("[curate] ", f.filter, f.enabled ? "" : " (off)", ": in ", f.rows_in, ", kept ", f.kept, ", dropped ", f.dropped, ", repaired ", f.repaired);
    }
    log_info("[curate] ", config.output, ": ", set.kept.size(), set.kept.size() == 1 ? " row kept" : " rows kept");
    return set.filters.front().dropped > 0 || set.held_out_rejected > 0 ? kSomeRejected : kDone;
  }
};

}  // namespace

void register_curate(CLI::App& app, int& exit_code) {
  CLI::App* curate = app.add_subcommand("curate", "the filter funnels");
  curate->require_subcommand(1);
  CLI::App* copy = curate->add_subcommand("copy", "training rows for copy: near-duplicates, inventions and absolute terms go");
  auto verb = std::make_shared<CurateCopyVerb>(*copy);
  copy->add_option("IN", verb->files, "AdvertiseGen or product JSONL, CSV, TSV; - = standard input");
  verb->options.add(verb->config);
  verb->options.add_common(verb->common, {});
  copy->callback([verb, &exit_code] { exit_code = verb->run(); });
}

}  // namespace vitrine::apps
