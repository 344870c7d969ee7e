#include "checks/term_search.h"

#include <algorithm>
#include <tuple>

#include "base/error.h"
#include "checks/lexicon.h"
#include "text/utf8.h"

namespace vitrine::checks {
namespace {

constexpr size_t kMostExpansions = 4096;
constexpr size_t kReach = 200;  // how far part_around looks

/// A pattern as a row of groups; plain text is a group of one choice.
struct Group {
  std::vector<std::u32string> choices;
  bool in_braces = false;
};

std::vector<std::u32string> choices_of(std::u32string_view inside) {
  std::vector<std::u32string> choices;
  while (true) {
    const size_t bar = inside.find(U'|');
    choices.emplace_back(inside.substr(0, bar));
    if (bar == inside.npos) return choices;
    inside.remove_prefix(bar + 1);
  }
}

std::vector<Group> groups_of(std::u32string_view pattern) {
  std::vector<Group> groups;
  while (!pattern.empty()) {
    const size_t open = pattern.find_first_of(U"{}");
    if (open != 0) groups.push_back({.choices = {std::u32string(pattern.substr(0, open))}});
    if (open == pattern.npos) break;
    const size_t close = pattern.find_first_of(U"{}", open + 1);
    VITRINE_REQUIRE(pattern[open] == U'{' && close != pattern.npos && pattern[close] == U'}',
                    "[expand_pattern] expected {a|b} without groups inside, got '",
                    text::to_utf8(pattern), "'");
    groups.push_back({choices_of(pattern.substr(open + 1, close - open - 1)), true});
    pattern.remove_prefix(close + 1);
  }
  return groups;
}

/// Replaces the first {} of `rewrite`.
std::u32string filled(std::u32string rewrite, std::u32string_view choice) {
  const size_t at = rewrite.find(U"{}");
  return at == rewrite.npos ? rewrite : rewrite.replace(at, 2, choice);
}

bool is_letter(char32_t c) noexcept { return c >= U'a' && c <= U'z'; }
bool is_digit(char32_t c) noexcept { return c >= U'0' && c <= U'9'; }
bool continues(char32_t edge, char32_t beside) noexcept {
  return (is_letter(edge) && is_letter(beside)) || (is_digit(edge) && is_digit(beside));
}

/// Whether `at` is a point after which a decimal goes on: the dot of 1.5.
bool is_decimal_point(std::u32string_view text, size_t at) noexcept {
  return at > 0 && at + 1 < text.size() && text[at] == U'.' && is_digit(text[at - 1]) &&
         is_digit(text[at + 1]);
}

/// Whether characters at-1 and at of the text stand side by side in the original too.
bool adjoining(const MappedText* map, size_t at) noexcept {
  return map == nullptr || map->ends[at - 1] >= map->begins[at];
}

bool keeps_to_edges(std::u32string_view text, const MappedText* map,
                    const AhoCorasick::Match& match) {
  const size_t begin = match.begin, end = match.end;
  if (begin > 0 && adjoining(map, begin) &&
      (continues(text[begin], text[begin - 1]) ||
       (is_digit(text[begin]) && is_decimal_point(text, begin - 1)))) {
    return false;
  }
  return end >= text.size() || !adjoining(map, end) ||
         !(continues(text[end - 1], text[end]) ||
           (is_digit(text[end - 1]) && is_decimal_point(text, end)));
}

}  // namespace

std::vector<std::pair<std::u32string, std::u32string>> expand_rewrite(std::u32string_view pattern,
                                                                      std::u32string_view rewrite) {
  std::vector<std::pair<std::u32string, std::u32string>> results{{U"", std::u32string(rewrite)}};
  for (const Group& group : groups_of(pattern)) {
    std::vector<std::pair<std::u32string, std::u32string>> longer;
    for (const auto& [term, wording] : results) {
      for (const std::u32string& choice : group.choices) {
        longer.emplace_back(term + choice, group.in_braces ? filled(wording, choice) : wording);
      }
    }
    VITRINE_REQUIRE(longer.size() <= kMostExpansions, "[expand_pattern] expected at most ",
                    kMostExpansions, " strings, got more of '", text::to_utf8(pattern), "'");
    results = std::move(longer);
  }
  return results;
}

std::vector<std::u32string> expand_pattern(std::u32string_view pattern) {
  std::vector<std::u32string> results;
  for (auto& [term, wording] : expand_rewrite(pattern, {})) results.push_back(std::move(term));
  return results;
}

std::vector<AhoCorasick::Match> leftmost_longest(std::vector<AhoCorasick::Match> matches,
                                                 const MappedText& text) {
  std::erase_if(matches, [&](const auto& m) { return !keeps_to_edges(text.text, &text, m); });
  std::sort(matches.begin(), matches.end(), [](const auto& a, const auto& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end > b.end;
  });
  size_t end = 0;
  std::erase_if(matches, [&](const auto& match) {
    if (match.begin < end) return true;
    end = match.end;
    return false;
  });
  return matches;
}

std::u32string folded_term(std::string_view utf8) { return fold(text::to_utf32(utf8)); }

std::u32string folded_or_empty(std::string_view utf8) {
  return text::is_valid_utf8(utf8) ? folded_term(utf8) : std::u32string();
}

uint32_t TermSearch::add(std::u32string_view term) {
  const auto [place, is_new] =
      ids_.emplace(std::u32string(term), static_cast<uint32_t>(terms_.size()));
  if (!is_new) return place->second;
  const uint32_t id = place->second;
  terms_.emplace_back(term);
  plain_.add(term, id);
  const std::u32string compact = normalize_for_checks(term).compact.text;
  if (!compact.empty() && compact_ids_.emplace(compact, id).second) compact_.add(compact, id);
  return id;
}

void TermSearch::build() {
  plain_.build();
  compact_.build();
}

void TermSearch::find_plain(std::u32string_view folded, std::vector<FoundTerm>& found) const {
  for (const auto& match : plain_.scan(folded)) {
    if (!keeps_to_edges(folded, nullptr, match)) continue;
    found.push_back({match.begin, match.end, match.id, false, match.end - match.begin});
  }
}

std::vector<FoundTerm> TermSearch::plain(std::u32string_view folded) const {
  std::vector<FoundTerm> found;
  find_plain(folded, found);
  sort_by_place(found);
  return found;
}

std::vector<FoundTerm> TermSearch::candidates(const NormalizedText& text) const {
  std::vector<FoundTerm> found;
  find_plain(text.folded, found);
  if (text.compact.text != text.folded) {
    for (const auto& match : compact_.scan(text.compact.text)) {
      if (!keeps_to_edges(text.compact.text, &text.compact, match)) continue;
      const auto [begin, end] = text.compact.original_span(match.begin, match.end);
      found.push_back({begin, end, match.id, true, match.end - match.begin});
    }
  }
  sort_by_place(found);
  return found;
}

void sort_by_place(std::vector<FoundTerm>& found) {
  const auto key = [](const FoundTerm& f) {
    return std::tuple(f.begin, SIZE_MAX - f.end, f.evasion, SIZE_MAX - f.length, f.id);
  };
  std::sort(found.begin(), found.end(),
            [&](const auto& a, const auto& b) { return key(a) < key(b); });
  const auto same_place = [](const FoundTerm& a, const FoundTerm& b) {
    return a.begin == b.begin && a.end == b.end && (b.evasion || a.id == b.id);
  };
  found.erase(std::unique(found.begin(), found.end(), same_place), found.end());
}

std::string text_between(const NormalizedText& text, size_t begin, size_t end) {
  std::u32string piece = text.original.substr(begin, end - begin);
  for (char32_t& c : piece) {
    if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) c = 0xFFFD;
  }
  return text::to_utf8(piece);
}

bool is_in_force(const Rule& rule, const CheckContext& context) {
  return context.today.empty() || applies(rule, context.today);
}

std::pair<size_t, size_t> part_around(std::u32string_view text, size_t begin, size_t end,
                                      std::u32string_view ends) {
  const size_t first = begin > kReach ? begin - kReach : 0;
  const size_t last = std::min(text.size(), end + kReach);
  size_t from = begin;
  while (from > first && ends.find(text[from - 1]) == ends.npos) --from;
  size_t to = end;
  while (to < last && ends.find(text[to]) == ends.npos) ++to;
  return {from, to};
}

}  // namespace vitrine::checks
