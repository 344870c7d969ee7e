#include "data/shop_text.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/error.h"

namespace vitrine::data {
namespace {

constexpr std::string_view kBomUtf8 = "\xef\xbb\xbf", kBomUtf16le = "\xff\xfe",
                           kBomUtf16be = "\xfe\xff";
constexpr size_t kChunkBytes = size_t{1} << 16;

void append_utf16(std::string& out, uint32_t unit, bool big_endian) {
  const char high = static_cast<char>(unit >> 8 & 0xff), low = static_cast<char>(unit & 0xff);
  out += big_endian ? high : low;
  out += big_endian ? low : high;
}

/// UTF-8's bytes for a value, also for a lone surrogate.
void append_utf8(std::string& out, uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xc0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xe0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (c & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | c >> 18);
    out += static_cast<char>(0x80 | (c >> 12 & 0x3f));
    out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (c & 0x3f));
  }
}

uint32_t unit_at(std::string_view bytes, size_t at, bool big_endian) {
  const auto first = static_cast<unsigned char>(bytes[at]),
             second = static_cast<unsigned char>(bytes[at + 1]);
  return static_cast<uint32_t>(big_endian ? first << 8 | second : second << 8 | first);
}

bool is_high_surrogate(uint32_t unit) { return unit >= 0xd800 && unit < 0xdc00; }
bool is_low_surrogate(uint32_t unit) { return unit >= 0xdc00 && unit < 0xe000; }

/// Bytes of a character by its first one.
size_t size_by_lead(char first) {
  const auto lead = static_cast<unsigned char>(first);
  return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/// How much of a text are whole characters.
size_t whole_size(std::string_view text) {
  size_t last = text.size();
  for (size_t back = 1; back <= std::min<size_t>(4, text.size()); ++back) {
    if ((static_cast<unsigned char>(text[text.size() - back]) & 0xc0) == 0x80) continue;
    last = text.size() - back;
    return last + size_by_lead(text[last]) > text.size() ? last : text.size();
  }
  return last;
}

class Utf16Text : public ByteReader {
 public:
  Utf16Text(std::unique_ptr<ByteReader> bytes, bool big_endian)
      : bytes_(std::move(bytes)), big_endian_(big_endian) {}

  size_t read(std::span<char> out) override {
    while (text_.size() == used_ && fill()) {
    }
    const size_t size = text_.copy(out.data(), out.size(), used_);
    used_ += size;
    return size;
  }

 private:
  /// Decodes the next bytes but for a unit, or the first of a pair, whose other half is to come.
  bool fill() {
    if (at_end_) return false;
    std::array<char, kChunkBytes> chunk;
    const size_t size = bytes_->read(chunk);
    at_end_ = size == 0;
    cut_.append(chunk.data(), size);
    size_t ready = cut_.size() / 2 * 2;
    if (!at_end_ && ready >= 2 && is_high_surrogate(unit_at(cut_, ready - 2, big_endian_)))
      ready -= 2;
    text_ = utf16_to_text(std::string_view(cut_).substr(0, ready), big_endian_);
    used_ = 0;
    cut_.erase(0, ready);
    return true;
  }

  std::unique_ptr<ByteReader> bytes_;
  bool big_endian_, at_end_ = false;
  std::string text_, cut_;
  size_t used_ = 0;  // of text_
};

}  // namespace

TextForm form_of(text::Encoding encoding) {
  switch (encoding) {
    case text::Encoding::utf8:
      return TextForm::utf8;
    case text::Encoding::utf8_bom:
      return TextForm::utf8_bom;
    case text::Encoding::gb18030:
      return TextForm::gb18030;
    case text::Encoding::utf16le:
      return TextForm::utf16le;
    case text::Encoding::utf16be:
      return TextForm::utf16be;
  }
  throw InternalError("[form_of] encoding out of range");
}

std::string_view bom_of(TextForm form) {
  if (form == TextForm::utf8_bom) return kBomUtf8;
  if (form == TextForm::utf16le) return kBomUtf16le;
  return form == TextForm::utf16be ? kBomUtf16be : std::string_view();
}

bool is_utf16(TextForm form) { return form == TextForm::utf16le || form == TextForm::utf16be; }

std::string name_of(TextForm form) {
  switch (form) {
    case TextForm::utf8:
      return "UTF-8";
    case TextForm::utf8_bom:
      return "UTF-8 with BOM";
    case TextForm::gb18030:
      return "GB18030";
    case TextForm::utf16le:
      return "UTF-16LE";
    case TextForm::utf16be:
      return "UTF-16BE";
  }
  throw InternalError("[name_of] form out of range");
}

std::string utf16_to_text(std::string_view bytes, bool big_endian) {
  std::string out;
  for (size_t i = 0; i + 1 < bytes.size(); i += 2) {
    const uint32_t unit = unit_at(bytes, i, big_endian);
    const bool is_pair = is_high_surrogate(unit) && i + 3 < bytes.size() &&
                         is_low_surrogate(unit_at(bytes, i + 2, big_endian));
    if (!is_pair) {
      append_utf8(out, unit);
      continue;
    }
    append_utf8(out,
                0x10000 + ((unit - 0xd800) << 10) + (unit_at(bytes, i + 2, big_endian) - 0xdc00));
    i += 2;
  }
  return out;
}

std::string text_to_utf16(std::string_view text, bool big_endian) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const size_t length = size_by_lead(text[i]);
    const auto lead = static_cast<unsigned char>(text[i]);
    uint32_t c = length == 1 ? lead : lead & (0x7fU >> length);
    for (size_t k = 1; k < length && i + k < text.size(); ++k)
      c = c << 6 | (static_cast<unsigned char>(text[i + k]) & 0x3fU);
    i += length;
    if (c < 0x10000) {
      append_utf16(out, c, big_endian);
    } else {
      append_utf16(out, 0xd800 + ((c - 0x10000) >> 10), big_endian);
      append_utf16(out, 0xdc00 + ((c - 0x10000) & 0x3ff), big_endian);
    }
  }
  return out;
}

std::unique_ptr<ByteReader> text_in_form(std::unique_ptr<ByteReader> bytes, TextForm form) {
  std::array<char, 4> bom;
  for (size_t left = bom_of(form).size(); left > 0;) {
    const size_t size = bytes->read({bom.data(), left});
    if (size == 0) break;
    left -= size;
  }
  if (!is_utf16(form)) return bytes;
  return std::make_unique<Utf16Text>(std::move(bytes), form == TextForm::utf16be);
}

TextBytes::TextBytes(TextForm form, ByteSink out) : form_(form), out_(std::move(out)) {
  if (!bom_of(form_).empty()) out_(bom_of(form_));
}

void TextBytes::add(std::string_view text) {
  if (!is_utf16(form_)) return out_(text);
  cut_ += text;
  const size_t whole = whole_size(cut_);
  out_(text_to_utf16(std::string_view(cut_).substr(0, whole), form_ == TextForm::utf16be));
  cut_.erase(0, whole);
}

}  // namespace vitrine::data
