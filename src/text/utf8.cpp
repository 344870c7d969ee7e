#include "text/utf8.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "base/error.h"

namespace vitrine::text {
namespace {

std::string normalize(std::string_view utf8, int options) {
  utf8proc_uint8_t* result = nullptr;
  const auto length =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(utf8.data()),
                   static_cast<utf8proc_ssize_t>(utf8.size()), &result,
                   static_cast<utf8proc_option_t>(options | UTF8PROC_STABLE));
  VITRINE_REQUIRE(length >= 0, "[normalize] not valid UTF-8: ", utf8proc_errmsg(length));
  std::string text(reinterpret_cast<char*>(result), static_cast<size_t>(length));
  std::free(result);
  return text;
}

bool is_ascii(std::string_view text) noexcept {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  }
  return true;
}

}  // namespace

namespace {

/// Length of the well-formed sequence at the start of `bytes`, 0 when there is none (Unicode 15, table 3-7).
size_t sequence_length(const unsigned char* bytes, size_t left) noexcept {
  const unsigned lead = bytes[0];
  const auto continues = [&](size_t i) { return (bytes[i] & 0xc0U) == 0x80; };
  if (lead < 0x80) return 1;
  if (lead < 0xc2) return 0;
  if (lead < 0xe0) return left >= 2 && continues(1) ? 2 : 0;
  if (lead < 0xf0) {
    if (left < 3 || !continues(1) || !continues(2)) return 0;
    if (lead == 0xe0 && bytes[1] < 0xa0) return 0;  // overlong
    return lead == 0xed && bytes[1] >= 0xa0 ? 0 : 3;  // surrogates
  }
  if (lead > 0xf4 || left < 4 || !continues(1) || !continues(2) || !continues(3)) return 0;
  if (lead == 0xf0 && bytes[1] < 0x90) return 0;
  return lead == 0xf4 && bytes[1] >= 0x90 ? 0 : 4;
}

/// Whether an ideograph or another sign of three bytes begins here that is neither overlong nor a surrogate.
bool is_common_triple(const unsigned char* bytes, size_t left) noexcept {
  return left >= 3 && bytes[0] >= 0xe1 && bytes[0] <= 0xec && (bytes[1] & 0xc0U) == 0x80 && (bytes[2] & 0xc0U) == 0x80;
}

constexpr size_t kTriplesBytes = 12;

/// Whether four signs of three bytes begin here, by the high bits of their bytes; twelve bytes must be there.
bool are_triples(const unsigned char* bytes) noexcept {
  uint64_t first, last;
  std::memcpy(&first, bytes, sizeof first);
  std::memcpy(&last, bytes + 4, sizeof last);
  return (first & 0xc0f0c0c0f0c0c0f0U) == 0x80e08080e08080e0U && (last & 0xc0c0f0c0c0f0c0c0U) == 0x8080e08080e08080U;
}

/// Of four triples: whether all of them begin with one of these bytes.
template <typename IsLead>
bool begin_with(const unsigned char* bytes, const IsLead& is_lead) noexcept {
  return is_lead(bytes[0]) & is_lead(bytes[3]) & is_lead(bytes[6]) & is_lead(bytes[9]);
}

/// Whether eight bytes are ASCII.
bool is_ascii_block(const unsigned char* bytes) noexcept {
  uint64_t block;
  std::memcpy(&block, bytes, sizeof block);
  return (block & 0x8080808080808080U) == 0;
}

/// Whether the text holds only characters that no normalisation to NFC touches, whatever stands beside
/// them: below U+0300, the ideographs U+4000 to U+9FFF, kana without their combining marks, the signs
/// of U+3000 to U+303F and fullwidth forms, and pictographs. False = not known.
bool is_surely_nfc(std::string_view utf8) noexcept {
  const auto* bytes = reinterpret_cast<const unsigned char*>(utf8.data());
  for (size_t at = 0; at < utf8.size();) {
    const unsigned lead = bytes[at];
    if (lead < 0x80) {
      ++at;
      continue;
    }
    const auto of_ideograph = [](unsigned byte) { return byte >= 0xe4 && byte <= 0xe9; };
    if (at + kTriplesBytes <= utf8.size() && are_triples(bytes + at) && begin_with(bytes + at, of_ideograph)) {
      at += kTriplesBytes;
      continue;
    }
    if (of_ideograph(lead) && is_common_triple(bytes + at, utf8.size() - at)) {
      at += 3;
      continue;
    }
    const size_t length = sequence_length(bytes + at, utf8.size() - at);
    if (length == 0) return false;
    const unsigned second = bytes[at + 1], third = length > 2 ? bytes[at + 2] : 0;
    const bool ideograph = lead >= 0xe4 && lead <= 0xe9;
    const bool kana_or_sign = lead == 0xe3 && (second <= 0x83) && !(second == 0x80 && third >= 0xaa && third <= 0xaf) &&  // U+302A to U+302F combine
                              !(second == 0x82 && (third == 0x99 || third == 0x9a));
    const bool fullwidth = lead == 0xef && second >= 0xbc && second <= 0xbe;
    const bool latin = length == 2 && lead < 0xcc;
    const bool pictograph = lead == 0xf0 && second == 0x9f;
    if (!ideograph && !kana_or_sign && !fullwidth && !latin && !pictograph) return false;
    at += length;
  }
  return true;
}

}  // namespace

