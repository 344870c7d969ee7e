#include "data/json_spans.h"

#include "base/json.h"

namespace vitrine::data {
namespace {

/// Behind the string whose opening quote is at `at`.
std::optional<size_t> string_end(std::string_view text, size_t at) {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\') ++at;
    else if (text[at] == '"') return at + 1;
  }
  return std::nullopt;
}

bool ends_scalar(char c) { return c == ',' || c == ']' || c == '}' || c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::string unescaped(std::string_view quoted) {
  const Json value = Json::parse(quoted, nullptr, /*allow_exceptions=*/false);
  return value.is_string() ? value.get<std::string>() : std::string(quoted);
}

}  // namespace

size_t skip_json_space(std::string_view text, size_t at) {
  while (at < text.size() && (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r')) ++at;
  return at;
}

std::optional<size_t> json_value_end(std::string_view text, size_t at) {
  if (at >= text.size()) return std::nullopt;
  if (text[at] == '"') return string_end(text, at);
  if (text[at] != '{' && text[at] != '[') {
    while (at < text.size() && !ends_scalar(text[at])) ++at;
    return at;
  }
  for (size_t depth = 0; at < text.size();) {
    const char c = text[at];
    if (c == '"') {
      const auto end = string_end(text, at);
      if (!end) return std::nullopt;
      at = *end;
      continue;
    }
    ++at;
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && --depth == 0) return at;
  }
  return std::nullopt;
}

std::vector<JsonMember> json_members(std::string_view text, JsonSpan span) {
  std::vector<JsonMember> members;
  text = text.substr(0, span.end);
  if (span.begin >= text.size() || text[span.begin] != '{') return members;
  for (size_t at = skip_json_space(text, span.begin + 1); at < text.size() && text[at] == '"';) {
    JsonMember member;
    const auto key_end = string_end(text, at);
    if (!key_end) break;
    member.key = {at, *key_end};
    at = skip_json_space(text, *key_end);
    if (at >= text.size() || text[at] != ':') break;
    at = skip_json_space(text, at + 1);
    const auto end = json_value_end(text, at);
    if (!end) break;
    member.value = {at, *end};
    member.name = unescaped(member.key.of(text));
    members.push_back(std::move(member));
    at = skip_json_space(text, *end);
    if (at >= text.size() || text[at] != ',') break;
    at = skip_json_space(text, at + 1);
  }
  return members;
}

std::vector<JsonSpan> json_elements(std::string_view text, JsonSpan span) {
  std::vector<JsonSpan> elements;
  text = text.substr(0, span.end);
  if (span.begin >= text.size() || text[span.begin] != '[') return elements;
  for (size_t at = skip_json_space(text, span.begin + 1); at < text.size() && text[at] != ']';) {
    const auto end = json_value_end(text, at);
    if (!end || *end == at) break;
    elements.push_back({at, *end});
    at = skip_json_space(text, *end);
    if (at >= text.size() || text[at] != ',') break;
    at = skip_json_space(text, at + 1);
  }
  return elements;
}

const JsonMember* find_member(const std::vector<JsonMember>& members, std::string_view name) {
  for (auto member = members.rbegin(); member != members.rend(); ++member) {
    if (member->name == name) return &*member;
  }
  return nullptr;
}

}  // namespace vitrine::data
