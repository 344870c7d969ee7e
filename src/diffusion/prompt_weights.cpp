#include "diffusion/prompt_weights.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/error.h"
#include "text/code_point_class.h"
#include "text/utf8.h"

namespace vitrine::diffusion {
namespace {

constexpr double kRoundBracket = 1.1, kSquareBracket = 1 / 1.1;
constexpr std::string_view kBreak = "BREAK";
constexpr std::string_view kEscaped = "()[]\\";
constexpr std::string_view kSpace = " \t\n\r\f\v";

bool is_space(char c) { return kSpace.find(c) != std::string_view::npos; }

/// Whether a word ends, or goes on, with the code point at `at`.
bool is_word_at(std::string_view text, size_t at) {
  return text::is_word_character(text::next_code_point(text, at));
}

bool is_word_before(std::string_view text, size_t at) {
  if (at == 0) return false;
  do {
    --at;
  } while ((static_cast<unsigned char>(text[at]) & 0xC0) == 0x80);
  return is_word_at(text, at);
}

/// ":1.3)" and its like.
struct ClosingWeight {
  double weight;
  size_t length;  // bytes, the bracket included
};

std::optional<ClosingWeight> closing_weight(std::string_view text) {
  if (!text.starts_with(':')) return std::nullopt;
  size_t at = 1;
  const auto skip_space = [&] {
    while (at < text.size() && is_space(text[at])) ++at;
  };
  skip_space();
  if (at < text.size() && text[at] == '+') ++at;
  const size_t begin = at;
  if (at < text.size() && text[at] == '-') ++at;
  while (at < text.size() && (text[at] == '.' || (text[at] >= '0' && text[at] <= '9'))) ++at;
  double weight = 0;
  const auto [end, error] = std::from_chars(text.data() + begin, text.data() + at, weight);
  if (error != std::errc() || end != text.data() + at) return std::nullopt;
  skip_space();
  if (at == text.size() || text[at] != ')') return std::nullopt;
  return ClosingWeight{weight, at + 1};
}

/// Reads a prompt from left to right; open brackets remember the part that they begin with.
class PromptReader {
 public:
  explicit PromptReader(std::string_view prompt) : rest_(prompt) {}

  std::vector<PromptPart> read() {
    while (!rest_.empty()) step();
    while (!round_.empty()) close(round_, kRoundBracket);
    while (!square_.empty()) close(square_, kSquareBracket);
    return joined();
  }

 private:
  void step() {
    const char first = rest_.front();
    const auto weight = round_.empty() ? std::nullopt : closing_weight(rest_);
    if (first == '\\') {
      take_escape();
    } else if (first == '(') {
      open(round_);
    } else if (first == '[') {
      open(square_);
    } else if (weight) {
      close(round_, weight->weight);
      rest_.remove_prefix(weight->length);
    } else if (first == ')' && !round_.empty()) {
      close(round_, kRoundBracket);
      rest_.remove_prefix(1);
    } else if (first == ']' && !square_.empty()) {
      close(square_, kSquareBracket);
      rest_.remove_prefix(1);
    } else {
      take_text();
    }
  }

  /// A backslash before another character is dropped.
  void take_escape() {
    const bool escapes = rest_.size() > 1 && kEscaped.find(rest_[1]) != std::string_view::npos;
    if (escapes) add(rest_.substr(1, 1));
    rest_.remove_prefix(escapes ? 2 : 1);
  }

  void take_text() {
    const size_t end = std::min(rest_.find_first_of("\\()[]:", 1), rest_.size());
    add_with_breaks(rest_.substr(0, end));
    rest_.remove_prefix(end);
  }

  /// BREAK as a word of its own, with the white space around it.
  void add_with_breaks(std::string_view text) {
    for (size_t found = find_break(text); found != text.npos; found = find_break(text)) {
      std::string_view before = text.substr(0, found);
      while (!before.empty() && is_space(before.back())) before.remove_suffix(1);
      add(before);
      text.remove_prefix(found + kBreak.size());
      while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
      breaks_ = true;
    }
    add(text);
  }

  static size_t find_break(std::string_view text) {
    for (size_t at = text.find(kBreak); at != text.npos; at = text.find(kBreak, at + 1)) {
      const size_t end = at + kBreak.size();
      const bool inside = end < text.size() && is_word_at(text, end);
      if (!inside && !is_word_before(text, at)) return at;
    }
    return text.npos;
  }

  void add(std::string_view text) {
    if (text.empty() && !breaks_) return;
    parts_.push_back({std::string(text), 1, breaks_});
    breaks_ = false;
  }

  void open(std::vector<size_t>& brackets) {
    brackets.push_back(parts_.size());
    rest_.remove_prefix(1);
  }

  void close(std::vector<size_t>& brackets, double factor) {
    for (size_t idx = brackets.back(); idx < parts_.size(); ++idx) parts_[idx].weight *= factor;
    brackets.pop_back();
  }

  std::vector<PromptPart> joined() const {
    std::vector<PromptPart> parts;
    for (const PromptPart& part : parts_) {
      const bool joins = !parts.empty() && !part.begins_chunk && parts.back().weight == part.weight;
      if (joins)
        parts.back().text += part.text;
      else
        parts.push_back(part);
    }
    if (parts.empty()) parts.emplace_back();
    return parts;
  }

  std::string_view rest_;
  std::vector<PromptPart> parts_;
  std::vector<size_t> round_, square_;
  bool breaks_ = false;  // the next part begins a chunk
};

}  // namespace

std::vector<PromptPart> parse_prompt(std::string_view prompt) {
  VITRINE_REQUIRE(text::is_valid_utf8(prompt), "[parse_prompt] the prompt is not valid UTF-8");
  return PromptReader(prompt).read();
}

std::string escape_prompt(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (kEscaped.find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

}  // namespace vitrine::diffusion
