// text/encoding.h - the encodings of shop tables: found by BOM or by trying, turned into UTF-8 and back.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace vitrine::text {

enum class Encoding { utf8, utf8_bom, gb18030, utf16le, utf16be };
std::string_view to_string(Encoding encoding);

/// The byte that decode puts where the source has a sequence that its encoding does not allow. It never occurs in
/// UTF-8, so a row or value with damage fails is_valid_utf8, and the rows around it stay good.
inline constexpr char kBadSequence = '\xff';

/// A BOM decides; else valid UTF-8; else GB18030 (which covers GBK) when all of it decodes; else nothing.
/// A text in which at least half of the lines that are not ASCII are valid UTF-8 counts as UTF-8 with damaged lines:
/// read as GB18030 it would turn into wrong characters without a sign.
std::optional<Encoding> detect_encoding(std::string_view bytes);

/// UTF-8 without BOM; damage becomes kBadSequence (UTF-8 itself is copied as it is).
/// An odd last byte of UTF-16 becomes kBadSequence too. Throws IoError when the system lacks the encoding.
std::string decode(std::string_view bytes, Encoding encoding);

/// With BOM where the encoding has one. Throws InvalidInput when `utf8` is not valid UTF-8.
std::string encode(std::string_view utf8, Encoding encoding);

}  // namespace vitrine::text
