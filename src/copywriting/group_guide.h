// copywriting/group_guide.h - lets the model plan its next sentence: which of the points that are still open it will say.
//
// After <|group|> the model writes keys and values, then <|text|>: the same tokens that stand before a planned sentence, but its
// own choice. Only open points of the product can be chosen, each once.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "copywriting/prompt.h"
#include "generation/sequence_guide.h"

namespace vitrine::copywriting {

constexpr int kMostPointsOfSentence = 4;

/// The tokens of one point: <|key:K|> and its value or slot.
struct PointTokens {
  int32_t key = 0, value = 0;
};
PointTokens point_tokens(const PromptFormat& format, const PromptPoint& point, const Prompt& prompt);

/// Finished at <|text|>.
///   open          what may be chosen
///   may_be_empty  whether the sentence may say none of them
std::unique_ptr<generation::SequenceGuide> make_group_guide(const PromptFormat& format, std::vector<PointTokens> open, bool may_be_empty);

/// The places in `open` of the points that the tokens after <|group|> choose, in their order.
std::vector<size_t> chosen_points(std::span<const PointTokens> open, std::span<const int32_t> tokens);

}  // namespace vitrine::copywriting
