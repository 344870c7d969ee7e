#include "data/column_mapping.h"

#include <cstdlib>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "data/columns.h"
#include "data/table_file.h"

namespace vitrine::data {
namespace fs = std::filesystem;
namespace {

Json read_store(const fs::path& file) {
  if (file.empty() || !fs::exists(file)) return Json::object();
  Json store = read_json_file(file);
  if (!store.is_object() || !store.value("shops", Json::object()).is_object())
    throw Corrupt(concat("[column_mapping] ", file.string(), ": expected {\"shops\":{…}}"));
  return store;
}

}  // namespace

std::string header_fingerprint(std::span<const std::string> headers) {
  std::string folded;
  for (const std::string& header : headers) folded += fold_name(header) + "\n";
  return sha256_hex(folded);
}

ColumnMapping parse_column_mapping(std::span<const std::string> arguments) {
  ColumnMapping mapping;
  for (const std::string& argument : arguments) {
    const size_t equals = argument.rfind('=');
    if (equals == std::string::npos || equals == 0) throw UsageError(concat("--map: expected COLUMN=FIELD, got '", argument, "'"));
    const std::string field = argument.substr(equals + 1);
    if (field != "-" && !is_column_field(field)) throw UsageError(concat("--map: unknown field '", field, "' in '", argument, "'"));
    mapping[fold_name(argument.substr(0, equals))] = field == "-" ? "" : field;
  }
  return mapping;
}

ColumnMapping remembered_mapping(const fs::path& file, std::string_view shop, std::string_view fingerprint) {
  const Json store = read_store(file);
  ColumnMapping mapping;
  const Json::json_pointer place = Json::json_pointer("/shops") / std::string(shop) / std::string(fingerprint);
  if (!store.contains(place)) return mapping;
  for (const auto& [header, field] : store.at(place).items()) {
    const bool known = field.is_string() && (field == "" || is_column_field(field.get<std::string>()));
    if (!known) throw Corrupt(concat("[column_mapping] ", file.string(), ": ", header, ": expected a field, got ", dump_line(field)));
    mapping[header] = field.get<std::string>();
  }
  return mapping;
}

void remember_mapping(const fs::path& file, std::string_view shop, std::string_view fingerprint, const ColumnMapping& mapping) {
  Json store = read_store(file);
  Json& remembered = store["shops"][std::string(shop)][std::string(fingerprint)];
  remembered = Json::object();
  for (const auto& [header, field] : mapping) remembered[header] = field;
  write_file_atomic(file, dump_pretty(store));
}

fs::path default_mapping_file() {
  const char* config = std::getenv("XDG_CONFIG_HOME");
  const char* home = std::getenv("HOME");
  if (config != nullptr && *config != '\0') return fs::path(config) / "vitrine/columns.json";
  return home != nullptr && *home != '\0' ? fs::path(home) / ".config/vitrine/columns.json" : fs::path();
}

}  // namespace vitrine::data
