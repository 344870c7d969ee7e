#include "text/byte_level.h"

#include <utf8proc.h>

#include <algorithm>

#include "text/utf8.h"

namespace vitrine::text {
namespace {

constexpr char32_t kSymbolEnd = 0x144;  // 256 bytes, 68 of them moved to 0x100..0x143

bool is_own_symbol(int byte) {
  return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || (byte >= 0xAE && byte <= 0xFF);
}

std::array<char32_t, 256> make_symbols() {
  std::array<char32_t, 256> symbols{};
  char32_t next = 0x100;
  for (int byte = 0; byte < 256; ++byte) {
    symbols[static_cast<size_t>(byte)] = is_own_symbol(byte) ? static_cast<char32_t>(byte) : next++;
  }
  return symbols;
}

std::array<std::string, 256> make_symbol_texts() {
  std::array<std::string, 256> texts;
  for (size_t byte = 0; byte < 256; ++byte) texts[byte] = to_utf8(byte_symbols()[byte]);
  return texts;
}

std::array<std::string, 256> make_symbols_in_order() {
  std::array<char32_t, 256> symbols = byte_symbols();
  std::sort(symbols.begin(), symbols.end());
  std::array<std::string, 256> texts;
  std::transform(symbols.begin(), symbols.end(), texts.begin(), [](char32_t symbol) { return to_utf8(symbol); });
  return texts;
}

std::array<int16_t, kSymbolEnd> make_bytes() {
  std::array<int16_t, kSymbolEnd> bytes;
  bytes.fill(-1);
  for (size_t byte = 0; byte < 256; ++byte) bytes[byte_symbols()[byte]] = static_cast<int16_t>(byte);
  return bytes;
}

int length_of_lead(unsigned char lead) { return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4; }

bool is_second_byte(unsigned char lead, unsigned char second) {
  if ((second & 0xC0) != 0x80) return false;
  if (lead == 0xE0) return second >= 0xA0;
  if (lead == 0xED) return second < 0xA0;
  if (lead == 0xF0) return second >= 0x90;
  return lead != 0xF4 || second < 0x90;
}

/// Length of the longest start of a well-formed sequence at `at`, at least 1; `whole` when it is complete.
size_t sequence_length(std::string_view bytes, size_t at, bool& whole) {
  const auto lead = static_cast<unsigned char>(bytes[at]);
  whole = lead < 0x80;
  if (whole || lead < 0xC2 || lead > 0xF4) return 1;
  const auto wanted = static_cast<size_t>(length_of_lead(lead));
  size_t length = 1;
  while (length < wanted && at + length < bytes.size()) {
    const auto byte = static_cast<unsigned char>(bytes[at + length]);
    if (length == 1 ? !is_second_byte(lead, byte) : (byte & 0xC0) != 0x80) break;
    ++length;
  }
  whole = length == wanted;
  return length;
}

}  // namespace

const std::array<char32_t, 256>& byte_symbols() {
  static const auto symbols = make_symbols();
  return symbols;
}

const std::array<std::string, 256>& byte_symbol_texts() {
  static const auto texts = make_symbol_texts();
  return texts;
}

const std::array<std::string, 256>& byte_symbols_in_order() {
  static const auto symbols = make_symbols_in_order();
  return symbols;
}

std::string to_byte_level(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) out += byte_symbol_texts()[static_cast<unsigned char>(c)];
  return out;
}

void append_bytes_of_token(std::string& out, std::string_view token) {
  static const auto bytes = make_bytes();
  const size_t before = out.size();
  for (size_t at = 0; at < token.size();) {
    const char32_t c = next_code_point(token, at);
    if (c >= kSymbolEnd || bytes[c] < 0) {
      out.resize(before);
      out += token;
      return;
    }
    out += static_cast<char>(bytes[c]);
  }
}

std::string replace_invalid_utf8(std::string_view bytes) {
  if (is_valid_utf8(bytes)) return std::string(bytes);
  std::string out;
  for (size_t at = 0; at < bytes.size();) {
    bool whole = false;
    const size_t length = sequence_length(bytes, at, whole);
    if (whole) {
      out += bytes.substr(at, length);
    } else {
      out += "\xEF\xBF\xBD";
    }
    at += length;
  }
  return out;
}

size_t detail::contraction(std::string_view text, size_t at) noexcept {
  if (text[at] != '\'') return 0;
  const std::string_view rest = text.substr(at + 1, 2);
  if (rest.starts_with('s') || rest.starts_with('t') || rest.starts_with('m') || rest.starts_with('d')) return 2;
  return rest == "re" || rest == "ve" || rest == "ll" ? 3 : 0;
}

}  // namespace vitrine::text
