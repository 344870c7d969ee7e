#include "copywriting/template_pattern.h"

#include <algorithm>

#include "base/error.h"

namespace vitrine::copywriting {
namespace {

[[noreturn]] void refuse(std::string_view where, std::string_view text, std::string_view problem) {
  throw Corrupt(concat("[TemplatePattern] ", where, ": ", problem, " in \"", text, "\""));
}

bool contains(const std::vector<std::string>& list, const std::string& entry) {
  return std::find(list.begin(), list.end(), entry) != list.end();
}

}  // namespace

void TemplatePattern::add_text(std::string_view text, int optional_idx) {
  if (!text.empty()) parts_.push_back({std::string(text), "", optional_idx});
}

void TemplatePattern::add_slot(std::string_view slot, int optional_idx) {
  parts_.push_back({"", std::string(slot), optional_idx});
  slots_.emplace_back(slot);
  if (optional_idx < 0) required_.emplace_back(slot);
}

TemplatePattern TemplatePattern::parse(std::string_view text, std::string_view where) {
  TemplatePattern pattern;
  int optional_count = 0, optional_idx = -1;
  size_t begin = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c != '{' && c != '}' && c != '[' && c != ']') continue;
    pattern.add_text(text.substr(begin, i - begin), optional_idx);
    if (c == '}') refuse(where, text, "} without {");
    if (c == '[' && optional_idx >= 0) refuse(where, text, "[ inside [");
    if (c == ']' && optional_idx < 0) refuse(where, text, "] without [");
    if (c == '[') optional_idx = optional_count++;
    if (c == ']') optional_idx = -1;
    if (c == '{') {
      const size_t end = text.find_first_of("{}[]", i + 1);
      if (end == std::string_view::npos || text[end] != '}' || end == i + 1) refuse(where, text, "{ without a slot and }");
      pattern.add_slot(text.substr(i + 1, end - i - 1), optional_idx);
      i = end;
    }
    begin = i + 1;
  }
  if (optional_idx >= 0) refuse(where, text, "[ without ]");
  pattern.add_text(text.substr(std::min(begin, text.size())), -1);
  return pattern;
}

std::optional<std::string> TemplatePattern::render(const ValueOf& value_of,
                                                   const std::vector<std::string>& may_be_empty) const {
  std::vector<std::string> values;
  std::vector<int> left_out;
  for (const Part& part : parts_) {
    values.push_back(part.slot.empty() ? part.text : value_of(part.slot));
    if (part.slot.empty() || !values.back().empty() || contains(may_be_empty, part.slot)) continue;
    if (part.optional_idx < 0) return std::nullopt;
    left_out.push_back(part.optional_idx);
  }
  std::string out;
  for (size_t i = 0; i < parts_.size(); ++i) {
    if (std::find(left_out.begin(), left_out.end(), parts_[i].optional_idx) == left_out.end()) out += values[i];
  }
  return out;
}

std::string TemplatePattern::fixed_text() const {
  std::string out;
  for (const Part& part : parts_) out += part.text;
  return out;
}

}  // namespace vitrine::copywriting
