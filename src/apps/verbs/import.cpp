// vitrine import FILES… - shop tables to product records.
#include "apps/command_line.h"
#include "apps/verbs.h"
#include "base/error.h"
#include "base/log.h"
#include "recipes/import.h"

namespace vitrine::apps {
namespace {

struct ImportVerb {
  CommonOptions common;
  recipes::ImportRecipeConfig config;
  std::vector<std::string> files;
  std::unique_ptr<ConfigOptions> options;

  int run() {
    if (options->resolve(common)) return kDone;
    if (files.empty()) throw UsageError("[import] no files: expected at least one, or - for standard input");
    const data::ImportReport report = recipes::import_files(files, config);
    log_info("[import] ", report.table());
    return report.rows_rejected > 0 ? kSomeRejected : kDone;
  }
};

}  // namespace

void register_import(CLI::App& app, int& exit_code) {
  auto verb = std::make_shared<ImportVerb>();
  CLI::App* command = app.add_subcommand("import", "read product tables of any readable format: product records, JSONL");
  command->add_option("files", verb->files, "product JSONL, AdvertiseGen JSONL, CSV, TSV; .gz, .zst; - = standard input");
  add_common_options(*command, verb->common);
  verb->options = std::make_unique<ConfigOptions>(*command, verb->config);
  command->callback([verb, &exit_code] { exit_code = verb->run(); });
}

}  // namespace vitrine::apps
