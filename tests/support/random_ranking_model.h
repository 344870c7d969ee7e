// support/random_ranking_model.h - a ranking model directory of ours with random weights and a small vocabulary.
#pragma once
#include <filesystem>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "copywriting/ranker_input.h"
#include "data/advertisegen.h"
#include "data/statistics.h"
#include "support/random_gpt2.h"
#include "text/bpe_trainer.h"
#include "text/tokenizer.h"
#include "text/tokenizer_spec.h"

namespace vitrine::test {

/// Tokenizer, weights and vitrine.json as `train ranker` leaves them. The same seed gives the same bytes.
inline void write_random_ranking_model(const std::filesystem::path& dir, uint64_t seed = 1, int64_t n_positions = 256) {
  text::BpeTrainerConfig config;
  config.vocab_size = 400;
  config.min_frequency = 1;
  for (const auto& token : copywriting::control_tokens({"材质", "裙领型", "裙长", "风格"})) config.added_tokens.push_back({.content = token, .special = true});
  for (const char* value : {"蕾丝", "连衣裙", "简约"}) config.added_tokens.push_back({.content = value});
  text::SpecialTokens special;
  special.eos = copywriting::kEndToken;
  const std::vector<std::string> texts = {"这款连衣裙采用蕾丝面料，优雅大方。", "宽松的版型，穿着舒适。"};
  text::save_bpe_tokenizer(dir, text::train_bpe(texts, config), config.added_tokens, special);
  const auto tokenizer = text::load_tokenizer(dir);
  write_random_gpt2(dir, {.vocab_size = tokenizer->vocab_size(), .n_positions = n_positions, .n_embd = 16, .n_layer = 2, .n_head = 2}, 0.5f, seed,
                    {{"score.weight", {1, 16}}});
  data::AttributeStatistics statistics;
  statistics.add(data::product_from_content("类型#裙*风格#简约"));
  statistics.save(dir / "statistics.tsv");
  const Json manifest = {{"kind", "ranker"}, {"prompt_format", copywriting::kRankerInput}, {"tokenizer_sha256", tokenizer->sha256()}};
  write_file_atomic(dir / "vitrine.json", dump_pretty(manifest));
}

}  // namespace vitrine::test
