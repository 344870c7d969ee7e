// copywriting/ranker_input.h - a text and the product it is about, as the ranking model reads them.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "copywriting/prompt.h"
#include "data/product.h"

namespace vitrine::copywriting {

/// All points of the product in the order of the source, in one group; each value once, the category aside, keys that
/// the model has not learned left out.
PromptPlan open_plan_of(const PromptFormat& format, const data::Product& product);

/// The product as an open plan states it (all points in the order of the source, before the first sentence), then the
/// text, its sentences parted as the copy model parts them, then the points once more: behind the text each of them
/// sees whether, where and how it was said, which a causal model cannot know before. The score is read at the last token,
/// which no text can change.
/// Values outside the vocabulary are slots on both sides. Throws InvalidInput when the product has more slot values
/// than there are slots.
std::vector<int32_t> ranker_input(const PromptFormat& format, const data::Product& product, std::string_view text);

}  // namespace vitrine::copywriting
