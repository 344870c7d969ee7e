#include "apps/command_line.h"

#include <cxxabi.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <limits>

#include "base/config_path.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/version.h"

namespace vitrine::apps {
namespace {

std::string flag_name(std::string_view field) {
  std::string flag = "--" + std::string(field);
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
}

[[noreturn]] void refuse(const std::string& flag, const std::string& expected, const std::string& text) {
  throw UsageError(concat(flag, ": expected ", expected, ", got ", text.empty() ? "nothing" : text));
}

/// All of `text` as a decimal number; from_chars knows no octal, no hexadecimal and no leading space.
template <typename T>
bool read_number(std::string_view text, T& value, std::errc& error) {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  error = code;
  return code != std::errc::invalid_argument && end == text.data() + text.size();
}

int64_t parse_integer(const std::string& flag, const std::string& text, double min, double max) {
  int64_t value = 0;
  std::errc error{};
  const std::string range = range_text(min, max);
  if (!read_number(text, value, error)) refuse(flag, range.empty() ? "a whole number" : "a whole number, " + range, text);
  if (error == std::errc() && static_cast<double>(value) >= min && static_cast<double>(value) <= max) return value;
  refuse(flag, range.empty() ? concat(INT64_MIN, " to ", INT64_MAX) : range, text);
}

double parse_real(const std::string& flag, const std::string& text, double min, double max) {
  double value = 0;
  std::errc error{};
  const std::string range = range_text(min, max);
  const bool good = read_number(text, value, error) && error == std::errc() && std::isfinite(value);
  if (!good || value < min || value > max) refuse(flag, range.empty() ? "a number" : range, text);
  return value;
}

std::vector<std::string> split_at_commas(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    if (end > begin) parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

/// One option per field; the values given are checked and go to a JSON object.
class AddFlags : public FieldVisitor {
 public:
  AddFlags(CLI::App& verb, Json& flags, const std::map<std::string, std::string>& other_names, const std::set<std::string>& whole)
      : verb_(verb), flags_(flags), other_names_(other_names), whole_(whole) {}

  void field(std::string_view name, bool& value, std::string_view help) override {
    const std::string flag = flag_name(name);
    if (is_taken(flag)) return;
    verb_.add_flag_function(
             flag + ",!--no-" + flag.substr(2),
             [this, key = std::string(name)](int64_t count) { flags_[key] = count > 0; }, std::string(help))
        ->default_str(value ? "on" : "off")
        ->disable_flag_override();
  }
  void field(std::string_view name, std::string& value, std::string_view help) override {
    add(name, help, value, [](const std::string&, const std::string& text) { return Json(text); });
  }
  void field(std::string_view name, std::string& value, std::string_view help, std::initializer_list<std::string_view> words) override {
    const std::vector<std::string> known(words.begin(), words.end());
    add(name, help, value, [known, expected = words_text(words)](const std::string& flag, const std::string& text) {
      if (std::find(known.begin(), known.end(), text) == known.end()) refuse(flag, expected, text);
      return Json(text);
    });
  }
  void field(std::string_view name, std::vector<std::string>&, std::string_view help) override {
    const std::string flag = flag_name(name);
    if (is_taken(flag)) return;
    const bool whole = whole_.contains(std::string(name));
    const auto take = [this, key = std::string(name), whole](const std::vector<std::string>& arguments) {
      flags_[key] = Json::array();
      for (const auto& argument : arguments) {
        for (const auto& part : whole ? std::vector{argument} : split_at_commas(argument)) flags_[key].push_back(part);
      }
    };
    // One argument a flag: what follows it is a file of the verb, not a member of the list.
    verb_.add_option_function<std::vector<std::string>>(names_of(name), take, std::string(help))->allow_extra_args(false);
  }
  void field(std::string_view name, int& value, std::string_view help, double min, double max) override {
    add_integer(name, value, help, std::max<double>(min, std::numeric_limits<int>::min()), std::min<double>(max, std::numeric_limits<int>::max()));
  }
  void field(std::string_view name, int64_t& value, std::string_view help, double min, double max) override {
    add_integer(name, value, help, min, max);
  }
  void field(std::string_view name, double& value, std::string_view help, double min, double max) override {
    add(name, help, concat(value), [min, max](const std::string& flag, const std::string& text) { return Json(parse_real(flag, text, min, max)); });
  }

 private:
  using Parse = std::function<Json(const std::string& flag, const std::string& text)>;

  bool is_taken(const std::string& flag) const { return verb_.get_option_no_throw(flag) != nullptr; }

  /// As messages have it: "-n (--num-return-sequences)".
  std::string shown_name(std::string_view field) const {
    const auto other = other_names_.find(std::string(field));
    return other == other_names_.end() ? flag_name(field) : concat(other->second, " (", flag_name(field), ")");
  }
  std::string names_of(std::string_view field) const {
    const auto other = other_names_.find(std::string(field));
    return (other == other_names_.end() ? "" : other->second + ",") + flag_name(field);
  }
  void add_integer(std::string_view name, int64_t value, std::string_view help, double min, double max) {
    add(name, help, concat(value), [min, max](const std::string& flag, const std::string& text) { return Json(parse_integer(flag, text, min, max)); });
  }
  void add(std::string_view name, std::string_view help, const std::string& default_text, const Parse& parse) {
    const std::string flag = flag_name(name);
    if (is_taken(flag)) return;
    const auto take = [this, shown = shown_name(name), key = std::string(name), parse](const std::string& text) { flags_[key] = parse(shown, text); };
    verb_.add_option_function<std::string>(names_of(name), take, std::string(help))->default_str(default_text);
  }

  CLI::App& verb_;
  Json& flags_;
  const std::map<std::string, std::string>& other_names_;
  const std::set<std::string>& whole_;
};

bool is_device(std::string_view name) {
  if (name == "cpu" || name == "cuda") return true;
  return name.starts_with("cuda:") && name.size() > 5 && name.size() < 9 && name.find_first_not_of("0123456789", 5) == std::string_view::npos;
}

/// "vitrine write": the verb that was being parsed or run.
std::string verb_path(const CLI::App& app) {
  const auto inner = app.get_subcommands();
  return inner.empty() ? app.get_name() : app.get_name() + " " + verb_path(*inner.front());
}

std::string one_line(std::string text) {
  for (size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at)) text.replace(at, 1, "\\n");
  return text;
}

std::string type_name(const std::exception& e) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(abi::__cxa_demangle(typeid(e).name(), nullptr, nullptr, &status), std::free);
  return name ? name.get() : typeid(e).name();
}

/// Where the failure was thrown, and what caused it, for --log-level debug.
void log_details(const std::exception& e) {
  std::string place;
  if (const auto* error = dynamic_cast<const Error*>(&e)) {
    const std::string file = error->where().file_name();
    place = concat(" at ", file.substr(std::min(file.rfind("src/"), file.size())), ":", error->where().line(), " in ", error->where().function_name());
  }
  log_debug(type_name(e), place);
  try {
    std::rethrow_if_nested(e);
  } catch (const std::exception& cause) {
    log_debug("caused by: ", one_line(cause.what()));
    log_details(cause);
  } catch (...) {
    log_debug("caused by something that is no exception of the standard library");
  }
}

/// Of libraries' exceptions the first line: libtorch puts a list of its own functions behind it.
std::string cause_of(const std::exception& e) {
  const std::string what = e.what();
  const bool is_whole = dynamic_cast<const Error*>(&e) != nullptr || dynamic_cast<const CLI::Error*>(&e) != nullptr;
  return one_line(is_whole ? what : what.substr(0, what.find('\n')));
}

int report(const std::exception& e, int code, const std::string& hint = "") {
  const std::string cause = cause_of(e), whole = one_line(e.what());
  log_line(LogLevel::error, cause + hint);
  if (cause != whole) log_debug(whole);
  log_details(e);
  return code;
}

}  // namespace

