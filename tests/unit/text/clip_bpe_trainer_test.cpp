#include "text/clip_bpe_trainer.h"

#include <gtest/gtest.h>

#include "text/byte_level.h"
#include "text/tokenizer.h"
#include "text/utf8.h"
#include "unit/text/tokenizer_dir.h"

namespace vitrine::text {
namespace {

std::string bytes_of(std::string token) {
  if (token.ends_with("</w>")) token.resize(token.size() - 4);
  std::string bytes;
  append_bytes_of_token(bytes, token);
  return bytes;
}

TEST(ClipBpeTrainerTest, MergesKeepTheEndOfAWordApart) {
  const std::vector<std::string> captions = {"AB ab", "abc"};
  const auto spec = train_clip_bpe(captions, {.vocab_size = 516});
  EXPECT_EQ(spec.merges, (std::vector<Merge>{{"a", "b</w>"}}));  // "ab" inside "abc" stands once
  EXPECT_EQ(spec.vocabulary.find("ab</w>"), 512);
  EXPECT_EQ(spec.vocabulary.find("<|startoftext|>"), 513);
  EXPECT_EQ(spec.vocabulary.find("<|endoftext|>"), 514);
}

TEST(ClipBpeTrainerTest, TheSpecialTokensInACaptionAreNoWords) {
  const std::vector<std::string> captions = {"<|endoftext|><|endoftext|>", "x<|endoftext|>"};
  EXPECT_TRUE(train_clip_bpe(captions, {.vocab_size = 600}).merges.empty());
}

TEST(ClipBpeTrainerTest, ASavedVocabularyGivesCaptionsBackInFewTokens) {
  const std::vector<std::string> captions = {"红色连衣裙，收腰", "红色连衣裙", "a red dress", "the red dress"};
  auto spec = train_clip_bpe(captions, {.vocab_size = 700});
  const TokenizerDir dir;
  save_tokenizer(dir.path(), spec);
  const auto tokenizer = load_tokenizer(dir.path());
  EXPECT_EQ(tokenizer->encode("红色连衣裙").size(), 1u);
  EXPECT_EQ(tokenizer->decode(tokenizer->encode("红色连衣裙，收腰")), "红色连衣裙 ， 收腰");
  EXPECT_EQ(tokenizer->special().eos, tokenizer->vocab_size() - 1);
  EXPECT_EQ(tokenizer->special().bos, tokenizer->vocab_size() - 2);
  EXPECT_EQ(tokenizer->sha256(), make_tokenizer(std::move(spec))->sha256());
}

TEST(ClipBpeTrainerTest, AnExtensionKeepsOldIdsAndItsTokensAreTheTextOfTheirPieces) {
  const auto before = load_tokenizer("data/vocab/clip");
  const std::vector<std::string> captions = {"红色连衣裙 配蕾丝", "蓝色连衣裙 配蕾丝", "红色连衣裙"};
  auto [spec, pieces] = extend_clip_bpe(read_tokenizer_spec("data/vocab/clip"), captions, 40);
  const auto after = make_tokenizer(std::move(spec));
  ASSERT_EQ(after->vocab_size(), before->vocab_size() + static_cast<int32_t>(pieces.size()));
  EXPECT_GT(pieces.size(), 5u);
  EXPECT_LE(pieces.size(), 40u);
  EXPECT_EQ(after->encode("a photo of a lace dress"), before->encode("a photo of a lace dress"));
  EXPECT_EQ(after->special().eos, before->special().eos);
  EXPECT_EQ(after->encode("红色连衣裙").size(), 1u);
  for (size_t i = 0; i < pieces.size(); ++i) {
    const std::string token = bytes_of(after->id_to_token(before->vocab_size() + static_cast<int32_t>(i)));
    std::string joined;
    for (const int32_t id : pieces[i]) joined += bytes_of(before->id_to_token(id));
    EXPECT_EQ(joined, token);
    EXPECT_GE(pieces[i].size(), 2u);
  }
}

TEST(ClipBpeTrainerTest, AnExtendedVocabularyIsSavedAndExtendedAgain) {
  const std::vector<std::string> captions = {"红裙", "红裙"}, more = {"蓝裙", "蓝裙"};
  auto first = extend_clip_bpe(train_clip_bpe({}, {.vocab_size = 600}), captions, 50);
  const TokenizerDir dir;
  save_tokenizer(dir.path(), first.spec);
  const auto between = load_tokenizer(dir.path());
  const auto second = make_tokenizer(extend_clip_bpe(read_tokenizer_spec(dir.path()), more, 50).spec);
  EXPECT_GT(second->vocab_size(), between->vocab_size());
  EXPECT_EQ(second->encode("红裙"), between->encode("红裙"));
  EXPECT_EQ(second->encode("蓝裙").size(), 1u);
}

TEST(ClipBpeTrainerTest, WhatCannotBeDoneIsRefusedByName) {
  EXPECT_THROW(train_clip_bpe({}, {.vocab_size = 513}), InvalidInput);
  const std::vector<std::string> broken = {"\xFF"};
  EXPECT_THROW(train_clip_bpe(broken, {}), InvalidInput);
  EXPECT_THROW(train_clip_bpe({}, {.limits = {.min_frequency = 0}}), InvalidInput);
  EXPECT_THROW(extend_clip_bpe(read_tokenizer_spec("data/vocab/gpt2"), {}, 10), InvalidInput);
  auto spec = train_clip_bpe({}, {});
  add_token(spec, {.content = "<product>"});  // its id would be that of the first new token
  EXPECT_THROW(extend_clip_bpe(std::move(spec), {}, 10), InvalidInput);
}

}  // namespace
}  // namespace vitrine::text
