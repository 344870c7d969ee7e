#include "apps/command_line.h"

#include <cstdio>
#include <filesystem>
#include <iostream>
#include <memory>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/resource.h"

namespace vitrine::apps {
namespace {

std::string flag_name(std::string_view field) {
  std::string flag = "--" + std::string(field);
  for (char& c : flag) {
    if (c == '_') c = '-';
  }
  return flag;
}

/// One option per field; the values given go to a JSON object.
class AddOptions : public FieldVisitor {
 public:
  AddOptions(CLI::App& verb, Json& flags) : verb_(verb), flags_(flags) {}

  void field(std::string_view name, bool& value, std::string_view help) override {
    const std::string flag = flag_name(name);
    verb_.add_flag_function(
             flag + ",!--no-" + flag.substr(2),
             [this, key = std::string(name)](int64_t count) { flags_[key] = count > 0; },
             std::string(help))
        ->default_str(value ? "on" : "off");
  }
  void field(std::string_view name, std::string& value, std::string_view help) override { add<std::string>(name, value, help); }
  void field(std::string_view name, std::vector<std::string>&, std::string_view help) override {
    verb_.add_option_function<std::vector<std::string>>(
             flag_name(name), [this, key = std::string(name)](const std::vector<std::string>& v) { flags_[key] = v; },
             std::string(help))
        ->delimiter(',');
  }
  void field(std::string_view name, int& value, std::string_view help, double, double) override { add<int>(name, value, help); }
  void field(std::string_view name, int64_t& value, std::string_view help, double, double) override { add<int64_t>(name, value, help); }
  void field(std::string_view name, double& value, std::string_view help, double, double) override { add<double>(name, value, help); }

 private:
  template <typename T>
  void add(std::string_view name, const T& value, std::string_view help) {
    verb_.add_option_function<T>(
             flag_name(name), [this, key = std::string(name)](const T& v) { flags_[key] = v; }, std::string(help))
        ->default_str(concat(value));
  }

  CLI::App& verb_;
  Json& flags_;
};

std::filesystem::path find_config(const std::string& name) {
  if (std::filesystem::exists(name)) return name;
  return resource_path("configs/" + name + ".json");
}

int report(const std::exception& e, int code) {
  log_line(LogLevel::error, e.what());
  return code;
}

}  // namespace

void add_common_options(CLI::App& verb, CommonOptions& common) {
  const auto is_free = [&](const char* flag) { return verb.get_option_no_throw(flag) == nullptr; };
  verb.add_option("--config", common.config_file, "settings file (JSON), or a name in configs/");
  verb.add_flag("--print-config", common.print_config, "print the settings in force and stop");
  if (is_free("--seed")) verb.add_option("--seed", common.seed, "seed of all random choices")->capture_default_str();
  verb.add_option("--threads", common.threads, "0 = all cores")->check(CLI::Range(0, 4096))->capture_default_str();
  verb.add_option("--device", common.device, "cpu | cuda | cuda:i")->capture_default_str();
  if (is_free("--dtype")) {
    verb.add_option("--dtype", common.dtype, "float32 | bfloat16")->check(CLI::IsMember({"float32", "bfloat16", "int8", "int4"}));
  }
  verb.add_option("--engine", common.engine, "native | torch")->check(CLI::IsMember({"native", "torch"}))->capture_default_str();
  verb.add_flag("--quiet", common.quiet, "no progress, warnings only");
  verb.add_option("--log-level", common.log_level, "debug | info | warn | error | off")->capture_default_str();
}

void ConfigOptions::add(CLI::App& verb) {
  visitor_ = std::make_unique<AddOptions>(verb, flags_);
  describe_(config_, *visitor_);
}

bool ConfigOptions::resolve(const CommonOptions& common) {
  set_log_level(common.quiet ? LogLevel::warn : parse_log_level(common.log_level));
  set_progress_enabled(!common.quiet);
  if (!common.config_file.empty()) {
    const auto path = find_config(common.config_file);
    detail::config_from_json(config_, describe_, read_json_file(path), path.string());
  }
  detail::config_from_json(config_, describe_, flags_, "command line");
  if (!common.print_config) return false;
  std::cout << dump_pretty(detail::config_to_json(config_, describe_));
  return true;
}

int run_program(int argc, char** argv, const std::string& name, std::initializer_list<RegisterVerb> verbs) {
  install_interrupt_handler();
  CLI::App app("Shop copy and shop pictures from product attributes", name);
  app.require_subcommand(1);
  app.set_version_flag("--version", VITRINE_VERSION);
  int exit_code = kDone;
  try {
    for (const RegisterVerb register_verb : verbs) register_verb(app, exit_code);
    app.parse(argc, argv);
    return exit_code;
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? kDone : kUsage;
  } catch (const UsageError& e) {
    return report(e, kUsage);
  } catch (const Cancelled& e) {
    return report(e, kInterrupted);
  } catch (const std::exception& e) {
    return report(e, kFailed);
  }
}

}  // namespace vitrine::apps
