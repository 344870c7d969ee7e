#include "data/html_text.h"

#include <algorithm>
#include <string_view>
#include <vector>

namespace vitrine::data {
namespace {

constexpr std::string_view kBlank = " \t\r\n\f/";  // what parts attributes; `<svg/onload=…>` is read too

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Behind the value that starts at `at`: quoted, or up to a blank or the tag's end.
size_t value_end(std::string_view text, size_t at) {
  if (at < text.size() && (text[at] == '"' || text[at] == '\'')) {
    const size_t close = text.find(text[at], at + 1);
    return close == std::string_view::npos ? text.size() : close + 1;
  }
  return std::min(text.find_first_of(" \t\r\n\f>", at), text.size());
}

struct Part {
  size_t begin, end;
};

/// Goes over the attributes of the tag whose name ends at `at`; adds its event attributes to `unsafe`.
/// Returns the place of the tag's end, or of the next tag.
size_t read_attributes(std::string_view text, size_t at, std::vector<Part>& unsafe) {
  while (at < text.size() && text[at] != '>' && text[at] != '<') {
    const size_t begin = at;  // with the blanks before the name
    at = std::min(text.find_first_not_of(kBlank, at), text.size());
    const size_t name = at;
    at = std::min(text.find_first_of(" \t\r\n\f/=<>", at), text.size());
    const std::string folded = lower(text.substr(name, at - name));
    const size_t equals = std::min(text.find_first_not_of(" \t\r\n\f", at), text.size());
    const bool has_value = equals < text.size() && text[equals] == '=';
    if (has_value) at = value_end(text, std::min(text.find_first_not_of(" \t\r\n\f", equals + 1), text.size()));
    const bool is_event = folded.size() > 2 && folded.starts_with("on") && std::all_of(folded.begin(), folded.end(), is_letter);
    if (has_value && is_event) unsafe.push_back({begin, at});
    if (at == begin) ++at;  // an '=' without a name
  }
  return at;
}

/// The script element that starts at `at`, to behind its end tag.
size_t script_end(std::string_view folded, size_t at) {
  const size_t close = folded.find("</script", at);
  if (close == std::string_view::npos) return folded.size();
  return std::min(folded.find('>', close), folded.size() - 1) + 1;
}

std::vector<Part> find_unsafe(std::string_view text) {
  const std::string folded = lower(text);
  std::vector<Part> unsafe;
  for (size_t at = folded.find('<'); at < folded.size(); at = folded.find('<', at)) {
    if (folded.compare(at, 7, "<script") == 0 && (at + 7 == folded.size() || !is_letter(folded[at + 7]))) {
      unsafe.push_back({at, script_end(folded, at)});
      at = unsafe.back().end;
      continue;
    }
    const size_t name = ++at;
    while (at < folded.size() && (is_letter(folded[at]) || (at > name && folded[at] >= '0' && folded[at] <= '9'))) ++at;
    if (at > name) at = read_attributes(text, at, unsafe);
  }
  return unsafe;
}

}  // namespace

std::string remove_unsafe_html(std::string& text) {
  std::string removed;
  // Again while there is some: what is left may close up to new markup (<scr<script></script>ipt>).
  for (auto unsafe = find_unsafe(text); !unsafe.empty(); unsafe = find_unsafe(text)) {
    std::string kept;
    size_t at = 0;
    for (const Part& part : unsafe) {
      kept += text.substr(at, part.begin - at);
      const std::string piece = text.substr(part.begin, part.end - part.begin);
      removed += (removed.empty() ? "" : " ") + piece.substr(std::min(piece.find_first_not_of(kBlank), piece.size()));
      at = part.end;
    }
    text = kept + text.substr(at);
  }
  return removed;
}

}  // namespace vitrine::data
