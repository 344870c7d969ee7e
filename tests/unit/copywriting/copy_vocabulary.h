// A small trained vocabulary with control and value tokens, for tests.
#pragma once
#include <unistd.h>

#include <filesystem>
#include <memory>

#include "base/error.h"
#include "base/file.h"
#include "copywriting/prompt.h"
#include "text/bpe_trainer.h"
#include "text/tokenizer.h"
#include "text/tokenizer_spec.h"

namespace vitrine::copywriting {

inline std::unique_ptr<text::Tokenizer> small_copy_tokenizer() {
  const std::vector<std::string> texts{"这款连衣裙采用蕾丝面料，优雅大方。", "v领设计，修饰颈部线条，显得优雅。", "宽松的版型，穿着舒适。"};
  text::BpeTrainerConfig config;
  config.vocab_size = 400;
  config.min_frequency = 1;
  for (const auto& token : control_tokens({"材质", "裙领型", "裙长", "品牌"})) config.added_tokens.push_back({.content = token, .special = true});
  for (const char* value : {"蕾丝", "连衣裙", "v领"}) config.added_tokens.push_back({.content = value});
  text::SpecialTokens special;
  special.eos = kEndToken;
  const auto directory = std::filesystem::temp_directory_path() / ("vitrine_copy_vocabulary_" + std::to_string(::getpid()));
  text::save_bpe_tokenizer(directory, text::train_bpe(texts, config), config.added_tokens, special);
  auto tokenizer = text::load_tokenizer(directory);
  std::filesystem::remove_all(directory);
  return tokenizer;
}

/// The same tokens behind a WordPiece vocabulary of single characters.
inline std::unique_ptr<text::Tokenizer> small_wordpiece_copy_tokenizer() {
  const auto directory = std::filesystem::temp_directory_path() / ("vitrine_copy_wordpiece_" + std::to_string(::getpid()));
  std::string vocab = "[PAD]\n[unused1]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";
  for (const char* token : {"这", "款", "采", "用", "面", "料", "优", "雅", "##雅", "，", "。", "a", "b"}) vocab += concat(token, "\n");
  write_file_atomic(directory / "vocab.txt", vocab);
  text::TokenizerSpec spec = text::read_tokenizer_spec(directory);
  std::filesystem::remove_all(directory);
  for (const auto& token : control_tokens({"材质", "裙长"})) text::add_token(spec, {.content = token, .special = true});
  for (const char* value : {"蕾丝", "连衣裙"}) text::add_token(spec, {.content = value});
  return text::make_tokenizer(std::move(spec));
}

}  // namespace vitrine::copywriting
