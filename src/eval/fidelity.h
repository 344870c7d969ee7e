// eval/fidelity.h - what a text says of its product: coverage, the distinctive point, and words it should not hold.
//
// Texts are code points after NFC, white space removed. A number that a row does not have is NaN.
#pragma once
#include <optional>
#include <string_view>
#include <vector>

#include "eval/copy_set.h"

namespace vitrine::eval {

/// Whether the value stands in the text as it is.
bool realised(std::u32string_view value, std::u32string_view text);
/// The same, or the shop's own spelling of pair `pair_idx`, or a form of the synonym table.
bool realised_by_synonym(const CopyItem& item, size_t pair_idx, std::u32string_view text, const SynonymTable& synonyms);

/// Realised pairs / pairs, 0 … 1.
double coverage(const CopyItem& item, std::u32string_view text);
double coverage_by_synonym(const CopyItem& item, std::u32string_view text, const SynonymTable& synonyms);
/// Coverage over the pairs whose value has a train document frequency <= limit; NaN when the item has none.
double rare_coverage(const CopyItem& item, std::u32string_view text, const TrainTable& train, double limit);

/// Distinct values of the train table or the item found in the text that are the item's / all that are found.
/// A value that only stands inside an own value of the item (裙 in 连衣裙) is not counted. NaN when none is found.
double value_precision(const CopyItem& item, std::u32string_view text, const TrainTable& train);

/// Pair with the lowest (or highest) train document frequency of its value; ties by code-point order of the value.
size_t distinctive_pair(const CopyItem& item, const TrainTable& train);
size_t commonest_pair(const CopyItem& item, const TrainTable& train);

/// Where a value stands in a text.
struct Mention {
  bool found = false;
  double offset = 0;           // first index / length, 0 … 1; NaN when not found
  bool in_first_sentence = false;  // all of it before the first 。！？!?
};
Mention find_mention(std::u32string_view value, std::u32string_view text);

/// A functional word (透气, 保暖, …) in the text that is not in the item's evidence.
bool has_unsupported_function(const CopyItem& item, std::u32string_view text);
bool has_unsupported_material(const CopyItem& item, std::u32string_view text);
/// A word of the strict absolute list; harmless uses (第一眼, 第一次, …) do not count.
bool has_strict_absolute(std::u32string_view text);
/// 最 in any use but time and amount (最后, 最近, …).
bool has_superlative(std::u32string_view text);
bool has_perfect(std::u32string_view text);      // 完美
bool has_unknown_token(std::u32string_view text);  // <UNK>, any case
bool has_brand_token(std::u32string_view text);    // BRAND, any case

}  // namespace vitrine::eval
