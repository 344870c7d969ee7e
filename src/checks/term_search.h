// checks/term_search.h - terms of a rule file in a normalised text, and the way they are written
// there.
//
// A pattern may hold groups: 最佳{食用|饮用}{期|时间} stands for four terms. A term that begins or
// ends with a Latin letter or a digit does not match inside a longer word or number.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "checks/aho_corasick.h"
#include "checks/normalized_text.h"
#include "checks/rule_hit.h"

namespace vitrine::checks {

/// All strings a pattern stands for, in order. Throws InvalidInput for a brace without its pair, a
/// group in a group, or more than 4096 strings.
std::vector<std::u32string> expand_pattern(std::u32string_view pattern);
/// As expand_pattern, with what {} in `rewrite` becomes: the choice of the pattern's group of the
/// same place. (最{好|美}, 很{}) gives (最好, 很好), (最美, 很美).
std::vector<std::pair<std::u32string, std::u32string>> expand_rewrite(std::u32string_view pattern,
                                                                      std::u32string_view rewrite);

/// Of `matches` those that keep to the word edges of `text`, leftmost first, then longest, without
/// overlaps.
std::vector<AhoCorasick::Match> leftmost_longest(std::vector<AhoCorasick::Match> matches,
                                                 const MappedText& text);

struct FoundTerm {
  size_t begin, end;  // code points of the original, half-open
  uint32_t id;        // of TermSearch::add
  bool evasion;       // not in `folded`, only behind separators, spellings or character forms
  size_t length;      // characters of the term; terms inside one replaced spelling share its span
};

/// Call order: (add)* build (candidates)*. After build immutable and safe for any number of
/// threads.
class TermSearch {
 public:
  /// `term` folded, not empty. The id of a term is that of its first add.
  uint32_t add(std::u32string_view term);
  void build();

  /// All places, overlapping ones too, in order of begin, then longer first, then plain before
  /// evaded; of evaded terms with one span the longest.
  std::vector<FoundTerm> candidates(const NormalizedText& text) const;
  /// The same for a text that needs no normalisation (folded).
  std::vector<FoundTerm> plain(std::u32string_view folded) const;
  const std::u32string& term(uint32_t id) const { return terms_[id]; }
  size_t size() const { return terms_.size(); }

 private:
  void find_plain(std::u32string_view folded, std::vector<FoundTerm>& found) const;

  std::vector<std::u32string> terms_;
  std::map<std::u32string, uint32_t, std::less<>> ids_, compact_ids_;
  AhoCorasick plain_, compact_;
};

/// The term as the file writes it, ready for TermSearch::add.
std::u32string folded_term(std::string_view utf8);
/// The same for a product's words; empty when they are not UTF-8.
std::u32string folded_or_empty(std::string_view utf8);

/// Orders places as TermSearch::candidates does and drops those that say the same.
void sort_by_place(std::vector<FoundTerm>& found);

/// The original text of [begin, end) as UTF-8; what is no code point becomes U+FFFD.
std::string text_between(const NormalizedText& text, size_t begin, size_t end);
/// Whether the rule is in force on the context's day; on an unknown day every rule is.
bool is_in_force(const Rule& rule, const CheckContext& context);

/// [begin, end) of the part of `text` around a span that no character of `ends` parts; looks at
/// most 200 characters to either side.
std::pair<size_t, size_t> part_around(std::u32string_view text, size_t begin, size_t end,
                                      std::u32string_view ends);
inline constexpr std::u32string_view kClauseEnds = U"，。！？；：、,!?;\n";
inline constexpr std::u32string_view kSentenceEnds = U"。！？!?\n";

}  // namespace vitrine::checks
