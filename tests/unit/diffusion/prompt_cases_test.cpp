// The rows of tests/cases/prompts.txt and prompt_chunks.txt.
#include <gtest/gtest.h>

#include <charconv>

#include "base/error.h"
#include "base/json.h"
#include "diffusion/prompt_chunks.h"
#include "diffusion/prompt_weights.h"
#include "unit/diffusion/case_rows.h"

namespace vitrine::diffusion {
namespace {

std::unique_ptr<text::Tokenizer> tokenizer_of(const std::string& name) {
  return text::load_tokenizer(VITRINE_SOURCE_DIR "/data/vocab/" + name);
}

TEST(PromptCasesTest, PartsAndWeightsAreThoseOfTheRow) {
  const auto rows = case_rows("prompts.txt");
  ASSERT_GT(rows.size(), 30u);
  for (const auto& row : rows) {
    const std::vector<PromptPart> parts = parse_prompt(row.at(0));
    const Json expected = parse_json(row.at(1), row[0]);
    ASSERT_EQ(parts.size(), expected.size()) << row[0];
    for (size_t i = 0; i < parts.size(); ++i) {
      EXPECT_EQ(parts[i].text, expected[i][0].get<std::string>()) << row[0];
      EXPECT_NEAR(parts[i].weight, expected[i][1].get<double>(), 1e-12) << row[0];
      EXPECT_EQ(parts[i].begins_chunk, expected[i].size() == 3) << row[0];
    }
  }
}

/// "<|startoftext|> red</w>:1.5 <|endoftext|>", without padding.
std::string text_of(const PromptChunk& chunk, const text::Tokenizer& tokenizer, int32_t end) {
  std::string text;
  for (size_t i = 0; i < chunk.ids.size(); ++i) {
    text += (i > 0 ? " " : "") + tokenizer.id_to_token(chunk.ids[i]);
    if (chunk.weights[i] != 1) {
      char digits[32];
      text += ":" + std::string(digits, std::to_chars(digits, digits + 32, chunk.weights[i]).ptr);
    }
    if (chunk.ids[i] == end) break;
  }
  return text;
}

TEST(PromptCasesTest, ChunksAreThoseOfTheRow) {
  const auto clip = tokenizer_of("clip"), bert = tokenizer_of("bert-chinese");
  const auto rows = case_rows("prompt_chunks.txt");
  ASSERT_GT(rows.size(), 10u);
  for (const auto& row : rows) {
    const text::Tokenizer& tokenizer = row.at(0) == "clip" ? *clip : *bert;
    const ChunkConfig config = chunk_config(tokenizer, std::stoll(row.at(1)));
    std::string text;
    for (const PromptChunk& chunk : chunk_prompt(row.at(2), tokenizer, config)) {
      EXPECT_EQ(chunk.ids.size(), static_cast<size_t>(config.max_length));
      text += (text.empty() ? "" : " / ") + text_of(chunk, tokenizer, config.end);
    }
    EXPECT_EQ(text, row.at(3)) << row[2];
  }
}

TEST(PromptCasesTest, AnEscapedTextIsOnePartOfWeightOne) {
  const std::string text = "棉(100%) [new] a\\b :1.2)";
  EXPECT_EQ(parse_prompt(escape_prompt(text)), (std::vector<PromptPart>{{text, 1, false}}));
}

TEST(PromptChunksTest, PaddingStandsBehindTheEnd) {
  const auto bert = tokenizer_of("bert-chinese");
  const ChunkConfig config = chunk_config(*bert, 6);
  const PromptChunk chunk = chunk_prompt("红裙", *bert, config).front();
  EXPECT_EQ(chunk.ids[3], config.end);
  EXPECT_EQ(chunk.ids[4], bert->token_to_id("[PAD]"));
  EXPECT_EQ(chunk.ids[5], bert->token_to_id("[PAD]"));
}

TEST(PromptChunksTest, AnotherPromptIsPaddedWithEmptyChunks) {
  const auto clip = tokenizer_of("clip");
  const ChunkConfig config = chunk_config(*clip, 5);
  std::vector<PromptChunk> chunks = chunk_prompt("blurred", *clip, config);
  pad_chunks(chunks, 3, config);
  ASSERT_EQ(chunks.size(), 3u);
  EXPECT_EQ(chunks[2], chunk_prompt("", *clip, config).front());
  pad_chunks(chunks, 1, config);
  EXPECT_EQ(chunks.size(), 3u);
}

TEST(PromptChunksTest, WhatCannotBeReadIsRefused) {
  const auto clip = tokenizer_of("clip");
  EXPECT_THROW(chunk_config(*clip, 2), InvalidInput);
  EXPECT_THROW(parse_prompt("\xff"), InvalidInput);
}

}  // namespace
}  // namespace vitrine::diffusion
