#include "recipes/label_settings.h"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>

#include "base/error.h"
#include "base/json.h"
#include "text/utf8.h"

namespace vitrine::recipes {
namespace fs = std::filesystem;
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// $XDG_NAME/vitrine, else ~/BELOW/vitrine; the current folder where there is no home.
fs::path user_folder(const char* xdg_name, std::string_view below) {
  const std::string xdg = environment(xdg_name);
  if (fs::path(xdg).is_absolute()) return fs::path(xdg) / "vitrine";
  const std::string home = environment("HOME");
  return (home.empty() ? fs::path(".") : fs::path(home)) / below / "vitrine";
}

std::string current_user() {
  const passwd* entry = ::getpwuid(::getuid());
  return entry == nullptr ? concat("uid ", ::getuid()) : entry->pw_name;
}

std::string first_of(const std::string& a, const std::string& b) { return a.empty() ? b : a; }

}  // namespace

fs::path label_settings_path(const LabelOptions& options) {
  return options.settings.empty() ? user_folder("XDG_CONFIG_HOME", ".config") / "labels.json"
                                  : fs::path(options.settings);
}

LabelSettings read_label_settings(const LabelOptions& options) {
  LabelSettings settings;
  const fs::path path = label_settings_path(options);
  if (options.settings.empty() && !fs::exists(path)) return settings;
  config_from_json(settings, read_json_file(path), path.string());
  return settings;
}

LabelContext open_labels(const LabelOptions& options, UtcClock clock) {
  LabelContext context;
  context.settings = read_label_settings(options);
  context.producer = first_of(options.producer,
                              first_of(environment("VITRINE_PRODUCER"), context.settings.producer));
  VITRINE_REQUIRE(text::is_valid_utf8(context.producer), "[label] producer: expected UTF-8");
  const std::string key_file = first_of(options.key_file, context.settings.key_file);
  if (!key_file.empty()) context.key = Ed25519Key::load(key_file);
  context.log = options.log.empty() ? user_folder("XDG_STATE_HOME", ".local/state") / "labels.jsonl"
                                    : fs::path(options.log);
  context.who = first_of(options.who, current_user());
  context.clock = std::move(clock);
  return context;
}

void require_producer(const LabelContext& context) {
  VITRINE_REQUIRE(!context.producer.empty(),
                  "[label] LBL_NO_PRODUCER: 尚未设置服务提供者, nobody has said who the provider "
                  "is; give --producer, VITRINE_PRODUCER, or "
                  "`vitrine label settings --set-producer NAME` once");
}

}  // namespace vitrine::recipes
