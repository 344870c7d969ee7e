// data/text_survey.h - what must be known of a text before its rows are read, gathered piece by
// piece.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "text/encoding.h"

namespace vitrine::data {

/// Call order: (add)* finish, then the questions. The bytes need not be UTF-8, and have no BOM.
class TextSurvey {
 public:
  void add(std::string_view piece);
  void finish();

  /// Nothing but spaces, tabs, line ends and NUL.
  bool is_blank() const { return first_ == '\0'; }
  /// The first byte that is not blank, and whether a tab stands in the line behind it.
  char first() const { return first_; }
  bool first_line_has_tab() const { return first_line_has_tab_; }
  /// Whether the line of that byte has ended: what was asked above stays as it is.
  bool knows_first_line() const { return !in_first_line_; }
  /// What text::detect_encoding says of a text without BOM, GB18030 aside.
  bool is_utf8() const { return votes_.is_utf8(first_); }

 private:
  /// A line that came in several pieces. Of a long one that looks like neither encoding the start is judged.
  struct CutLine {
    bool is_ascii = true, is_valid = true, has_longer = false;  // sequences of three bytes and more
    std::string start;
  };

  void look_at_head(std::string_view piece);
  void judge_lines(std::string_view text);
  void add_to_cut_line(std::string_view piece);
  void end_cut_line();

  std::string carried_;  // the start of a code point that goes on in the next piece
  char first_ = '\0';
  bool in_first_line_ = true, first_line_has_tab_ = false, is_cut_ = false;
  CutLine cut_;
  text::EncodingVotes votes_;
};

}  // namespace vitrine::data
