#include "serve/http.h"

#include <algorithm>
#include <system_error>

#include "base/error.h"
#include "text/utf8.h"

namespace vitrine::serve {
namespace fs = std::filesystem;
namespace {

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// The parts between separators.
template <typename Take>
void for_each_part(std::string_view text, char separator, Take take) {
  while (!text.empty()) {
    const size_t end = std::min(text.find(separator), text.size());
    take(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace

Upload::~Upload() {
  std::error_code ignored;  // it was moved away
  fs::remove(place_, ignored);
}

int64_t Upload::size_bytes() const { return static_cast<int64_t>(fs::file_size(place_)); }

void Upload::keep_as(const fs::path& path) {
  std::error_code code;
  fs::create_directories(path.parent_path(), code);
  if (!code) fs::rename(place_, path, code);
  if (code) throw IoError(concat("[Upload] ", path.string(), ": ", code.message()));
}

std::string HttpRequest::header(std::string_view name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

std::string HttpRequest::cookie(std::string_view name) const {
  std::string value;
  const std::string all = header("cookie");
  for_each_part(all, ';', [&](std::string_view part) {
    const size_t equals = part.find('=');
    if (equals != part.npos && trimmed(part.substr(0, equals)) == name) {
      value = trimmed(part.substr(equals + 1));
    }
  });
  return value;
}

std::string HttpRequest::content_type() const {
  std::string type = header("content-type");
  type.resize(std::min(type.find(';'), type.size()));
  std::string lower(trimmed(type));
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return lower;
}

Language HttpRequest::language() const {
  const std::string accepted = header("accept-language");
  return trimmed(accepted).starts_with("en") ? Language::en : Language::zh;
}

std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space) {
  std::string out;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      out += plus_is_space && text[at] == '+' ? ' ' : text[at];
      continue;
    }
    const int high = at + 2 < text.size() ? hex_digit(text[at + 1]) : -1;
    const int low = at + 2 < text.size() ? hex_digit(text[at + 2]) : -1;
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    at += 2;
  }
  if (out.find('\0') != out.npos || !text::is_valid_utf8(out)) return std::nullopt;
  return out;
}

std::optional<std::map<std::string, std::string, std::less<>>> parse_query(std::string_view query) {
  std::map<std::string, std::string, std::less<>> values;
  bool is_good = true;
  for_each_part(query, '&', [&](std::string_view part) {
    const size_t equals = std::min(part.find('='), part.size());
    const auto name = percent_decoded(part.substr(0, equals), true);
    const auto value = percent_decoded(part.substr(std::min(equals + 1, part.size())), true);
    if (name && value) values[*name] = *value;
    is_good = is_good && name && value;
  });
  if (!is_good) return std::nullopt;
  return values;
}

}  // namespace vitrine::serve
