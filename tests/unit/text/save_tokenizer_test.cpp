#include <gtest/gtest.h>

#include "text/tokenizer_spec.h"
#include "text/utf8.h"
#include "unit/text/tokenizer_dir.h"

namespace vitrine::text {
namespace {

/// The tokenizer of `dir` with two tokens more, saved and read again.
std::unique_ptr<Tokenizer> extended(const TokenizerDir& dir, const TokenizerDir& saved) {
  TokenizerSpec spec = read_tokenizer_spec(dir.path());
  add_token(spec, {.content = "<|group|>", .special = true});
  add_token(spec, {.content = "红裙"});
  save_tokenizer(saved.path(), spec);
  return load_tokenizer(saved.path());
}

TEST(SaveTokenizerTest, AVocabularyFileKeepsItsIdsAndNewTokensFollow) {
  TokenizerDir dir, saved;
  dir.put("vocab.txt", kSmallVocab).put("tokenizer_config.json", R"({"do_lower_case":false})");
  const auto tokenizer = extended(dir, saved);
  EXPECT_EQ(tokenizer->vocab_size(), 13);
  EXPECT_EQ(tokenizer->encode("裙<|group|>红裙 dresses A"), (std::vector<int32_t>{6, 11, 12, 7, 8, 1}));
  EXPECT_EQ(tokenizer->special().mask, 4);
  EXPECT_TRUE(std::filesystem::exists(saved.path() / "vocab.txt"));
}

TEST(SaveTokenizerTest, ATokenizerJsonStaysOneWithAllItsSettings) {
  TokenizerDir dir, saved;
  dir.put("tokenizer.json",
          R"({"added_tokens":[{"id":0,"content":"[UNK]","special":true,"normalized":false}],)"
          R"("normalizer":{"type":"BertNormalizer"},"pre_tokenizer":{"type":"BertPreTokenizer"},"decoder":{"type":"WordPiece","prefix":"@@"},)"
          R"("model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"@@","vocab":{"[UNK]":0,"a":1,"@@b":2}}})");
  dir.put("tokenizer_config.json", R"({"tokenizer_class":"PreTrainedTokenizerFast","model_max_length":64,"unk_token":"[UNK]"})");
  const auto tokenizer = extended(dir, saved);
  EXPECT_EQ(tokenizer->encode("ab红裙<|group|>x"), (std::vector<int32_t>{1, 2, 4, 3, 0}));
  EXPECT_NE(read_file(saved.path() / "tokenizer_config.json").find("\"model_max_length\": 64"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(saved.path() / "vocab.txt"));
}

TEST(SaveTokenizerTest, ClipIsWrittenAsSeparateFilesWithTheSameIds) {
  const TokenizerDir saved;
  auto spec = read_tokenizer_spec("data/vocab/clip");
  spec.model_max_length = 77;
  save_tokenizer(saved.path(), spec);
  EXPECT_EQ(read_tokenizer_spec(saved.path()).model_max_length, 77);
  const auto before = load_tokenizer("data/vocab/clip"), after = load_tokenizer(saved.path());
  EXPECT_EQ(after->sha256(), before->sha256());
  EXPECT_EQ(after->encode("a Red dress, 红裙<|endoftext|>"), before->encode("a Red dress, 红裙<|endoftext|>"));
}

std::string written(const Tokenizer& tokenizer, const std::vector<int32_t>& ids) {
  std::string text;
  for (const int32_t id : ids) tokenizer.append_text(text, id);
  return text;
}

TEST(AppendTextTest, WordPieceWritesChineseWithoutSpacesAndNoSpecialTokens) {
  TokenizerDir dir;
  dir.put("vocab.txt", concat(kSmallVocab, "[unused1]\n<S>\n##裙\n…\n"));
  const auto tokenizer = load_tokenizer(dir.path());
  EXPECT_EQ(written(*tokenizer, {2, 5, 6, 10, 13, 1, 11, 12, 5, 14, 3, 0, 4}), "红裙!裙红…");
  EXPECT_EQ(written(*tokenizer, {7, 8, 9, 5, 9}), "dresses a红a");
}

TEST(AppendTextTest, ByteBpeWritesTheBytesOfPartsOfACharacter) {
  const auto tokenizer = load_tokenizer("data/vocab/gpt2");
  const std::string text = "这款Dress，好看！ ok";
  auto ids = tokenizer->encode(text);
  EXPECT_GT(ids.size(), count_code_points(text));
  EXPECT_EQ(written(*tokenizer, ids), text);
  ids.push_back(*tokenizer->special().eos);
  EXPECT_EQ(written(*tokenizer, ids), text);
}

TEST(AppendTextTest, AnIdWithoutTokenIsRefused) {
  TokenizerDir dir;
  const auto tokenizer = load_tokenizer(dir.put("vocab.txt", kSmallVocab).path());
  std::string text;
  EXPECT_THROW(tokenizer->append_text(text, 11), InvalidInput);
  EXPECT_THROW(tokenizer->append_text(text, -1), InvalidInput);
}

}  // namespace
}  // namespace vitrine::text
