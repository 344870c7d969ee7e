// io/latin1.h - Latin-1, the encoding of PNG texts.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace vitrine::io {

/// As UTF-8. Bytes that are good UTF-8 with characters beyond ASCII are taken as that: programs
/// write it there.
std::string from_latin1(std::string_view bytes);
/// Nothing when a character of the UTF-8 text is not in Latin-1, or would be read back as UTF-8.
/// REQUIRES: valid UTF-8.
std::optional<std::string> to_latin1(std::string_view utf8);

}  // namespace vitrine::io
