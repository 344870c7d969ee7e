// copywriting/ranker_input.h - a text and the product it is about, as the ranking model reads them.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include "copywriting/prompt.h"
#include "data/product.h"
#include "data/statistics.h"

namespace vitrine::copywriting {

constexpr std::string_view kRankerInput = "marked-2";  // a ranking model's prompt_format in vitrine.json

/// The header of the product's prompt, the text with its sentences parted as the copy model parts them, then the points of
/// the open plan, those that the fewest products of `statistics` carry first, ties in code-point order as of the distinctive value
/// (empty statistics: in the order of the source), each followed by where the text says it, then how much of the text repeats
/// itself:
///
///   header ( <|group|> <|text|> sentence )*  <|group|> (<|key:K|> value mark)* <|key|> <|len:r|> <|text|>
///
/// mark: <|len:i|>, the value (as written or canonical, folded, white space aside) first stands at code point i·kLengthStep or
/// later; <|endoftext|>, it is not said literally. r: places whose 4-gram, without punctuation, stood before, at most 15.
/// So a small model need not learn to compare strings; what to make of the marks is left to it. The points stand behind the
/// text, where a causal model has read it. The score is read at the last token, which no text can change.
/// Values outside the vocabulary are slots on both sides. Throws InvalidInput when the product has more slot values
/// than there are slots.
std::vector<int32_t> ranker_input(const PromptFormat& format, const data::AttributeStatistics& statistics, const data::Product& product, std::string_view text);

/// statistics.tsv of a model directory, or empty statistics where it has none. Throws Corrupt.
data::AttributeStatistics ranker_statistics(const std::filesystem::path& directory);

}  // namespace vitrine::copywriting
