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
///   length  code points that the prompt asks for
PromptPlan open_plan_of(const PromptFormat& format, const data::Product& product, int length = 110);

/// The header of the product's prompt, the text with its sentences parted as the copy model parts them, then the points of
/// the open plan. They stand behind the text and nowhere else: there each of them sees whether, where and how it was said,
/// which a causal model cannot know before, and a value that stood before too would always be found. The score is read at the
/// last token, which no text can change.
/// Values outside the vocabulary are slots on both sides. Throws InvalidInput when the product has more slot values
/// than there are slots.
std::vector<int32_t> ranker_input(const PromptFormat& format, const data::Product& product, std::string_view text);

}  // namespace vitrine::copywriting
