#include "base/json.h"

#include "base/error.h"
#include "base/file.h"

namespace vitrine {
namespace {

/// What the parser says, without its name for the kind of error ("[json.exception.parse_error.101] ").
std::string_view reason_of(const nlohmann::json::exception& e) {
  const std::string_view what = e.what();
  const size_t end = what.find("] ");
  return what.starts_with('[') && end != std::string_view::npos ? what.substr(end + 2) : what;
}

}  // namespace

Json parse_json(std::string_view text, std::string_view where) {
  try {
    return Json::parse(text);
  } catch (const nlohmann::json::exception& e) {
    throw Corrupt(concat("[parse_json] ", where, ": not JSON: ", reason_of(e)));
  }
}

Json read_json_file(const std::filesystem::path& path) {
  return parse_json(read_file(path), path.string());
}

std::string dump_line(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string dump_pretty(const Json& value) {
  return value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace vitrine
