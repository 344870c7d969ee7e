// text/encoding.h - the encodings of shop tables: found by BOM or by trying, turned into UTF-8 and back.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/byte_reader.h"

namespace vitrine::text {

enum class Encoding { utf8, utf8_bom, gb18030, utf16le, utf16be };
std::string_view to_string(Encoding encoding);

/// The byte that decode puts where the source has a sequence that its encoding does not allow. It never occurs in
/// UTF-8, so a row or value with damage fails is_valid_utf8, and the rows around it stay good.
inline constexpr char kBadSequence = '\xff';

/// What one line says. damaged: no valid UTF-8. gb18030: valid in both encodings, as GB18030 Chinese words and as UTF-8 letters
/// of several alphabets in one word, or of none that is common ("水洗" has the bytes of "ˮϴ"). none: ASCII.
enum class LineEvidence { none, utf8, gb18030, damaged };
LineEvidence evidence_of_line(std::string_view line);

/// What all lines of a text without BOM say: UTF-8 when at least half of the lines that speak for one side are good UTF-8. Others
/// are damaged then: read as GB18030 the whole text would turn into wrong characters without a sign. JSON and XML are UTF-8 where
/// no line is damaged.
class EncodingVotes {
 public:
  void add(LineEvidence evidence);
  /// `first`: the first byte of the text that is no white space and no NUL, 0 = none.
  bool is_utf8(char first) const;

 private:
  int64_t utf8_ = 0, gb18030_ = 0, damaged_ = 0;
};

/// A BOM decides; else EncodingVotes; else GB18030 (which covers GBK) when all of it decodes; else nothing.
std::optional<Encoding> detect_encoding(std::string_view bytes);

/// UTF-8 without BOM; damage becomes kBadSequence (UTF-8 itself is copied as it is).
/// An odd last byte of UTF-16 becomes kBadSequence too. Throws IoError when the system lacks the encoding.
std::string decode(std::string_view bytes, Encoding encoding);

/// The same piece by piece: what `bytes` gives, as decode would turn it. Throws IoError as decode does.
std::unique_ptr<ByteReader> decoding(std::unique_ptr<ByteReader> bytes, Encoding encoding);

/// With BOM where the encoding has one. Throws InvalidInput when `utf8` is not valid UTF-8.
std::string encode(std::string_view utf8, Encoding encoding);

}  // namespace vitrine::text
