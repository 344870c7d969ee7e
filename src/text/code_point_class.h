// text/code_point_class.h - one table look-up: what a tokenizer needs to know about a code point.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace vitrine::text {

/// Bits of a code point's class; a code point may have several.
enum ClassBit : uint8_t {
  kLetter = 1,
  kNumber = 2,
  kSpace = 4,
  kRemoved = 8,           // dropped by BERT's clean_text
  kBertPunctuation = 16,  // split off by BERT
  kNonspacingMark = 32,   // dropped by strip_accents
  kChinese = 64,          // set off by spaces by BERT
};

/// 0x110000 bytes, built at first use (thread-safe); unlisted code points hold 0.
const uint8_t* code_point_classes();

/// Reads the code point at `at` and moves `at` behind it. REQUIRES: valid UTF-8, at < text.size().
inline char32_t next_code_point(std::string_view text, size_t& at) noexcept {
  const auto byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<unsigned char>(text[i])); };
  const uint32_t lead = byte(at);
  if (lead < 0x80) return static_cast<char32_t>(text[at++]);
  if (lead < 0xE0) {
    at += 2;
    return ((lead & 0x1F) << 6) | (byte(at - 1) & 0x3F);
  }
  if (lead < 0xF0) {
    at += 3;
    return ((lead & 0x0F) << 12) | ((byte(at - 2) & 0x3F) << 6) | (byte(at - 1) & 0x3F);
  }
  at += 4;
  return ((lead & 0x07) << 18) | ((byte(at - 3) & 0x3F) << 12) | ((byte(at - 2) & 0x3F) << 6) | (byte(at - 1) & 0x3F);
}

/// Appends one valid code point as UTF-8.
void append_utf8(std::string& out, char32_t c);

/// Lower case of one code point, full mapping without context ("İ" gives two), appended to `out`.
void append_lower(std::u32string& out, char32_t c);

/// Canonical decomposition (NFD) with marks in canonical order.
std::u32string decompose(std::u32string_view text);

/// Letter, mark, decimal digit, connector: what the reference calls a word character (\w).
bool is_word_character(char32_t c) noexcept;

/// Whether neither lower-casing nor decomposition can change it. May say no for code points that
/// would not change; it is the quick test for Chinese text.
inline bool is_plain(char32_t c) noexcept {
  if (c < 0x80) return c < U'A' || c > U'Z';
  return (c >= 0x3400 && c <= 0x9FFF && !(c >= 0x4DC0 && c < 0x4E00)) || (c >= 0xFF01 && c <= 0xFF20) ||
         (c >= 0x2010 && c <= 0x2027) || (c >= 0x3001 && c <= 0x3029) || (c >= 0x1F300 && c <= 0x1FAFF);
}

}  // namespace vitrine::text
