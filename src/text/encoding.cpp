#include "text/encoding.h"

#include <iconv.h>

#include <array>
#include <cerrno>

#include "base/error.h"
#include "text/utf8.h"

namespace vitrine::text {
namespace {

constexpr std::string_view kBomUtf8 = "\xef\xbb\xbf";
constexpr std::string_view kBomUtf16le = "\xff\xfe";
constexpr std::string_view kBomUtf16be = "\xfe\xff";

const char* iconv_name(Encoding encoding) {
  if (encoding == Encoding::gb18030) return "GB18030";
  if (encoding == Encoding::utf16le) return "UTF-16LE";
  return encoding == Encoding::utf16be ? "UTF-16BE" : "UTF-8";
}

std::string_view bom_of(Encoding encoding) {
  if (encoding == Encoding::utf8_bom) return kBomUtf8;
  if (encoding == Encoding::utf16le) return kBomUtf16le;
  return encoding == Encoding::utf16be ? kBomUtf16be : std::string_view();
}

class Converter {
 public:
  Converter(const char* to, const char* from) : handle_(::iconv_open(to, from)) {
    if (handle_ == reinterpret_cast<iconv_t>(-1)) throw IoError(concat("[iconv] this system cannot convert ", from, " to ", to));
  }
  ~Converter() { ::iconv_close(handle_); }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;

  /// Appends what converts; `in` is left at the end or at the first sequence that does not. False in the latter case.
  bool convert(std::string_view& in, std::string& out) {
    std::array<char, 4096> chunk;
    while (!in.empty()) {
      char* from = const_cast<char*>(in.data());
      size_t from_left = in.size();
      char* to = chunk.data();
      size_t to_left = chunk.size();
      const size_t code = ::iconv(handle_, &from, &from_left, &to, &to_left);
      const int error = errno;
      out.append(chunk.data(), chunk.size() - to_left);
      in.remove_prefix(in.size() - from_left);
      if (code == static_cast<size_t>(-1) && error != E2BIG) return false;
    }
    return true;
  }

 private:
  iconv_t handle_;
};

bool decodes_as_gb18030(std::string_view bytes) {
  Converter converter("UTF-8", "GB18030");
  std::string ignored;
  return converter.convert(bytes, ignored);
}

bool is_ascii(std::string_view line) {
  for (const char c : line) {
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  }
  return true;
}

bool mostly_utf8_lines(std::string_view bytes) {
  size_t valid = 0, invalid = 0;
  for (size_t begin = 0; begin < bytes.size();) {
    const size_t end = std::min(bytes.find('\n', begin), bytes.size());
    const std::string_view line = bytes.substr(begin, end - begin);
    if (!is_ascii(line)) ++(is_valid_utf8(line) ? valid : invalid);
    begin = end + 1;
  }
  return valid > 0 && valid >= invalid;
}

}  // namespace

std::string_view to_string(Encoding encoding) {
  switch (encoding) {
    case Encoding::utf8: return "UTF-8";
    case Encoding::utf8_bom: return "UTF-8 with BOM";
    case Encoding::gb18030: return "GB18030";
    case Encoding::utf16le: return "UTF-16LE";
    case Encoding::utf16be: return "UTF-16BE";
  }
  throw InternalError("[to_string] encoding out of range");
}

std::optional<Encoding> detect_encoding(std::string_view bytes) {
  if (bytes.starts_with(kBomUtf8)) return Encoding::utf8_bom;
  if (bytes.starts_with(kBomUtf16le)) return Encoding::utf16le;
  if (bytes.starts_with(kBomUtf16be)) return Encoding::utf16be;
  if (is_valid_utf8(bytes) || mostly_utf8_lines(bytes)) return Encoding::utf8;
  if (decodes_as_gb18030(bytes)) return Encoding::gb18030;
  return std::nullopt;
}

std::string decode(std::string_view bytes, Encoding encoding) {
  const std::string_view bom = bom_of(encoding);
  if (bytes.starts_with(bom)) bytes.remove_prefix(bom.size());
  if (encoding == Encoding::utf8 || encoding == Encoding::utf8_bom) return std::string(bytes);
  const size_t unit_bytes = encoding == Encoding::gb18030 ? 1 : 2;
  Converter converter("UTF-8", iconv_name(encoding));
  std::string out;
  while (!converter.convert(bytes, out)) {
    out += kBadSequence;
    bytes.remove_prefix(std::min(unit_bytes, bytes.size()));
  }
  return out;
}

std::string encode(std::string_view utf8, Encoding encoding) {
  VITRINE_REQUIRE(is_valid_utf8(utf8), "[encode] not valid UTF-8");
  std::string out(bom_of(encoding));
  if (!Converter(iconv_name(encoding), "UTF-8").convert(utf8, out)) throw InternalError("[encode] a code point does not convert");
  return out;
}

}  // namespace vitrine::text