bool is_valid_utf8(std::string_view text) noexcept {
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  for (size_t at = 0; at < text.size();) {
    if (at + 8 <= text.size() && is_ascii_block(bytes + at)) {
      at += 8;
      continue;
    }
    const auto is_never_wrong = [](unsigned byte) { return byte != 0xe0 && byte != 0xed; };  // neither overlong nor a surrogate
    if (at + kTriplesBytes <= text.size() && are_triples(bytes + at) && begin_with(bytes + at, is_never_wrong)) {
      at += kTriplesBytes;
      continue;
    }
    if (is_common_triple(bytes + at, text.size() - at)) {
      at += 3;
      continue;
    }
    const size_t length = sequence_length(bytes + at, text.size() - at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

size_t incomplete_tail(std::string_view text) noexcept {
  for (size_t tail = 1; tail <= std::min<size_t>(text.size(), 3); ++tail) {
    const auto byte = static_cast<unsigned char>(text[text.size() - tail]);
    if ((byte & 0xc0) == 0x80) continue;
    const size_t length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return tail < length ? tail : 0;
  }
  return 0;
}

bool begins_valid_utf8(std::string_view text) {
  std::string filled(text);
  size_t tail = incomplete_tail(text);
  const auto lead = tail == 0 ? 0 : static_cast<unsigned char>(text[text.size() - tail]);
  if (tail == 1) {  // the least second bytes that are neither overlong nor beyond Unicode
    filled += static_cast<char>(lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80);
    ++tail;
  }
  const size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 0;
  for (; tail < length; ++tail) filled += static_cast<char>(0x80);
  return is_valid_utf8(filled);
}

std::u32string to_utf32(std::string_view utf8) {
  std::u32string result;
  result.reserve(utf8.size());
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(utf8.data());
  size_t at = 0;
  utf8proc_int32_t c = 0;
  while (at < utf8.size()) {
    const auto used = utf8proc_iterate(bytes + at, static_cast<utf8proc_ssize_t>(utf8.size() - at), &c);
    VITRINE_REQUIRE(used >= 1, "[to_utf32] not valid UTF-8 at byte ", at);
    result += static_cast<char32_t>(c);
    at += static_cast<size_t>(used);
  }
  return result;
}

std::string to_utf8(char32_t code_point) {
  const auto c = static_cast<utf8proc_int32_t>(code_point);
  VITRINE_REQUIRE(utf8proc_codepoint_valid(c), "[to_utf8] no code point: ", static_cast<uint32_t>(code_point));
  utf8proc_uint8_t bytes[4];
  const auto used = utf8proc_encode_char(c, bytes);
  return {reinterpret_cast<const char*>(bytes), static_cast<size_t>(used)};
}

std::string to_utf8(std::u32string_view code_points) {
  std::string result;
  result.reserve(code_points.size() * 3);
  for (const char32_t c : code_points) result += to_utf8(c);
  return result;
}

size_t count_code_points(std::string_view utf8) noexcept {
  size_t count = 0;
  for (const char c : utf8) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return count;
}

std::string nfc(std::string_view utf8) {
  return is_surely_nfc(utf8) ? std::string(utf8) : normalize(utf8, UTF8PROC_COMPOSE);
}

std::string nfkc(std::string_view utf8) {
  return is_ascii(utf8) ? std::string(utf8) : normalize(utf8, UTF8PROC_COMPOSE | UTF8PROC_COMPAT);
}

std::u32string metric_code_points(std::string_view utf8) {
  std::u32string all = to_utf32(nfc(utf8));
  std::erase_if(all, is_space);
  return all;
}

bool is_cjk_ideograph(char32_t c) noexcept {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x20000 && c <= 0x2A6DF) ||
         (c >= 0x2A700 && c <= 0x2B73F) || (c >= 0x2B740 && c <= 0x2B81F) || (c >= 0x2B820 && c <= 0x2CEAF) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

bool is_space(char32_t c) noexcept {
  if (c == U' ' || c == U'\t' || c == U'\n' || c == U'\r') return true;
  if (c < 0x80) return false;
  const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  return category >= UTF8PROC_CATEGORY_ZS && category <= UTF8PROC_CATEGORY_ZP;
}

bool is_punctuation(char32_t c) noexcept {
  if ((c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) || (c >= 123 && c <= 126)) return true;
  if (c < 0x80) return false;
  const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  return category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_PO;
}

}  // namespace vitrine::text
