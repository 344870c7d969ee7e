#include "checks/numbers.h"

#include <algorithm>
#include <array>

namespace vitrine::checks {
namespace {

constexpr std::u32string_view kNumerals = U"零一二三四五六七八九十百千万亿两";
constexpr std::u32string_view kLargeNumerals = U"十百千万亿";
constexpr std::u32string_view kShare = U"分之";

bool is_digit(char32_t c) { return c >= U'0' && c <= U'9'; }
bool is_letter(char32_t c) { return c >= U'a' && c <= U'z'; }
bool is_numeral(char32_t c) { return kNumerals.find(c) != kNumerals.npos; }

template <typename Test>
size_t run_end(std::u32string_view text, size_t begin, Test test) {
  size_t end = begin;
  while (end < text.size() && test(text, end)) ++end;
  return end;
}

/// Letters and digits, % and ℃ behind them, a point between digits.
bool in_latin_run(std::u32string_view text, size_t at) {
  const char32_t c = text[at];
  if (is_digit(c) || is_letter(c)) return true;
  const bool after_digit = at > 0 && is_digit(text[at - 1]);
  if (c == U'%' || c == U'℃') return after_digit;
  return c == U'.' && after_digit && at + 1 < text.size() && is_digit(text[at + 1]);
}

}  // namespace

TokenRules TokenRules::load(const std::filesystem::path& dir) {
  TokenRules rules;
  rules.numbers_ = Lexicon::load_files(std::array{dir / "numbers.tsv"});
  rules.latin_ = Lexicon::load_files(std::array{dir / "latin_words.tsv"});
  return rules;
}

/// Behind the unit of measure at `begin`, or behind one of type `other_units`; begin when there is
/// none.
size_t TokenRules::unit_end(std::u32string_view folded, size_t begin,
                            std::string_view other_units) const {
  const auto rest = folded.substr(begin);
  const Term* unit = numbers_.longest_prefix(rest, "unit");
  const Term* other = other_units.empty() ? nullptr : numbers_.longest_prefix(rest, other_units);
  if (unit == nullptr || (other != nullptr && other->text.size() > unit->text.size())) unit = other;
  return unit == nullptr ? begin : begin + unit->text.size();
}

/// Chinese numerals at `begin`; returns where they end.
size_t TokenRules::add_numerals(std::u32string_view folded, size_t begin,
                                std::vector<Token>& tokens) const {
  const auto in_run = [](auto text, size_t i) { return is_numeral(text[i]); };
  const size_t end = run_end(folded, begin, in_run);
  if (numbers_.longest_prefix(folded.substr(begin), "number") != nullptr) return end;
  size_t with_unit = end;
  if (folded.substr(end).starts_with(kShare)) {
    const size_t share_end = run_end(folded, end + kShare.size(), in_run);
    if (share_end > end + kShare.size()) with_unit = share_end;
  } else {
    const auto run = folded.substr(begin, end - begin);
    const bool is_large = run.find_first_of(kLargeNumerals) != run.npos;
    with_unit = unit_end(folded, end, is_large ? "unit_large" : "");
  }
  if (with_unit == end) return end;
  tokens.push_back({begin, with_unit, std::u32string(folded.substr(begin, with_unit - begin)), true});
  return with_unit;
}

void TokenRules::add_latin_run(std::u32string_view folded, size_t begin, size_t end, std::vector<Token>& tokens) const {
  const bool has_digit = std::any_of(folded.begin() + static_cast<long>(begin), folded.begin() + static_cast<long>(end), is_digit);
  if (!has_digit) {
    const auto word = folded.substr(begin, end - begin);
    if (word.size() > 1 && latin_.exact(word) == nullptr) tokens.push_back({begin, end, std::u32string(word), false});
    return;
  }
  if (numbers_.longest_prefix(folded.substr(begin), "number") != nullptr) return;
  end = unit_end(folded, end, is_digit(folded[end - 1]) ? "unit_digits" : "");
  tokens.push_back({begin, end, std::u32string(folded.substr(begin, end - begin)), true});
}

std::vector<Token> TokenRules::find(std::u32string_view folded) const {
  std::vector<Token> tokens;
  for (size_t at = 0; at < folded.size();) {
    const char32_t c = folded[at];
    size_t end = at + 1;
    if (is_digit(c) || is_letter(c)) {
      end = run_end(folded, at, in_latin_run);
      add_latin_run(folded, at, end, tokens);
    } else if (is_numeral(c)) {
      end = add_numerals(folded, at, tokens);
    }
    at = end;
  }
  return tokens;
}

}  // namespace vitrine::checks
