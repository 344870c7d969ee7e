#include "text/bpe_trainer.h"

#include <gtest/gtest.h>

#include <sstream>

#include "base/json.h"
#include "text/byte_level.h"
#include "text/tokenizer.h"
#include "text/utf8.h"
#include "unit/text/tokenizer_dir.h"

namespace vitrine::text {
namespace {

std::vector<std::string> dev_summaries() {
  std::vector<std::string> texts;
  std::istringstream lines(read_file("data/advertisegen/dev.jsonl"));
  for (std::string line; std::getline(lines, line);) texts.push_back(parse_json(line, "dev.jsonl")["summary"].get<std::string>());
  return texts;
}

TEST(BpeTrainerTest, MergesTheMostFrequentPairFirstAndTheSmallerIdsAmongEquals) {
  const std::vector<std::string> texts = {"abab", "abab", "cd", "cd"};
  const auto vocabulary = train_bpe(texts, {.vocab_size = 300, .min_frequency = 2});
  EXPECT_EQ(vocabulary.merges, (std::vector<Merge>{{"a", "b"}, {"c", "d"}, {"ab", "ab"}}));
  ASSERT_EQ(vocabulary.tokens.size(), 259u);
  EXPECT_EQ(vocabulary.tokens[258], "abab");
}

TEST(BpeTrainerTest, GivesTheMergesOfTheReferenceTrainer) {
  const auto vocabulary = train_bpe(dev_summaries(), {.vocab_size = 1500, .whole_characters = false});
  std::istringstream lines(read_file("tests/data/golden/bpe_trainer_merges.txt"));
  size_t rank = 0;
  for (std::string line; std::getline(lines, line); ++rank) {
    ASSERT_LT(rank, vocabulary.merges.size());
    ASSERT_EQ(vocabulary.merges[rank].first + " " + vocabulary.merges[rank].second, line) << "merge " << rank + 1;
  }
  EXPECT_EQ(rank, vocabulary.merges.size());
}

TEST(BpeTrainerTest, AddedTokensAreCutOutBeforeAnythingIsCounted) {
  const std::vector<std::string> texts = {"x连衣裙y", "x连衣裙y"};
  const auto vocabulary = train_bpe(texts, {.vocab_size = 300, .added_tokens = {{.content = "连衣裙"}}});
  EXPECT_TRUE(vocabulary.merges.empty());
}

TEST(BpeTrainerTest, TokensAreWholeCharactersOrPartsOfOneAndKeepTheLimit) {
  const auto vocabulary = train_bpe(dev_summaries(), {.vocab_size = 3000, .max_token_code_points = 2});
  for (const std::string& token : vocabulary.tokens) {
    std::string bytes;
    append_bytes_of_token(bytes, token);
    const size_t code_points = count_code_points(bytes);
    EXPECT_LE(code_points, 2u) << token;
    if (is_valid_utf8(bytes)) continue;
    EXPECT_LE(code_points, 1u) << token;
    const bool starts_inside = (static_cast<unsigned char>(bytes[0]) & 0xC0) == 0x80;
    EXPECT_EQ(starts_inside, code_points == 0) << token;
  }
}

TEST(BpeTrainerTest, StopsAtTheSizeAndAtTheFrequency) {
  const auto texts = dev_summaries();
  const std::vector<AddedToken> added = {{.content = "<pad>"}, {.content = "a"}};  // "a" is a byte symbol already
  EXPECT_EQ(train_bpe(texts, {.vocab_size = 500, .added_tokens = added}).tokens.size(), 499u);
  EXPECT_EQ(train_bpe(texts, {.vocab_size = 500, .min_frequency = 1 << 20}).tokens.size(), 256u);
}

TEST(BpeTrainerTest, ASavedVocabularyGivesTheTextsBack) {
  const auto texts = dev_summaries();
  const std::vector<AddedToken> added = {{.content = "<pad>", .special = true}, {.content = "</s>", .special = true}, {.content = "裙"}, {.content = "V"}};
  const auto vocabulary = train_bpe(texts, {.vocab_size = 1000, .added_tokens = added});
  const TokenizerDir dir;
  save_bpe_tokenizer(dir.path(), vocabulary, added, {.eos = "</s>", .pad = "<pad>"});
  const auto tokenizer = load_tokenizer(dir.path());
  EXPECT_EQ(tokenizer->vocab_size(), 1000);
  EXPECT_EQ(tokenizer->special().pad, tokenizer->token_to_id("<pad>"));
  EXPECT_FALSE(tokenizer->special().bos);
  EXPECT_EQ(tokenizer->token_to_id("V"), 'V' - '!');  // spelt like a byte symbol
  EXPECT_EQ(tokenizer->encode("</s>裙"), (std::vector<int32_t>{*tokenizer->special().eos, *tokenizer->token_to_id("裙")}));
  for (const std::string& text : texts) ASSERT_EQ(tokenizer->decode(tokenizer->encode(text)), text);
}

TEST(BpeTrainerTest, RefusesSettingsOutOfRange) {
  EXPECT_THROW(train_bpe({}, {.vocab_size = 255}), InvalidInput);
  EXPECT_THROW(train_bpe({}, {.vocab_size = 256, .added_tokens = {{.content = "<pad>"}}}), InvalidInput);
  EXPECT_THROW(train_bpe({}, {.min_frequency = 0}), InvalidInput);
  EXPECT_THROW(train_bpe(std::vector<std::string>{"a\xFF"}, {}), InvalidInput);
  const TokenizerDir dir;
  EXPECT_THROW(save_bpe_tokenizer(dir.path(), train_bpe({}, {}), {}, {.pad = "<pad>"}), InvalidInput);
}

}  // namespace
}  // namespace vitrine::text
