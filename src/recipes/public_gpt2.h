// recipes/public_gpt2.h - a public GPT-2 directory as the start of a copy model: its tokenizer gets the
// tokens of the prompt and of values, its embedding a row for each.
#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "models/gpt2/config.h"
#include "models/new_tokens.h"
#include "text/tokenizer.h"
#include "text/tokenizer_spec.h"

namespace vitrine::recipes {

struct PublicGpt2 {
  std::filesystem::path directory;
  models::Gpt2Config config;  // without bos, eos and pad: the copy model's take their place
  text::TokenizerSpec spec;
  std::unique_ptr<text::Tokenizer> tokenizer;  // of spec, as it was read
};

/// Reads config.json and tokenizer (WordPiece or byte-level BPE) and checks the weights against them.
/// Throws NotFound, Corrupt or InvalidInput, one line that names the file: neither config.json nor
/// vitrine.json, another model type, TOK_MISMATCH of vocabulary and config, weights missing or misshapen.
PublicGpt2 open_public_gpt2(const std::filesystem::path& directory);

/// Adds control_tokens(keys), `values` and the signs that end or join sentences to base.spec, behind its
/// vocabulary in this order, and writes the tokenizer into `work`. A token that the vocabulary has keeps
/// its id; an eos token of the base stands for <|endoftext|>.
/// Returns the new tokens: a value or sign starts from the pieces it had, a control token from all rows.
models::NewTokens add_copy_tokens(PublicGpt2& base, const std::vector<std::string>& keys, const std::vector<std::string>& values,
                                  const std::filesystem::path& work);

}  // namespace vitrine::recipes
