// data/text_survey.h - what must be known of a text before its rows are read, gathered piece by
// piece.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace vitrine::data {

/// Call order: (add)* finish, then the questions. The bytes need not be UTF-8, and have no BOM.
class TextSurvey {
 public:
  void add(std::string_view piece);
  void finish();

  /// Nothing but spaces, tabs and line ends.
  bool is_blank() const { return first_ == '\0'; }
  /// The first byte that is not blank, and whether a tab stands in the line behind it.
  char first() const { return first_; }
  bool first_line_has_tab() const { return first_line_has_tab_; }
  /// Every line is valid, or at least half of those that are not ASCII: text::detect_encoding's
  /// rule.
  bool is_utf8() const {
    return invalid_lines_ == 0 || (valid_lines_ > 0 && valid_lines_ >= invalid_lines_);
  }

 private:
  void look_at_head(std::string_view piece);
  void judge_lines(std::string_view text);
  void end_line();

  std::string carried_;  // the start of a code point that goes on in the next piece
  char first_ = '\0';
  bool in_first_line_ = true, first_line_has_tab_ = false;
  bool line_is_ascii_ = true, line_is_valid_ = true;
  int64_t valid_lines_ = 0, invalid_lines_ = 0;  // of those that are not ASCII
};

}  // namespace vitrine::data
