// diffusion/prompt_chunks.h - a prompt as rows of token ids that a text encoder takes.
//
// A text encoder reads max_length tokens, start and end among them (CLIP 77, Chinese-CLIP's BERT
// 52). A longer prompt becomes several chunks, as in AUTOMATIC1111's web UI, whose states are
// joined.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "text/tokenizer.h"

namespace vitrine::diffusion {

struct ChunkConfig {
  int64_t max_length = 77;     // ids of a chunk, start and end among them, >= 3
  int32_t start = 0, end = 0;  // BERT: [CLS] and [SEP]
  int32_t pad = 0;             // behind the end
};

/// With the special tokens of a tokenizer; without a padding token the end stands for it.
/// Throws InvalidInput for one that has no start or end, and for a max_length below 3.
ChunkConfig chunk_config(const text::Tokenizer& tokenizer, int64_t max_length);

struct PromptChunk {
  std::vector<int32_t> ids;    // [max_length]
  std::vector<float> weights;  // [max_length]; 1 for start, end and padding

  bool operator==(const PromptChunk&) const = default;
};

/// The chunks of a prompt with weights (diffusion/prompt_weights.h); at least one. A chunk that is
/// full ends behind its last comma when that is among its last 20 tokens.
/// Throws InvalidInput for invalid UTF-8.
std::vector<PromptChunk> chunk_prompt(std::string_view prompt, const text::Tokenizer& tokenizer,
                                      const ChunkConfig& config);

/// Appends empty chunks until there are `count`.
void pad_chunks(std::vector<PromptChunk>& chunks, size_t count, const ChunkConfig& config);

}  // namespace vitrine::diffusion
