// data/shop_text.h - the bytes of a shop's file as the text in which places are found, and back.
// Internal to the room.
//
// UTF-8 and GB18030 stay as they lie, without BOM. UTF-16 becomes UTF-8 in which lone surrogates
// stay, as three bytes each, so that any even number of bytes comes back as it was.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/byte_reader.h"
#include "text/encoding.h"

namespace vitrine::data {

using ByteSink = std::function<void(std::string_view bytes)>;

enum class TextForm { utf8, utf8_bom, gb18030, utf16le, utf16be };

TextForm form_of(text::Encoding encoding);
std::string_view bom_of(TextForm form);
bool is_utf16(TextForm form);
/// For people.
std::string name_of(TextForm form);

std::string utf16_to_text(std::string_view bytes, bool big_endian);
std::string text_to_utf16(std::string_view text, bool big_endian);

/// The text of bytes that begin with the BOM of their form.
std::unique_ptr<ByteReader> text_in_form(std::unique_ptr<ByteReader> bytes, TextForm form);

/// Text in pieces, cut anywhere, back into bytes; the BOM comes first. Call order: (add)*.
class TextBytes {
 public:
  TextBytes(TextForm form, ByteSink out);
  void add(std::string_view text);

 private:
  TextForm form_;
  ByteSink out_;
  std::string cut_;  // the start of a character whose end is to come
};

}  // namespace vitrine::data
