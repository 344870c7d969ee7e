// train/caption_ids.h - a caption as the row of tokens that a text encoder is trained on.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "text/tokenizer.h"

namespace vitrine::train {

/// start, the caption, end, padding: `length` >= 3 ids; a caption that is longer loses its end. Unlike a prompt it has no weights
/// and no second chunk. Throws InvalidInput for a tokenizer without start or end and for invalid UTF-8.
std::vector<int32_t> caption_ids(const text::Tokenizer& tokenizer, std::string_view caption, int64_t length);

}  // namespace vitrine::train
