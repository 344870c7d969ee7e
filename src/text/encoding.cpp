#include "text/encoding.h"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <utility>

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

  enum class Stop { at_end, bad_sequence, cut_sequence };

  /// Appends what converts; `in` is left at the end or at the first sequence that does not, or goes on behind the end.
  Stop convert(std::string_view& in, std::string& out) {
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
      if (code != static_cast<size_t>(-1) || error == E2BIG) continue;
      return error == EINVAL ? Stop::cut_sequence : Stop::bad_sequence;
    }
    return Stop::at_end;
  }

 private:
  iconv_t handle_;
};

bool decodes_as_gb18030(std::string_view bytes) {
  Converter converter("UTF-8", "GB18030");
  std::string ignored;
  return converter.convert(bytes, ignored) == Converter::Stop::at_end;
}

/// Bytes that are passed over where a sequence is bad.
size_t unit_bytes(Encoding encoding) { return encoding == Encoding::gb18030 ? 1 : 2; }

class DecodingReader : public ByteReader {
 public:
  DecodingReader(std::unique_ptr<ByteReader> bytes, Encoding encoding)
      : bytes_(std::move(bytes)), encoding_(encoding), converter_("UTF-8", iconv_name(encoding)) {}

  size_t read(std::span<char> out) override {
    while (ready_.empty()) {
      if (at_end_) return 0;
      convert_more();
    }
    const size_t size = std::min(out.size(), ready_.size());
    std::copy_n(ready_.begin(), size, out.begin());
    ready_.remove_prefix(size);
    return size;
  }

 private:
  static constexpr size_t kChunkBytes = size_t{1} << 16;

  void convert_more() {
    fill();
    std::string_view in = waiting_;
    converted_.clear();
    for (;;) {
      const auto stop = converter_.convert(in, converted_);
      if (stop == Converter::Stop::at_end || (stop == Converter::Stop::cut_sequence && !at_end_)) break;
      converted_ += kBadSequence;
      in.remove_prefix(std::min(unit_bytes(encoding_), in.size()));
    }
    waiting_.erase(0, waiting_.size() - in.size());
    ready_ = converted_;
  }

  /// Reads behind what waits; of the first bytes the BOM is left out.
  void fill() {
    const size_t kept = waiting_.size();
    waiting_.resize(kept + kChunkBytes);
    const size_t size = bytes_->read({waiting_.data() + kept, kChunkBytes});
    waiting_.resize(kept + size);
    at_end_ = size == 0;
    const std::string_view bom = bom_of(encoding_);
    if (is_begun_ || (waiting_.size() < bom.size() && !at_end_)) return;
    is_begun_ = true;
    if (waiting_.starts_with(bom)) waiting_.erase(0, bom.size());
  }

  std::unique_ptr<ByteReader> bytes_;
  Encoding encoding_;
  Converter converter_;
  std::string waiting_;    // read and not converted: a sequence that goes on
  std::string converted_;
  std::string_view ready_;  // the end of converted_
  bool is_begun_ = false, at_end_ = false;
};

bool is_ascii(std::string_view line) {
  for (const char c : line) {
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  }
  return true;
}

bool is_ascii_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_lead(char c) { return static_cast<unsigned char>(c) >= 0xc0; }

/// Alphabets whose words are common in tables; others of two bytes (phonetic signs, …) are none.
enum class Alphabet { none, signs, latin, greek, cyrillic, armenian, hebrew, arabic };

Alphabet alphabet_of(char32_t c) {
  if (c < 0xc0 || c == 0xd7 || c == 0xf7) return Alphabet::signs;  // ° £ · ×
  if (c < 0x180) return Alphabet::latin;
  if (c >= 0x386 && c <= 0x3ce) return Alphabet::greek;
  if (c >= 0x401 && c <= 0x45f) return Alphabet::cyrillic;
  if (c >= 0x531 && c <= 0x587) return Alphabet::armenian;
  if (c >= 0x5d0 && c <= 0x5ea) return Alphabet::hebrew;
  return c >= 0x621 && c <= 0x6d2 ? Alphabet::arabic : Alphabet::none;
}

