#include "base/toml.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>
#include <vector>

#include "base/error.h"

namespace vitrine {
namespace {

constexpr int kMaxDepth = 64;

bool is_bare(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

class TomlParser {
 public:
  TomlParser(std::string_view text, std::string_view where) : text_(text), where_(where) {}

  Json parse() {
    table_ = &root_;
    for (skip_blank(); at_ < text_.size(); skip_blank()) {
      if (text_.substr(at_).starts_with("[[")) open_table(/*is_array=*/true);
      else if (text_[at_] == '[') open_table(/*is_array=*/false);
      else read_pair(*table_);
      end_line();
    }
    return std::move(root_);
  }

 private:
  using Keys = std::vector<std::string>;

  [[noreturn]] void fail(std::string_view why) const {
    const auto line = 1 + std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(std::min(at_, text_.size())), '\n');
    throw Corrupt(concat("[parse_toml] ", where_, " line ", line, ": ", why));
  }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void expect(char c) {
    if (peek() != c) fail(concat("expected '", c, "'"));
    ++at_;
  }
  void skip_spaces() {
    while (peek() == ' ' || peek() == '\t') ++at_;
  }
  void skip_comment() {
    if (peek() == '#') at_ = std::min(text_.size(), text_.find('\n', at_));
  }
  /// Spaces, line ends and comments.
  void skip_blank() {
    for (size_t before = at_ + 1; before != at_;) {
      before = at_;
      while (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r') ++at_;
      skip_comment();
    }
  }
  void end_line() {
    skip_spaces();
    skip_comment();
    if (peek() == '\r') ++at_;
    if (at_ < text_.size()) expect('\n');
  }

  std::string read_key() {
    if (peek() == '"' || peek() == '\'') return read_string();
    const size_t start = at_;
    while (is_bare(peek())) ++at_;
    if (at_ == start) fail("expected a key");
    return std::string(text_.substr(start, at_ - start));
  }
  Keys read_keys() {
    Keys keys;
    for (;;) {
      skip_spaces();
      keys.push_back(read_key());
      skip_spaces();
      if (keys.size() > kMaxDepth) fail("too many parts in a key");
      if (peek() != '.') return keys;
      ++at_;
    }
  }

  /// The table behind `keys`, made when it is not there; of an array of tables the last one.
  Json& descend(Json& from, const Keys& keys, size_t count) {
    Json* at = &from;
    for (size_t i = 0; i < count; ++i) {
      if (!at->contains(keys[i])) (*at)[keys[i]] = Json::object();
      at = &(*at)[keys[i]];
      if (at->is_array() && !at->empty()) at = &at->back();
      if (!at->is_object()) fail(concat("'", keys[i], "' is no table"));
    }
    return *at;
  }

  void open_table(bool is_array) {
    at_ += is_array ? 2 : 1;
    const Keys keys = read_keys();
    expect(']');
    if (is_array) expect(']');
    if (!is_array) {
      table_ = &descend(root_, keys, keys.size());
      return;
    }
    Json& list = descend(root_, keys, keys.size() - 1)[keys.back()];
    if (list.is_null()) list = Json::array();
    if (!list.is_array()) fail(concat("'", keys.back(), "' is no array of tables"));
    list.push_back(Json::object());
    table_ = &list.back();
  }

  void read_pair(Json& table) {
    const Keys keys = read_keys();
    expect('=');
    skip_spaces();
    Json value = read_value();
    Json& place = descend(table, keys, keys.size() - 1);
    if (place.contains(keys.back())) fail(concat("'", keys.back(), "' is there twice"));
    place[keys.back()] = std::move(value);
  }

  Json read_value() {
    if (++depth_ > kMaxDepth) fail("too deep");
    const char c = peek();
    Json value;
    if (c == '"' || c == '\'') value = read_string();
    else if (c == '[') value = read_array();
    else if (c == '{') value = read_inline_table();
    else value = read_scalar();
    --depth_;
    return value;
  }

  std::string read_string() {
    const char quote = peek();
    if (text_.substr(at_).starts_with(std::string(3, quote))) fail("strings of several lines are not read");
    ++at_;
    std::string value;
    for (;; ++at_) {
      const char c = peek();
      if (at_ >= text_.size() || c == '\n') fail("a string without end");
      if (c == quote) break;
      if (c == '\\' && quote == '"') value += read_escape();
      else value += c;
    }
    ++at_;
    return value;
  }
  char read_escape() {
    ++at_;
    switch (peek()) {
      case 'n': return '\n';
      case 't': return '\t';
      case 'r': return '\r';
      case '"': return '"';
      case '\\': return '\\';
      default: fail(concat("unknown escape '\\", peek(), "'"));
    }
  }

  Json read_array() {
    Json list = Json::array();
    ++at_;
    for (skip_blank(); peek() != ']'; skip_blank()) {
      list.push_back(read_value());
      skip_blank();
      if (peek() != ',') break;
      ++at_;
    }
    expect(']');
    return list;
  }
  Json read_inline_table() {
    Json table = Json::object();
    ++at_;
    for (skip_spaces(); peek() != '}'; skip_spaces()) {
      read_pair(table);
      skip_spaces();
      if (peek() != ',') break;
      ++at_;
    }
    expect('}');
    return table;
  }

  Json read_scalar() {
    const size_t start = at_;
    while (is_bare(peek()) || peek() == '+' || peek() == '.' || peek() == ':') ++at_;
    std::string word;
    for (const char c : text_.substr(start, at_ - start)) {
      if (c != '_') word += c;
    }
    if (word == "true" || word == "false") return word == "true";
    const char* const first = word.data() + (word.starts_with('+') ? 1 : 0);
    const char* const last = word.data() + word.size();
    int64_t integer = 0;
    if (const auto [end, code] = std::from_chars(first, last, integer); code == std::errc() && end == last) return integer;
    double real = 0;
    if (const auto [end, code] = std::from_chars(first, last, real); code == std::errc() && end == last && std::isfinite(real)) return real;
    fail(concat("'", word, "' is no value that is read"));
  }

  std::string_view text_, where_;
  size_t at_ = 0;
  int depth_ = 0;
  Json root_ = Json::object();
  Json* table_ = nullptr;
};

}  // namespace

Json parse_toml(std::string_view text, std::string_view where) { return TomlParser(text, where).parse(); }

}  // namespace vitrine
