#include "checks/normalized_text.h"

#include <utf8proc.h>

#include <algorithm>

#include "base/error.h"
#include "base/resource.h"
#include "checks/lexicon.h"
#include "checks/term_search.h"
#include "checks/tsv_rules.h"
#include "text/utf8.h"

namespace vitrine::checks {
namespace {

namespace fs = std::filesystem;

/// One code point of a rule file's cell.
char32_t single(const fs::path& file, const RuleRow& row, std::string_view column) {
  const std::u32string cell = text::to_utf32(row.at(column));
  VITRINE_REQUIRE(cell.size() == 1, "[normalize_for_checks] ", file.string(), " line ", row.line,
                  ", field ", column, ": expected one character, got '", row.at(column), "'");
  return cell[0];
}

/// What traditional.tsv says of the basic plane; it lists no character beyond.
std::vector<char16_t> read_traditional(const fs::path& file) {
  std::vector<char16_t> simplified(0x10000);
  for (size_t c = 0; c < simplified.size(); ++c) simplified[c] = static_cast<char16_t>(c);
  for (const RuleRow& row : read_rule_file(file).rows) {
    const char32_t from = single(file, row, "traditional"), to = single(file, row, "simplified");
    VITRINE_REQUIRE(from < 0x10000 && to < 0x10000, "[normalize_for_checks] ", file.string(),
                    " line ", row.line, ": expected characters of the basic plane, got '",
                    row.at("traditional"), "'");
    simplified[from] = static_cast<char16_t>(to);
  }
  return simplified;
}

struct Spellings {
  AhoCorasick automaton;
  std::vector<std::u32string> spellings, replacements;
};

MappedText normal_of(std::u32string_view text, const std::vector<char16_t>& simplified);

Spellings read_evasions(const fs::path& file, const std::vector<char16_t>& simplified) {
  Spellings result;
  for (const RuleRow& row : read_rule_file(file).rows) {
    const auto spellings =
        expand_rewrite(folded_term(row.at("spelling")), folded_term(row.at("term")));
    for (const auto& [spelling, term] : spellings) {
      std::u32string from = without_separators(normal_of(spelling, simplified)).text;
      VITRINE_REQUIRE(!from.empty() && !term.empty(), "[normalize_for_checks] ", file.string(),
                      " line ", row.line, ": expected a spelling and its term, got '",
                      row.at("spelling"), "'");
      result.automaton.add(from, static_cast<uint32_t>(result.spellings.size()));
      result.spellings.push_back(std::move(from));
      result.replacements.push_back(term);
    }
  }
  result.automaton.build();
  return result;
}

struct Tables {
  std::vector<char16_t> simplified;
  Spellings evasions;
};

const Tables& tables() {
  static const Tables result = [] {
    Tables loaded;
    loaded.simplified = read_traditional(resource_path("rules/checks/traditional.tsv"));
    loaded.evasions = read_evasions(resource_path("rules/checks/evasions.tsv"), loaded.simplified);
    return loaded;
  }();
  return result;
}

bool is_invisible(char32_t c) noexcept {
  return c == 0x00AD || c == 0x180E || (c >= 0x200B && c <= 0x200F) ||
         (c >= 0x202A && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) ||
         (c >= 0xFE00 && c <= 0xFE0F) || c == 0xFEFF || (c >= 0xE0000 && c <= 0xE0FFF);
}

/// Characters that NFKC and lower case leave alone; the quick way for Chinese text.
bool is_stable(char32_t c) noexcept {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c < 0x80 && (c < U'A' || c > U'Z')) ||
         (c >= 0x3001 && c <= 0x3020);
}

/// NFKC of one code point, appended; what is no character stays as it is.
void append_nfkc(char32_t c, std::u32string& out) {
  utf8proc_int32_t pieces[32];
  int last_boundary = 0;
  const auto options =
      static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT);
  const auto count = c > 0x10FFFF
                         ? 0
                         : utf8proc_decompose_char(static_cast<utf8proc_int32_t>(c), pieces,
                                                   std::size(pieces), options, &last_boundary);
  if (count < 1 || count > static_cast<utf8proc_ssize_t>(std::size(pieces)) ||
      (count == 1 && pieces[0] == static_cast<utf8proc_int32_t>(c))) {
    out.push_back(c);
    return;
  }
  const auto composed = utf8proc_normalize_utf32(
      pieces, count, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  for (utf8proc_ssize_t i = 0; i < composed; ++i) out.push_back(static_cast<char32_t>(pieces[i]));
}

char32_t lower(char32_t c) noexcept {
  return c > 0x10FFFF ? c
                      : static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c)));
}

