#include "text/clip_words.h"

#include <algorithm>

#include "text/utf8.h"

namespace vitrine::text {
namespace {

constexpr uint8_t kMask = kLetter | kNumber | kSpace;

size_t literal_length(std::string_view text, size_t at) noexcept {
  for (const std::string_view literal : {"<|startoftext|>", "<|endoftext|>"}) {
    if (text.substr(at).starts_with(literal)) return literal.size();
  }
  return detail::contraction(text, at);
}

bool is_white_at(std::string_view text, size_t at) { return (code_point_classes()[next_code_point(text, at)] & kSpace) != 0; }

/// As Python's str.strip(), which also strips the separators 0x1C to 0x1F.
bool is_stripped_at(std::string_view text, size_t at) {
  return (text[at] >= 0x1C && text[at] <= 0x1F) || is_white_at(text, at);
}

}  // namespace

void normalize_clip(std::string_view text, std::string& out) {
  const uint8_t* classes = code_point_classes();
  const std::string composed = nfc(text);
  std::u32string lower;
  bool in_space = false;
  for (size_t at = 0; at < composed.size();) {
    const char32_t c = next_code_point(composed, at);
    const bool space = (classes[c] & kSpace) != 0;
    if (space && !in_space) out += ' ';
    in_space = space;
    if (space) continue;
    lower.clear();
    append_lower(lower, c);
    for (const char32_t l : lower) append_utf8(out, l);
  }
}

size_t end_of_clip_word(std::string_view text, size_t at) noexcept {
  if (const size_t length = literal_length(text, at); length > 0) return at + length;
  const uint8_t* classes = code_point_classes();
  size_t next = at;
  const uint8_t found = classes[next_code_point(text, next)] & kMask;
  if (found == kSpace) return at;
  return found == kNumber ? next : detail::end_of_class(text, next, classes, kMask, found);
}

std::string strip_word_ends(std::string_view tokens, std::string_view suffix) {
  std::string text;
  for (size_t at = 0; at < tokens.size();) {
    const size_t end = std::min(tokens.find(suffix, at), tokens.size());
    text += tokens.substr(at, end - at);
    if (end < tokens.size()) text += ' ';
    at = end + suffix.size();
  }
  size_t begin = 0;
  while (begin < text.size() && is_stripped_at(text, begin)) next_code_point(text, begin);
  size_t end = text.size();
  while (end > begin) {
    size_t last = end - 1;
    while ((static_cast<unsigned char>(text[last]) & 0xC0) == 0x80) --last;
    if (!is_stripped_at(text, last)) break;
    end = last;
  }
  return text.substr(begin, end - begin);
}

}  // namespace vitrine::text
