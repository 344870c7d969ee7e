// A small trained vocabulary with control and value tokens, for tests.
#pragma once
#include <unistd.h>

#include <filesystem>
#include <memory>

#include "copywriting/prompt.h"
#include "text/bpe_trainer.h"
#include "text/tokenizer.h"

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

}  // namespace vitrine::copywriting
