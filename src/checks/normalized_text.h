// checks/normalized_text.h - a text with its evasions undone, and the way back to the original.
//
// copy_checks section 5.1: NFKC, full and half width, traditional to simplified characters, lower
// case; zero-width characters removed; homophones and spelled-out sounds from a table (蕞佳,
// 最jia).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vitrine::checks {

/// A string whose every character knows the code points of the original that it came from.
struct MappedText {
  std::u32string text;
  std::vector<uint32_t> begins, ends;  // of each character in the original, half-open

  /// The span of the original for characters [begin, end) of `text`, end > begin.
  std::pair<size_t, size_t> original_span(size_t begin, size_t end) const {
    return {begins[begin], ends[end - 1]};
  }
};

struct NormalizedText {
  std::u32string original;
  /// original folded one character for one (width, case): what plain matching sees.
  std::u32string folded;
  /// NFKC, simplified, lower case, without zero-width characters.
  MappedText normal;
  /// normal without the spaces, emoji, separators and signs that may stand between the characters
  /// of a term, and with the spellings of rules/checks/evasions.tsv replaced.
  MappedText compact;
};

/// Any code points are taken, lone surrogates included. Linear in time and memory. NFKC is applied
/// to each character by itself, so what is composed of several code points stays as it is. Throws
/// what loading rules/checks/evasions.tsv and traditional.tsv throws, at first use.
NormalizedText normalize_for_checks(std::u32string_view text);

/// Whether a character of `normal` may stand between the characters of a term without parting them:
/// spaces, marks, dashes, quotes, brackets, signs, emoji. Ends of sentences and lines, commas,
/// colons and semicolons part: “简约至极，致敬经典” holds no 极致.
bool is_separator(char32_t c) noexcept;
/// `normal` without separators, those between two digits excepted (1.00% is not 100%), and without
/// replaced spellings. `kept`: signs that stay although they may separate.
MappedText without_separators(const MappedText& normal, std::u32string_view kept = {});

}  // namespace vitrine::checks
