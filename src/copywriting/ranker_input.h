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
/// text, its sentences parted as the copy model parts them; no end token: the score is read at the last sign.
/// Values outside the vocabulary are slots on both sides. Throws InvalidInput when the product has more slot values
/// than there are slots.
std::vector<int32_t> ranker_input(const PromptFormat& format, const data::Product& product, std::string_view text);

}  // namespace vitrine::copywriting
