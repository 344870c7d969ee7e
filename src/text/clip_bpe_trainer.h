// text/clip_bpe_trainer.h - vocabularies for CLIP's text side: learnt from captions, or an existing one extended.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "text/merge_learner.h"
#include "text/tokenizer_spec.h"

namespace vitrine::text {

struct ClipBpeConfig {
  int vocab_size = 8000;  // 256 bytes inside and 256 at the end of a word, merges, start and end; fewer when the merges run out
  MergeLimits limits = {};
  int64_t model_max_length = 77;  // of a text with start and end, for tokenizer_config.json
};

/// A tokenizer as CLIP's: bytes, bytes with "</w>", one token for each merge, <|startoftext|>, <|endoftext|>.
/// Merges are learnt on CLIP's words of the captions (valid UTF-8); make_tokenizer and save_tokenizer take the result.
/// Throws InvalidInput for a config out of range and for invalid UTF-8.
TokenizerSpec train_clip_bpe(std::span<const std::string> captions, const ClipBpeConfig& config);

struct ExtendedTokenizer {
  TokenizerSpec spec;
  /// Of each new token, in the order of their ids: the old ids that it stands for.
  std::vector<std::vector<int32_t>> pieces;
};

/// `base` with up to `new_tokens` tokens behind its vocabulary: old ids and merges stay as they are, new merges rank
/// behind them and are learnt on the captions as `base` encodes them. A text in which no new pair stands has its old ids.
/// Throws InvalidInput when `base` is not CLIP's kind or has added tokens behind its vocabulary, for new_tokens < 1 and
/// limits out of range, and for invalid UTF-8.
ExtendedTokenizer extend_clip_bpe(TokenizerSpec base, std::span<const std::string> captions, int new_tokens, const MergeLimits& limits = {});

}  // namespace vitrine::text
