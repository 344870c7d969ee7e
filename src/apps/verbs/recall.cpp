// vitrine recall FILES…
#include "recipes/recall.h"

#include <iostream>

#include "apps/command_line.h"
#include "apps/verbs.h"
#include "base/compressed.h"
#include "base/error.h"
#include "base/log.h"

namespace vitrine::apps {
namespace {

struct RecallVerb {
  explicit RecallVerb(CLI::App& app) : options(app) {}
  CommonOptions common;
  recipes::RecallConfig config;
  std::vector<std::string> files;
  VerbOptions options;
};

/// Files without settings, or that cannot be read, are named; only when none has any, the command fails.
int run_recall(RecallVerb& verb) {
  if (verb.options.resolve()) return kDone;
  VerbOptions::require(!verb.files.empty(), "FILES");
  std::string lines;
  size_t without = 0;
  for (const std::string& file : verb.files) {
    try {
      const Json settings = recipes::recall(file, verb.config);
      lines += dump_line(settings) + "\n";
      if (verb.common.quiet) continue;
      std::cerr << "重绘: " << printable(settings.at("command").get<std::string>()) << "\n";
      for (const Json& missing : settings.at("missing"))
        std::cerr << "缺少: " << printable(missing.get<std::string>()) << "\n";
    } catch (const Cancelled&) {
      throw;
    } catch (const Error& e) {  // one bad file must not hide what the others are
      if (verb.files.size() == 1) throw;
      log_warn(e.what());
      ++without;
    }
  }
  write_output("-", lines);
  if (without == 0) return kDone;
  return without == verb.files.size() ? kFailed : kSomeRejected;
}

}  // namespace

void register_recall(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("recall",
                                         "the settings that pictures were made with, and the "
                                         "command that repeats them: one JSON object a file");
  auto verb = std::make_shared<RecallVerb>(*command);
  command->add_option("FILES", verb->files, "PNG, JPEG or WebP");
  verb->options.add(verb->config);
  verb->options.add_common(verb->common, {});
  command->callback([verb, &exit_code] { exit_code = run_recall(*verb); });
}

}  // namespace vitrine::apps
