// apps/command_line.h - what the verbs of both programs share: common options, described configs, exit codes.
#pragma once
#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "base/config.h"

namespace vitrine::apps {

/// Exit codes of the command line contract.
enum ExitCode { kDone = 0, kFailed = 1, kUsage = 2, kSomeRejected = 3, kInterrupted = 130 };

/// Options of every verb.
struct CommonOptions {
  std::string config_file;   // --config: a JSON file, or the name of one in configs/
  bool print_config = false; // --print-config: print the settings in force and stop
  int64_t seed = 0;
  int threads = 0;           // 0 = all cores
  std::string device = "cpu";
  std::string dtype;         // empty = the verb's default
  std::string engine = "native";
  bool quiet = false;
  std::string log_level = "info";
};

/// Adds the common options to a verb, after its ConfigOptions: a flag that a config field has already
/// (--seed, --dtype) is left to the config.
void add_common_options(CLI::App& verb, CommonOptions& common);

/// Adds one --flag per described field. Order of strength: default < --config file < flag: call
/// resolve() in the verb's callback, before the config is used.
/// `config` must outlive the app. A bool field `check` gives --check/--no-check.
class ConfigOptions {
 public:
  template <typename Config>
  ConfigOptions(CLI::App& verb, Config& config)
      : config_(&config), describe_(&detail::describe_as<Config>) {
    add(verb);
  }
  /// Applies --quiet and --log-level, reads common.config_file, then lets the flags given win, checks ranges. Returns true when
  /// --print-config was asked for: the settings are printed and the verb returns.
  bool resolve(const CommonOptions& common);

 private:
  void add(CLI::App& verb);
  void* config_;
  detail::DescribeFunction describe_;
  Json flags_ = Json::object();  // fields given on the command line
  std::unique_ptr<FieldVisitor> visitor_;  // the options write through it
};

/// A verb registers itself: app.add_subcommand(...), options, and a callback that sets `exit_code`.
using RegisterVerb = void (*)(CLI::App& app, int& exit_code);

/// Parses, runs the verb and turns exceptions into one line on stderr and an exit code.
int run_program(int argc, char** argv, const std::string& name, std::initializer_list<RegisterVerb> verbs);

}  // namespace vitrine::apps
