#include "io/latin1.h"

#include "text/utf8.h"

namespace vitrine::io {

std::string from_latin1(std::string_view bytes) {
  if (text::is_valid_utf8(bytes)) return std::string(bytes);
  std::u32string wide;
  for (const char c : bytes) wide += static_cast<char32_t>(static_cast<uint8_t>(c));
  return text::to_utf8(wide);
}

std::optional<std::string> to_latin1(std::string_view utf8) {
  std::string bytes;
  bool ascii = true;
  for (const char32_t c : text::to_utf32(utf8)) {
    if (c > 0xFF || c == 0) return std::nullopt;
    bytes += static_cast<char>(c);
    ascii = ascii && c < 0x80;
  }
  return ascii || !text::is_valid_utf8(bytes) ? std::optional(bytes) : std::nullopt;
}

}  // namespace vitrine::io