/// A word of two-byte sequences, which is valid in both encodings as far as its bytes go.
LineEvidence evidence_of_word(std::string_view word, bool beside_letter) {
  bool one_alphabet = true;
  Alphabet first = Alphabet::none;
  for (size_t at = 0; at < word.size(); at += 2) {
    const auto lead = static_cast<unsigned char>(word[at]), trail = static_cast<unsigned char>(word[at + 1]);
    if (trail < 0xa1) return LineEvidence::utf8;  // no character of GB 2312, which nearly all Chinese text is made of
    const Alphabet alphabet = alphabet_of((lead & 0x1fU) << 6 | (trail & 0x3fU));
    if (at == 0) first = alphabet;
    one_alphabet = one_alphabet && alphabet == first;
  }
  if (!one_alphabet || first == Alphabet::none) return LineEvidence::gb18030;
  if (first == Alphabet::signs || beside_letter) return LineEvidence::utf8;
  // Latin words have ASCII letters too; the other alphabets stand in words of their own.
  return first != Alphabet::latin && word.size() > 2 ? LineEvidence::utf8 : LineEvidence::gb18030;
}

/// A line of valid UTF-8 without longer sequences.
LineEvidence evidence_of_short_sequences(std::string_view line) {
  bool some_chinese = false;
  for (size_t at = 0; at < line.size(); ++at) {
    if (!is_lead(line[at])) continue;
    const size_t begin = at;
    while (at < line.size() && is_lead(line[at])) at += 2;
    const bool beside_letter = (begin > 0 && is_ascii_letter(line[begin - 1])) || (at < line.size() && is_ascii_letter(line[at]));
    if (evidence_of_word(line.substr(begin, at - begin), beside_letter) == LineEvidence::utf8) return LineEvidence::utf8;
    some_chinese = true;
  }
  return some_chinese ? LineEvidence::gb18030 : LineEvidence::none;
}

bool is_utf8_by_lines(std::string_view bytes) {
  EncodingVotes votes;
  for (size_t begin = 0, feed = 0; begin < bytes.size();) {
    if (feed < begin || begin == 0) feed = std::min(bytes.find('\n', begin), bytes.size());
    const size_t end = std::min(bytes.substr(0, feed).find('\r', begin), feed);  // of CRLF the rest says nothing
    votes.add(evidence_of_line(bytes.substr(begin, end - begin)));
    begin = end + 1;
  }
  const size_t first = bytes.find_first_not_of(std::string_view(" \t\r\n\0", 5));
  return votes.is_utf8(first == std::string_view::npos ? '\0' : bytes[first]);
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

LineEvidence evidence_of_line(std::string_view line) {
  if (is_ascii(line)) return LineEvidence::none;
  if (!is_valid_utf8(line)) return LineEvidence::damaged;
  const bool has_longer = std::any_of(line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) >= 0xe0; });
  return has_longer ? LineEvidence::utf8 : evidence_of_short_sequences(line);
}

void EncodingVotes::add(LineEvidence evidence) {
  if (evidence == LineEvidence::utf8) ++utf8_;
  if (evidence == LineEvidence::gb18030) ++gb18030_;
  if (evidence == LineEvidence::damaged) ++damaged_;
}

bool EncodingVotes::is_utf8(char first) const {
  if (utf8_ > 0) return utf8_ >= damaged_;
  const bool is_json_or_xml = first == '{' || first == '[' || first == '<';
  return damaged_ == 0 && (gb18030_ == 0 || is_json_or_xml);
}

std::optional<Encoding> detect_encoding(std::string_view bytes) {
  if (bytes.starts_with(kBomUtf8)) return Encoding::utf8_bom;
  if (bytes.starts_with(kBomUtf16le)) return Encoding::utf16le;
  if (bytes.starts_with(kBomUtf16be)) return Encoding::utf16be;
  if (is_utf8_by_lines(bytes)) return Encoding::utf8;
  if (decodes_as_gb18030(bytes)) return Encoding::gb18030;
  return std::nullopt;
}

std::string decode(std::string_view bytes, Encoding encoding) {
  const std::string_view bom = bom_of(encoding);
  if (bytes.starts_with(bom)) bytes.remove_prefix(bom.size());
  if (encoding == Encoding::utf8 || encoding == Encoding::utf8_bom) return std::string(bytes);
  Converter converter("UTF-8", iconv_name(encoding));
  std::string out;
  while (converter.convert(bytes, out) != Converter::Stop::at_end) {
    out += kBadSequence;
    bytes.remove_prefix(std::min(unit_bytes(encoding), bytes.size()));
  }
  return out;
}

std::unique_ptr<ByteReader> decoding(std::unique_ptr<ByteReader> bytes, Encoding encoding) {
  return std::make_unique<DecodingReader>(std::move(bytes), encoding);
}

std::string encode(std::string_view utf8, Encoding encoding) {
  VITRINE_REQUIRE(is_valid_utf8(utf8), "[encode] not valid UTF-8");
  std::string out(bom_of(encoding));
  if (Converter(iconv_name(encoding), "UTF-8").convert(utf8, out) != Converter::Stop::at_end) throw InternalError("[encode] a code point does not convert");
  return out;
}

}  // namespace vitrine::text
