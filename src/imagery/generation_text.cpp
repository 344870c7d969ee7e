#include "imagery/generation_text.h"

#include <algorithm>

#include "base/json.h"

namespace vitrine::imagery {
namespace {

constexpr std::string_view kNegative = "Negative prompt:", kSpaces = " \t\r\n";
constexpr size_t kLeastSettings = 3, kLongestKey = 60;

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(kSpaces);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpaces) - begin + 1);
}

/// The end of the quoted value that `text` begins with, behind its quote; npos = it has no end.
size_t end_of_quoted(std::string_view text) {
  for (size_t at = 1; at < text.size(); ++at) {
    if (text[at] == '\\')
      ++at;
    else if (text[at] == '"')
      return at + 1;
  }
  return text.npos;
}

std::string unquoted(std::string_view value) {
  const Json json = Json::parse(value, nullptr, /*allow_exceptions=*/false);
  return json.is_string() ? json.get<std::string>() : std::string(value);
}

bool is_key(std::string_view key) {
  return !key.empty() && key.size() <= kLongestKey && key.find_first_of("\",{}[]") == key.npos;
}

/// "Key: value, Key: value"; what does not look like that is passed over to the next comma.
std::vector<std::pair<std::string, std::string>> parse_settings(std::string_view line) {
  std::vector<std::pair<std::string, std::string>> settings;
  while (!line.empty()) {
    const size_t colon = line.find(':'), comma = std::min(line.find(','), line.size());
    const auto key = trimmed(line.substr(0, std::min(colon, line.size())));
    if (colon == line.npos || comma < colon || !is_key(key)) {
      line.remove_prefix(std::min(comma + 1, line.size()));
      continue;
    }
    line = line.substr(colon + 1);
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    const size_t quoted = line.starts_with('"') ? end_of_quoted(line) : line.npos;
    const size_t end = quoted != line.npos ? quoted : std::min(line.find(','), line.size());
    settings.emplace_back(key, quoted != line.npos ? unquoted(line.substr(0, end))
                                                   : std::string(trimmed(line.substr(0, end))));
    line.remove_prefix(std::min(line.find(',', end), line.size() - 1) + 1);
  }
  return settings;
}

void add_line(std::string& text, std::string_view line) {
  if (!text.empty()) text += '\n';
  text += line;
}

std::string quoted_where_needed(const std::string& value) {
  const bool needed =
      value.empty() || value.find_first_of(",:\"\n\r\\") != value.npos || trimmed(value) != value;
  return needed ? Json(value).dump(-1, ' ', false, Json::error_handler_t::replace) : value;
}

}  // namespace

std::string GenerationText::value(std::string_view key) const {
  const auto found =
      std::find_if(settings.begin(), settings.end(), [&](const auto& s) { return s.first == key; });
  return found == settings.end() ? "" : found->second;
}

GenerationText parse_generation_text(std::string_view text) {
  GenerationText result;
  text = trimmed(text);
  const size_t last = text.rfind('\n') == text.npos ? 0 : text.rfind('\n') + 1;
  result.settings = parse_settings(text.substr(last));
  if (result.settings.size() < kLeastSettings)
    result.settings.clear();
  else
    text = text.substr(0, last);
  bool negative = false;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.starts_with(kNegative)) {
      negative = true;
      line = trimmed(line.substr(kNegative.size()));
    }
    add_line(negative ? result.negative_prompt : result.prompt, line);
  }
  return result;
}

std::string format_generation_text(const GenerationText& text) {
  std::string result = text.prompt;
  if (!text.negative_prompt.empty())
    add_line(result, std::string(kNegative) + " " + text.negative_prompt);
  std::string line;
  for (const auto& [key, value] : text.settings)
    line += (line.empty() ? "" : ", ") + key + ": " + quoted_where_needed(value);
  if (!line.empty()) add_line(result, line);
  return result;
}

}  // namespace vitrine::imagery
