// checks/clause_repair.h - takes clauses out of a copy so that what stays still reads as one.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vitrine::checks {

struct ClauseRepairConfig {
  int min_sentence = 10;  // code points of a sentence that lost clauses; a shorter one goes whole
};

/// A half-open range of code points that must go.
using Span = std::pair<size_t, size_t>;

/// The words of rules/curate/repair.tsv by role. Immutable, any thread.
struct RepairWords {
  std::vector<std::u32string> dependent_start, forward_opener, open_end, bad_text_start, anaphora, predicate, opening_verb, topic;
  static const RepairWords& shipped();
};

/// Drops the clauses (split at ，；。！？) that touch a span, then what leans on them: a clause that starts with 使得, 从而, …
/// after a dropped one, a clause with 不仅, 虽然, … before a dropped one, a clause without a subject of its own where the beginning
/// of the sentence is gone, a rest that cannot stand alone, a sentence that starts with 其, 因此, … after a dropped one.
/// Every sentence that lost its end gets 。 Returns nothing when no sentence is left.
std::optional<std::u32string> drop_clauses(std::u32string_view text, const std::vector<Span>& spans, const ClauseRepairConfig& config = {});

/// Whether a text may start like this.
bool starts_well(std::u32string_view text);

/// Half-width , ; ! ? : ( ) between non-Latin characters become full width, ~ a full stop; spaces beside Chinese characters and
/// doubled marks go; a text without an end gets 。
std::u32string normalize_punctuation(std::u32string_view text);

}  // namespace vitrine::checks
