// vitrine import FILES… - shop tables to product records.
#include "apps/command_line.h"
#include "apps/verbs.h"
#include "base/log.h"
#include "recipes/import.h"

namespace vitrine::apps {
namespace {

struct ImportVerb {
  explicit ImportVerb(CLI::App& app) : options(app) {}
  CommonOptions common;
  recipes::ImportRecipeConfig config;
  std::vector<std::string> files;
  VerbOptions options;

  int run() {
    if (options.resolve()) return kDone;
    VerbOptions::require(!files.empty(), "FILES");
    const recipes::ImportTotals report = recipes::import_files(files, config);
    const bool rejected = report.rows_rejected > 0;
    data::log_table("[import]", report.table(), rejected);
    return rejected ? kSomeRejected : kDone;
  }
};

}  // namespace

void register_import(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("import", "read product tables of any readable format: product records, JSONL");
  auto verb = std::make_shared<ImportVerb>(*command);
  command->add_option("FILES", verb->files, "JSONL, JSON, CSV, TSV, XLSX, XML, of any shop; .gz, .zst, .zip; - = standard input");
  verb->options.add(verb->config);
  verb->options.add_common(verb->common, {});
  command->callback([verb, &exit_code] { exit_code = verb->run(); });
}

}  // namespace vitrine::apps
