#include "data/text_survey.h"

#include <algorithm>

#include "text/utf8.h"

namespace vitrine::data {
namespace {

constexpr std::string_view kBlanks(" \t\r\n\0", 5);  // NUL is taken out of values too
constexpr size_t kJudgedBytes = 4096;  // of a line that came in pieces

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// Where the last code point of `text` starts when it may go on behind the end, else the end.
size_t safe_end(std::string_view text) {
  for (size_t back = 1; back <= std::min<size_t>(4, text.size()); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if (byte >= 0xc0) return text.size() - back;
    if (byte < 0x80) break;
  }
  return text.size();
}

}  // namespace

void TextSurvey::add(std::string_view piece) {
  if (in_first_line_) look_at_head(piece);
  if (carried_.empty()) {
    const size_t end = safe_end(piece);
    judge_lines(piece.substr(0, end));
    carried_ = piece.substr(end);
    return;
  }
  carried_ += piece;
  const std::string text = std::move(carried_);
  const size_t end = safe_end(text);
  judge_lines(std::string_view(text).substr(0, end));
  carried_ = text.substr(end);
}

void TextSurvey::finish() {
  judge_lines(carried_);
  end_cut_line();
}

void TextSurvey::look_at_head(std::string_view piece) {
  if (first_ == '\0') {
    const size_t begin = piece.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) return;
    first_ = piece[begin];
    piece.remove_prefix(begin);
  }
  const size_t end = piece.find_first_of("\r\n");
  first_line_has_tab_ =
      first_line_has_tab_ || piece.substr(0, end).find('\t') != std::string_view::npos;
  in_first_line_ = end == std::string_view::npos;
}

void TextSurvey::judge_lines(std::string_view text) {
  for (size_t at = 0, feed = 0; at < text.size();) {
    if (feed < at || at == 0) feed = std::min(text.find('\n', at), text.size());
    // Of CRLF the line feed ends an empty line, which says nothing.
    const size_t end = std::min(text.substr(0, feed).find('\r', at), feed);
    const std::string_view line = text.substr(at, end - at);
    if (end == text.size()) return add_to_cut_line(line);
    if (is_cut_) {
      add_to_cut_line(line);
      end_cut_line();
    } else {
      votes_.add(text::evidence_of_line(line));
    }
    at = end + 1;
  }
}

void TextSurvey::add_to_cut_line(std::string_view piece) {
  is_cut_ = true;
  if (cut_.start.size() < kJudgedBytes) cut_.start += piece;
  if (is_ascii(piece)) return;
  cut_.is_ascii = false;
  cut_.is_valid = cut_.is_valid && text::is_valid_utf8(piece);
  cut_.has_longer = cut_.has_longer || std::any_of(piece.begin(), piece.end(), [](char c) { return static_cast<unsigned char>(c) >= 0xe0; });
}

void TextSurvey::end_cut_line() {
  using text::LineEvidence;
  if (cut_.is_ascii) votes_.add(LineEvidence::none);
  else if (!cut_.is_valid) votes_.add(LineEvidence::damaged);
  else votes_.add(cut_.has_longer ? LineEvidence::utf8 : text::evidence_of_line(cut_.start));
  cut_ = {};
  is_cut_ = false;
}

}  // namespace vitrine::data