void append(MappedText& out, char32_t c, uint32_t begin, uint32_t end) {
  out.text.push_back(c);
  out.begins.push_back(begin);
  out.ends.push_back(end);
}

void reserve(MappedText& out, size_t size) {
  out.text.reserve(size);
  out.begins.reserve(size);
  out.ends.reserve(size);
}

MappedText normal_of(std::u32string_view text, const std::vector<char16_t>& simplified) {
  MappedText result;
  reserve(result, text.size());
  std::u32string pieces;
  for (uint32_t at = 0; at < text.size(); ++at) {
    const char32_t c = text[at];
    if (is_stable(c)) {
      append(result, simplified[c], at, at + 1);
      continue;
    }
    if (is_invisible(c)) continue;
    pieces.clear();
    append_nfkc(c, pieces);
    for (const char32_t piece : pieces) {
      const char32_t small = lower(piece);
      append(result, small < 0x10000 ? simplified[small] : small, at, at + 1);
    }
  }
  return result;
}

bool is_digit(char32_t c) noexcept { return c >= U'0' && c <= U'9'; }

/// `text` with every spelling of the table replaced: leftmost, then longest. A replaced character
/// stands for the whole spelling.
MappedText replace_spellings(MappedText text, const Spellings& spellings) {
  const auto matches = leftmost_longest(spellings.automaton.scan(text.text), text);
  if (matches.empty()) return text;
  MappedText result;
  reserve(result, text.text.size());
  size_t at = 0;
  const auto copy_to = [&](size_t end) {
    for (; at < end; ++at) append(result, text.text[at], text.begins[at], text.ends[at]);
  };
  for (const auto& match : matches) {
    copy_to(match.begin);
    const auto [begin, end] = text.original_span(match.begin, match.end);
    for (const char32_t c : spellings.replacements[match.id]) {
      append(result, c, static_cast<uint32_t>(begin), static_cast<uint32_t>(end));
    }
    at = match.end;
  }
  copy_to(text.text.size());
  return result;
}

}  // namespace

bool is_separator(char32_t c) noexcept {
  constexpr std::u32string_view kParting = U"\n\r,:;!?%、。，！？；：";
  if (text::is_cjk_ideograph(c) || (c < 0x80 && (is_digit(c) || (c >= U'a' && c <= U'z'))))
    return false;
  if (c == U'.' || c == U'\t') return true;
  if (kParting.find(c) != kParting.npos || c > 0x10FFFF) return false;
  // Control characters, the Hangul filler (invisible), and の as shops write it for 的.
  if (c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x3164 || c == U'の') return true;
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(c))) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_PC:
    case UTF8PROC_CATEGORY_PD:
    case UTF8PROC_CATEGORY_PS:
    case UTF8PROC_CATEGORY_PE:
    case UTF8PROC_CATEGORY_PI:
    case UTF8PROC_CATEGORY_PF:
    case UTF8PROC_CATEGORY_PO:
    case UTF8PROC_CATEGORY_SM:
    case UTF8PROC_CATEGORY_SK:
    case UTF8PROC_CATEGORY_SO:
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_CF:
      return true;
    default:
      return false;
  }
}

MappedText without_separators(const MappedText& normal, std::u32string_view kept) {
  MappedText result;
  reserve(result, normal.text.size());
  const size_t size = normal.text.size();
  for (size_t at = 0; at < size;) {
    size_t next = at;
    while (next < size && is_separator(normal.text[next]) &&
           kept.find(normal.text[next]) == kept.npos) {
      ++next;
    }
    const bool parts_digits = next > at && at > 0 && next < size && is_digit(normal.text[at - 1]) &&
                              is_digit(normal.text[next]);
    if (next == at || parts_digits) {
      append(result, normal.text[at], normal.begins[at], normal.ends[at]);
    }
    at = std::max(next, at + 1);
  }
  return result;
}

NormalizedText normalize_for_checks(std::u32string_view text) {
  VITRINE_REQUIRE(text.size() < UINT32_MAX, "[normalize_for_checks] expected fewer than 2^32 ",
                  "code points, got ", text.size());
  NormalizedText result;
  result.original = text;
  result.folded = fold(text);
  result.normal = normal_of(text, tables().simplified);
  result.compact = replace_spellings(without_separators(result.normal), tables().evasions);
  return result;
}

}  // namespace vitrine::checks
