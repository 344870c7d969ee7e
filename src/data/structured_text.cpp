#include "data/structured_text.h"

#include "base/error.h"

namespace vitrine::data {
namespace {

/// Without the quotes around it, and those inside once.
std::string unquoted(std::string_view text) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return std::string(text);
  std::string out;
  for (size_t at = 1; at + 1 < text.size(); ++at) {
    out += text[at];
    if (text[at] == '"' && at + 2 < text.size() && text[at + 1] == '"') ++at;
  }
  return out;
}

}  // namespace

StructuredText read_structured_text(std::string_view cell) {
  for (const std::string_view source : {kModelSource, std::string_view("default"), std::string_view()}) {
    const std::string head = concat(source, ":");
    const bool names_none = source.empty() && !cell.starts_with(":\"");  // a colon in front is a content's own, or left by an empty source
    if (!cell.starts_with(head) || names_none) continue;
    return {std::string(source), unquoted(cell.substr(head.size()))};
  }
  return {"", unquoted(cell)};
}

std::string structured_text(std::string_view content) {
  std::string cell = concat(kModelSource, ":\"");
  for (const char c : content) cell += c == '"' ? std::string("\"\"") : std::string(1, c);
  return cell + '"';
}

}  // namespace vitrine::data
