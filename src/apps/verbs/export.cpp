// vitrine export SOURCE - texts into the file that the products came from, labelled and checked.
#include <iostream>

#include "apps/command_line.h"
#include "apps/verbs.h"
#include "base/log.h"
#include "recipes/export_texts.h"

namespace vitrine::apps {
namespace {

struct ExportVerb {
  explicit ExportVerb(CLI::App& app) : options(app) {}
  CommonOptions common;
  recipes::ExportConfig config;
  recipes::LabelOptions labels;
  std::string source;
  VerbOptions options;

  int run() {
    if (options.resolve()) return kDone;
    VerbOptions::require(!source.empty(), "SOURCE");
    VerbOptions::require(!config.texts.empty(), "--texts");
    const auto result = recipes::export_texts(source, config, recipes::open_labels(labels, system_utc_clock()));
    log_line(result.has_refused() ? LogLevel::warn : LogLevel::info, "[export] " + recipes::to_line(result));
    if (!common.quiet && result.counts[recipes::ExportStatus::written] > 0) std::cerr << "发布时请主动声明并使用平台的标识功能 (办法第十条第一款)\n";
    return result.has_refused() ? kSomeRejected : kDone;
  }
};

}  // namespace

void register_export(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("export", "texts into the file the products came from: only its text columns change");
  auto verb = std::make_shared<ExportVerb>(*command);
  command->add_option("SOURCE", verb->source, "the shop's file, as it was imported");
  verb->options.add(verb->config);
  verb->options.add(verb->labels);
  verb->options.add_common(verb->common, {});
  command->callback([verb, &exit_code] { exit_code = verb->run(); });
}

}  // namespace vitrine::apps
