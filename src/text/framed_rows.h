// text/framed_rows.h - texts as the rows of token ids that a text encoder takes: start, text, end, padding.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "text/tokenizer.h"

namespace vitrine::text {

/// B rows of T tokens.
struct TokenRows {
  int64_t num_rows = 0, length = 0;  // B, T
  std::vector<int64_t> input_ids;    // [B, T]
  std::vector<uint8_t> is_token;     // [B, T] 0 at padding
  int64_t num_cut = 0;               // texts that were longer and lost their end
};

/// [CLS] and [SEP], or where the tokenizer has none its bos and eos token, around each text; texts are cut to
/// max_tokens with these two and padded to the longest row, with the padding token or else the end token.
/// Throws InvalidInput for a tokenizer without start or end, for max_tokens < 3 and for invalid UTF-8.
TokenRows frame_rows(const Tokenizer& tokenizer, std::span<const std::string> texts, int64_t max_tokens);

}  // namespace vitrine::text