void CommonOptions::describe(FieldVisitor& v) {
  v.field("seed", seed, "seed of all random choices");
  v.field("threads", threads, "0 = all cores", 0, 4096);
  v.field("device", device, "cpu | cuda | cuda:i");
  v.field("dtype", dtype, "float32 | float16 | bfloat16 | int8 | int4, as far as the verb can; auto (training) = the faster one here; empty = the verb's default", {"", "auto", "float32", "float16", "bfloat16", "int8", "int4"});
  v.field("engine", engine, "native | torch", {"native", "torch"});
  v.field("quiet", quiet, "no progress, warnings only");
  v.field("log_level", log_level, "debug | info | warn | error | off", {"debug", "info", "warn", "error", "off"});
}

void VerbOptions::add_common(CommonOptions& common, Honours honours) {
  common_ = &common;
  honours_ = std::move(honours);
  common.engine = honours_.engine;
  verb_.add_option("--config", common.config_file, "settings file (JSON), or a name in configs/");
  verb_.add_flag("--print-config", common.print_config, "print the settings in force and stop");
  add(common);
}

void VerbOptions::add_flags(const Part& part) {
  visitors_.push_back(std::make_unique<AddFlags>(verb_, flags_, other_names_, whole_));
  part.describe(part.config, *visitors_.back());
}

