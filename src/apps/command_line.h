// apps/command_line.h - what the verbs of both programs share: described options, common options, exit codes.
#pragma once
#include <CLI/CLI.hpp>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/config.h"

namespace vitrine::apps {

/// Exit codes of the command line contract.
enum ExitCode { kDone = 0, kFailed = 1, kUsage = 2, kSomeRejected = 3, kInterrupted = 130 };

/// Options of every verb. A settings file may hold all but the first two.
struct CommonOptions {
  std::string config_file;    // --config: a JSON file, or the name of one in configs/
  bool print_config = false;  // --print-config: print the settings in force and stop
  int64_t seed = 0;
  int threads = 0;  // 0 = all cores
  std::string device = "cpu";
  std::string dtype;  // empty = the verb's default
  std::string engine = "native";
  bool quiet = false;
  std::string log_level = "info";

  void describe(FieldVisitor& v);
};

/// What a verb does with the common options: all else is refused, never taken and passed over.
struct Honours {
  std::string engine = "native";    // the one it computes with
  std::vector<std::string> dtypes;  // empty = it computes with no weights
  bool gpu = false;                 // --device cuda
};

/// The options of one verb, from described configs: a flag, a field of --config FILE and a line of --print-config
/// for each field. Order of strength: default < --config < flag.
/// Call order: (add)* add_common, then in the verb's callback resolve. Configs must outlive the app. A bool field
/// `check` gives --check and --no-check; a list takes one argument a flag, split at commas.
class VerbOptions {
 public:
  explicit VerbOptions(CLI::App& verb) : verb_(verb) {}
  VerbOptions(const VerbOptions&) = delete;

  /// Another name of a field's flag, such as -n. Before the add that has the field.
  void name_also(const std::string& field, const std::string& flag) { other_names_[field] = flag; }
  /// A list whose arguments may hold commas (file names). Before the add that has the field.
  void keep_whole(const std::string& field) { whole_.insert(field); }

  /// Fields whose flag an earlier config has are read and checked, but give no second flag.
  template <typename Config>
  void add(Config& config) {
    parts_.push_back({&config, &detail::describe_as<Config>});
    add_flags(parts_.back());
  }
  void add_common(CommonOptions& common, Honours honours);

  /// Reads --config, lets the flags win, applies --quiet and --log-level. Returns true when --print-config was asked
  /// for: the settings are printed and the verb returns.
  /// Throws UsageError for a common option that the verb cannot honour, NotFound or InvalidInput for --config.
  bool resolve();

  /// Names of the fields that --config or a flag set. After resolve.
  const std::set<std::string>& given() const { return given_; }

  /// Throws UsageError: "PRODUCTS: missing" for an argument or option that is not there. After resolve.
  static void require(bool given, const std::string& name);

 private:
  struct Part {
    void* config;
    detail::DescribeFunction describe;
  };
  void add_flags(const Part& part);
  void check_common() const;
  static void describe_all(void* self, FieldVisitor& visitor);

  CLI::App& verb_;
  CommonOptions* common_ = nullptr;
  Honours honours_;
  std::vector<Part> parts_;
  std::map<std::string, std::string> other_names_;
  std::set<std::string> whole_;
  std::set<std::string> given_;
  Json flags_ = Json::object();                         // fields given on the command line
  std::vector<std::unique_ptr<FieldVisitor>> visitors_;  // the flags write through them
};

/// A verb registers itself: app.add_subcommand(...), options, and a callback that sets `exit_code`.
using RegisterVerb = void (*)(CLI::App& app, int& exit_code);

/// Parses, runs the verb and turns exceptions into one line on stderr and an exit code; the line of wrong usage names
/// the --help to read.
int run_program(int argc, char** argv, const std::string& name, std::initializer_list<RegisterVerb> verbs);

}  // namespace vitrine::apps
