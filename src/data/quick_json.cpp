#include "data/quick_json.h"

#include <charconv>

#include "data/byte_blocks.h"
#include "data/json_spans.h"
#include "text/utf8.h"

namespace vitrine::data {
namespace {

class QuickReader {
 public:
  explicit QuickReader(std::string_view text) : text_(text) {}

  std::optional<Json> read() {
    Json json;
    space();
    if (!is('{') || !value(json)) return std::nullopt;
    space();
    return at_ == text_.size() ? std::optional(std::move(json)) : std::nullopt;
  }

 private:
  bool is(char c) const { return at_ < text_.size() && text_[at_] == c; }
  void space() { at_ = skip_json_space(text_, at_); }
  bool take(char c) {
    if (!is(c)) return false;
    ++at_;
    return true;
  }

  bool value(Json& out) {
    if (at_ >= text_.size()) return false;
    switch (text_[at_]) {
      case '{': return nested(&QuickReader::object, out);
      case '[': return nested(&QuickReader::array, out);
      case '"': {
        std::string text;
        if (!string(text)) return false;
        out = std::move(text);
        return true;
      }
      case 't': return word("true", Json(true), out);
      case 'f': return word("false", Json(false), out);
      case 'n': return word("null", Json(nullptr), out);
      default: return number(out);
    }
  }

  bool nested(bool (QuickReader::*read_inner)(Json&), Json& out) {
    if (depth_ == kMaxDepth) return false;
    ++depth_;
    const bool good = (this->*read_inner)(out);
    --depth_;
    return good;
  }

  bool word(std::string_view name, Json meaning, Json& out) {
    if (text_.substr(at_, name.size()) != name) return false;
    at_ += name.size();
    out = std::move(meaning);
    return true;
  }

  bool object(Json& out) {
    Json::object_t members;
    if (depth_ == 1) members.reserve(kUsualMembers);  // of a row: growing copies the keys
    ++at_;
    space();
    if (take('}')) {
      out = std::move(members);
      return true;
    }
    do {
      space();
      std::string key;
      Json member;
      if (!is('"') || !string(key)) return false;
      space();
      if (!take(':')) return false;
      space();
      if (!value(member)) return false;
      if (!members.emplace(std::move(key), std::move(member)).second) return false;
      space();
    } while (take(','));
    out = std::move(members);
    return take('}');
  }

  bool array(Json& out) {
    Json::array_t elements;
    ++at_;
    space();
    if (take(']')) {
      out = std::move(elements);
      return true;
    }
    do {
      space();
      Json element;
      if (!value(element)) return false;
      elements.push_back(std::move(element));
      space();
    } while (take(','));
    out = std::move(elements);
    return take(']');
  }

  /// To the next quote, backslash or control character, or near it.
  void pass_plain_blocks() {
    for (; at_ + kBlockBytes <= text_.size(); at_ += kBlockBytes) {
      const uint64_t block = load_block(text_.data() + at_);
      if ((has_byte(block, '"') | has_byte(block, '\\') | has_below(block, 0x20)) != 0) return;
    }
  }

  bool string(std::string& out) {
    size_t begin = ++at_;
    for (pass_plain_blocks(); at_ < text_.size(); ++at_) {
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (c == '"') {
        out.append(text_, begin, at_++ - begin);
        return true;
      }
      if (c < 0x20) return false;
      if (c != '\\') continue;
      out.append(text_, begin, at_ - begin);
      if (!escape(out)) return false;
      begin = at_ + 1;
    }
    return false;
  }

  /// Four hexadecimal digits behind a \u, of which the u stands at at_; leaves at_ on the last one.
  bool code_unit(uint32_t& unit) {
    if (at_ + 4 >= text_.size() || text_[at_] != 'u') return false;
    const char* digits = text_.data() + at_ + 1;
    const auto [end, error] = std::from_chars(digits, digits + 4, unit, 16);
    at_ += 4;
    return error == std::errc() && end == digits + 4;
  }

  bool unicode_escape(std::string& out) {
    uint32_t unit = 0, low = 0;
    if (!code_unit(unit)) return false;
    const bool is_high = unit >= 0xd800 && unit < 0xdc00;
    if (is_high) {
      if (at_ + 2 >= text_.size() || text_[at_ + 1] != '\\') return false;
      at_ += 2;
      if (!code_unit(low) || low < 0xdc00 || low >= 0xe000) return false;
      unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
    } else if (unit >= 0xdc00 && unit < 0xe000) {
      return false;
    }
    out += text::to_utf8(static_cast<char32_t>(unit));
    return true;
  }

  bool escape(std::string& out) {
    if (at_ + 1 < text_.size() && text_[at_ + 1] == 'u') {
      ++at_;
      return unicode_escape(out);
    }
    constexpr std::string_view kSigns = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
    const size_t sign = ++at_ < text_.size() ? kSigns.find(text_[at_]) : std::string_view::npos;
    if (sign == std::string_view::npos) return false;
    out += kMeanings[sign];
    return true;
  }

  bool digits() {
    const size_t begin = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    return at_ > begin;
  }

  bool number(Json& out) {
    const size_t begin = at_;
    const bool negative = take('-');
    if (is('0') ? (++at_, false) : !digits()) return false;
    bool is_whole = true;
    if (take('.')) {
      is_whole = false;
      if (!digits()) return false;
    }
    if (take('e') || take('E')) {
      is_whole = false;
      if (!take('+')) take('-');
      if (!digits()) return false;
    }
    const std::string_view text = text_.substr(begin, at_ - begin);
    if (!is_whole) return converted<double>(text, out);
    return negative ? converted<int64_t>(text, out) : converted<uint64_t>(text, out);
  }

  template <typename Number>
  static bool converted(std::string_view text, Json& out) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return false;
    out = number;
    return true;
  }

  static constexpr int kMaxDepth = 32;
  static constexpr size_t kUsualMembers = 16;

  std::string_view text_;
  size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

std::optional<Json> quick_parse_object(std::string_view text) { return QuickReader(text).read(); }

}  // namespace vitrine::data
