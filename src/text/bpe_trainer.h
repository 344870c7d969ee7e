// text/bpe_trainer.h - learns a byte-level BPE vocabulary and saves it as transformers reads it.
#pragma once
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "text/added_tokens.h"
#include "text/bpe.h"

namespace vitrine::text {

struct BpeTrainerConfig {
  int vocab_size = 8000;          // bytes, merges and added tokens together; fewer when the merges run out
  int min_frequency = 2;          // a pair is merged when it stands in the texts this often
  int max_token_code_points = 0;  // longest token, in code points; 0 = no limit
  bool whole_characters = true;   // a token is a part of one code point or a row of whole ones
  std::vector<AddedToken> added_tokens = {};  // cut out of the texts before anything is counted
};

/// Tokens 0..255 are the byte symbols in the order of GPT-2, then one for each merge; two merges may give the same token.
/// Added tokens are not in it: they take the ids behind it.
struct BpeVocabulary {
  std::vector<std::string> tokens;  // as byte symbols, by id
  std::vector<Merge> merges;
};

/// Learns merges on the GPT-2 words of `texts` (valid UTF-8). The most frequent pair is merged first;
/// of equally frequent ones that with the smaller ids, so the result is the same everywhere.
/// Source: Sennrich et al. 2016. Throws InvalidInput for a config out of range and for invalid UTF-8.
BpeVocabulary train_bpe(std::span<const std::string> texts, const BpeTrainerConfig& config);

/// Contents of the tokens with a role; empty = none. Each must be among the added tokens.
struct SpecialTokens {
  std::string bos = {}, eos = {}, pad = {}, unk = {}, cls = {}, sep = {}, mask = {};
};

/// Writes vocab.json, merges.txt, added_tokens.json, special_tokens_map.json and tokenizer_config.json
/// into `dir` (made when needed). load_tokenizer and transformers.AutoTokenizer give the same ids for it:
/// an added token that is spelt like a token of the vocabulary keeps that id, the others follow it in order.
/// Throws InvalidInput when a special token is not among `added_tokens` or one is there twice.
void save_bpe_tokenizer(const std::filesystem::path& dir, const BpeVocabulary& vocabulary,
                        std::span<const AddedToken> added_tokens, const SpecialTokens& special);

}  // namespace vitrine::text
