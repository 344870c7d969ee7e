#include "copywriting/text_clauses.h"

namespace vitrine::copywriting {
namespace {

constexpr std::string_view kMarks[] = {"，", "；", "。", "！", "？", ",", ";"};

size_t mark_length(std::string_view text, size_t at) {
  for (const auto mark : kMarks) {
    if (text.substr(at, mark.size()) == mark) return mark.size();
  }
  return 0;
}

}  // namespace

std::vector<TextClause> split_clauses(std::string_view text) {
  std::vector<TextClause> clauses(1);
  for (size_t at = 0; at < text.size();) {
    const size_t length = mark_length(text, at);
    if (length == 0) {
      if (!clauses.back().mark.empty()) clauses.emplace_back();
      clauses.back().body += text[at++];
    } else {
      clauses.back().mark += text.substr(at, length);
      at += length;
    }
  }
  return clauses;
}

std::string joined(const std::vector<TextClause>& clauses) {
  std::string text;
  for (const auto& clause : clauses) text += clause.body + clause.mark;
  return text;
}

}  // namespace vitrine::copywriting
