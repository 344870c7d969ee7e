// vitrine backup - a copy of the server's database that is whole, made while the server works.
#include "store/backup.h"

#include <filesystem>

#include "apps/command_line.h"
#include "apps/verbs.h"
#include "base/log.h"
#include "serve/serve_config.h"

namespace vitrine::apps {
namespace {

namespace fs = std::filesystem;

struct BackupConfig {
  std::string data;

  void describe(FieldVisitor& v) {
    v.field("data", data, "folder of the server's data; empty = ~/.local/share/vitrine");
  }
};

struct BackupVerb {
  explicit BackupVerb(CLI::App& app) : options(app) {}
  CommonOptions common;
  BackupConfig config;
  std::string output;
  VerbOptions options;
};

int run_backup(BackupVerb& verb) {
  if (verb.options.resolve()) return kDone;
  VerbOptions::require(!verb.output.empty(), "FILE");
  serve::ServeConfig server;
  server.data = verb.config.data;
  const fs::path database = server.store_location();
  if (!fs::exists(database)) throw NotFound(concat("[backup] ", database.string(), ": there is no database"));
  std::error_code differs;
  if (fs::equivalent(database, verb.output, differs)) {
    throw UsageError(concat("FILE: ", verb.output, " is the database itself"));
  }
  const auto connection = store::connect(database.string(), {});
  store::back_up(*connection, verb.output);
  log_info("[backup] ", verb.output, ": ", fs::file_size(verb.output), " bytes; files of uploads, pictures and exports lie beside the database");
  return kDone;
}

}  // namespace

void register_backup(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("backup", "copy the server's database into FILE while the server works");
  auto verb = std::make_shared<BackupVerb>(*command);
  command->add_option("FILE", verb->output, "where the copy goes; an older one is replaced when the new one is whole");
  verb->options.add(verb->config);
  verb->options.add_common(verb->common, {});
  command->callback([verb, &exit_code] { exit_code = run_backup(*verb); });
}

}  // namespace vitrine::apps
