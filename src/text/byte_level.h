// text/byte_level.h - GPT-2's byte alphabet and its split of text into words.
//
// Each byte is written as one printable character ("Ġ" for a space), so that a vocabulary file stays
// text. Source: Radford et al. 2019, encoder.py of the GPT-2 release.
#pragma once
#include <array>
#include <string>
#include <string_view>

#include "text/code_point_class.h"

namespace vitrine::text {

/// The character of each byte, as a code point below 0x144 and as UTF-8.
const std::array<char32_t, 256>& byte_symbols();
const std::array<std::string, 256>& byte_symbol_texts();
/// All of them in the order of their code points, which is that of the ids in GPT-2's and CLIP's vocabularies.
const std::array<std::string, 256>& byte_symbols_in_order();

/// Every byte of `bytes` as its symbol.
std::string to_byte_level(std::string_view bytes);
/// Appends the bytes of a token; a token with a character outside the alphabet (an added token) is
/// appended as it is, as the reference does.
void append_bytes_of_token(std::string& out, std::string_view token);

/// Valid UTF-8: each maximal part of an unfinished or wrong sequence becomes one U+FFFD.
std::string replace_invalid_utf8(std::string_view bytes);

namespace detail {
inline size_t end_of_class(std::string_view text, size_t at, const uint8_t* classes, uint8_t mask, uint8_t wanted) noexcept {
  while (at < text.size()) {
    size_t next = at;
    const uint8_t found = classes[next_code_point(text, next)] & mask;
    if (found != wanted) break;
    at = next;
  }
  return at;
}

/// Length of 's 't 're 've 'm 'll 'd at `at`, or 0.
size_t contraction(std::string_view text, size_t at) noexcept;
}  // namespace detail

/// Calls word(std::string_view) for each piece of GPT-2's pattern
/// 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+ ; the pieces cover the text.
/// REQUIRES: valid UTF-8.
template <typename Word>
void split_gpt2(std::string_view text, Word&& word) {
  constexpr uint8_t kMask = kLetter | kNumber | kSpace;
  const uint8_t* classes = code_point_classes();
  for (size_t at = 0; at < text.size();) {
    size_t end = at + detail::contraction(text, at);
    if (end == at) {
      const size_t start = text[at] == ' ' && at + 1 < text.size() ? at + 1 : at;
      size_t next = start;
      uint8_t wanted = classes[next_code_point(text, next)] & kMask;
      if (wanted != kSpace) {
        end = detail::end_of_class(text, next, classes, kMask, wanted);
      } else {
        end = detail::end_of_class(text, at, classes, kMask, kSpace);
        // The last space of a run belongs to the word behind it.
        size_t last = end - 1;
        while ((static_cast<unsigned char>(text[last]) & 0xC0) == 0x80) --last;
        if (end < text.size() && last > at) end = last;
      }
    }
    word(text.substr(at, end - at));
    at = end;
  }
}

}  // namespace vitrine::text
