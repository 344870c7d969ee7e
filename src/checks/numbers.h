// checks/numbers.h - numbers with their units, and words in Latin letters, as they stand in a text.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "checks/lexicon.h"

namespace vitrine::checks {

struct Token {
  size_t begin, end;        // code points, half-open; a number holds its unit
  std::u32string text;      // folded
  bool is_number = false;   // else a word in Latin letters
};

/// Finds what rules/checks/numbers.tsv and latin_words.tsv do not let pass:
/// digits with the letters, % or unit word behind them; Chinese numerals before a unit of measure, from ten on before any unit, and shares (三分之一); Latin words of two or more letters.
class TokenRules {
 public:
  static TokenRules load(const std::filesystem::path& dir);
  /// `folded` is fold(text). In order of begin.
  std::vector<Token> find(std::u32string_view folded) const;

 private:
  void add_latin_run(std::u32string_view folded, size_t begin, size_t end, std::vector<Token>& tokens) const;
  size_t unit_end(std::u32string_view folded, size_t begin, std::string_view other_units) const;
  size_t add_numerals(std::u32string_view folded, size_t begin, std::vector<Token>& tokens) const;

  Lexicon numbers_, latin_;
};

}  // namespace vitrine::checks