void VerbOptions::describe_all(void* self, FieldVisitor& visitor) {
  for (const Part& part : static_cast<VerbOptions*>(self)->parts_) part.describe(part.config, visitor);
}

void VerbOptions::check_common() const {
  const auto& common = *common_;
  const std::string verb = concat("`", verb_.get_parent()->get_name() == "vitrine" ? "" : verb_.get_parent()->get_name() + " ", verb_.get_name(), "`");
  if (!is_device(common.device)) refuse("--device", "cpu, cuda or cuda:i", common.device);
  if (common.engine != honours_.engine) refuse("--engine", concat(honours_.engine, ", which ", verb, " computes with"), common.engine);
  if (common.device != "cpu" && !honours_.gpu) refuse("--device", concat("cpu, where ", verb, " computes"), common.device);
  const auto& dtypes = honours_.dtypes;
  if (common.dtype.empty() || std::find(dtypes.begin(), dtypes.end(), common.dtype) != dtypes.end()) return;
  if (dtypes.empty()) throw UsageError(concat("--dtype: ", verb, " computes with no weights, got ", common.dtype));
  std::string expected;
  for (const auto& dtype : dtypes) expected += (expected.empty() ? "" : " or ") + dtype;
  refuse("--dtype", expected, common.dtype);
}

bool VerbOptions::resolve() {
  if (!common_->config_file.empty()) {
    const auto path = find_config("--config", common_->config_file);
    const Json settings = read_json_file(path);
    detail::config_from_json(this, &describe_all, settings, path.string());
    for (const auto& [name, value] : settings.items()) given_.insert(name);
  }
  detail::config_from_json(this, &describe_all, flags_, "command line");
  for (const auto& [name, value] : flags_.items()) given_.insert(name);
  set_log_level(common_->quiet ? LogLevel::warn : parse_log_level(common_->log_level));
  set_progress_enabled(!common_->quiet);
  check_common();
  if (!common_->print_config) return false;
  std::cout << dump_pretty(detail::config_to_json(this, &describe_all));
  return true;
}

void VerbOptions::require(bool given, const std::string& name) {
  if (!given) throw UsageError(name + ": missing");
}

int run_program(int argc, char** argv, const std::string& name, std::initializer_list<RegisterVerb> verbs) {
  install_interrupt_handler();
  CLI::App app("Shop copy and shop pictures from product attributes", name);
  app.require_subcommand(1);
  app.set_version_flag("--version", program_version());
  int exit_code = kDone;
  const auto hint = [&] { return concat(" (see ", verb_path(app), " --help)"); };
  try {
    for (const RegisterVerb register_verb : verbs) register_verb(app, exit_code);
    const auto start = std::chrono::steady_clock::now();
    app.parse(argc, argv);
    log_debug("[", verb_path(app), "] done in ", std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), " s");
    return exit_code;
  } catch (const CLI::Success& e) {  // --help, --version
    return app.exit(e);
  } catch (const CLI::ParseError& e) {
    return report(e, kUsage, hint());
  } catch (const UsageError& e) {
    return report(e, kUsage, hint());
  } catch (const Cancelled& e) {
    return report(e, kInterrupted);
  } catch (const std::exception& e) {
    return report(e, kFailed);
  }
}

}  // namespace vitrine::apps
