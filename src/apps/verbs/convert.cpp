// vitrine convert preferences IN - ranked lists and pairs between our own form, TRL's and
// LLaMA-Factory's.
#include "apps/command_line.h"
#include "apps/verbs.h"
#include "base/log.h"
#include "recipes/convert_preferences.h"

namespace vitrine::apps {
namespace {

struct ConvertPreferencesVerb {
  explicit ConvertPreferencesVerb(CLI::App& app) : options(app) {}
  CommonOptions common;
  recipes::ConvertPreferencesConfig config;
  std::string input;
  VerbOptions options;

  int run() {
    if (options.resolve()) return kDone;
    VerbOptions::require(!input.empty(), "IN");
    VerbOptions::require(!config.to.empty(), "--to");
    const data::ImportReport report = recipes::convert_preferences(input, config);
    const bool rejected = report.rows_rejected > 0;
    log_line(rejected ? LogLevel::warn : LogLevel::info, "[convert] " + report.table());
    return rejected ? kSomeRejected : kDone;
  }
};

}  // namespace

void register_convert(CLI::App& app, int& exit_code) {
  CLI::App* convert = app.add_subcommand("convert", "files of one form into another");
  convert->require_subcommand(1);
  CLI::App* command =
      convert->add_subcommand("preferences", "ranked lists and pairs: own, TRL, LLaMA-Factory");
  auto verb = std::make_shared<ConvertPreferencesVerb>(*command);
  command->add_option("IN", verb->input,
                      "ranked lists, pairs, TRL or LLaMA-Factory preferences, JSON(L); .gz, .zst; "
                      "- = standard input");
  verb->options.add(verb->config);
  verb->options.add_common(verb->common, {});
  command->callback([verb, &exit_code] { exit_code = verb->run(); });
}

}  // namespace vitrine::apps
