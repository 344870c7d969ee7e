#include "models/textual_inversion.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/error.h"
#include "base/file.h"
#include "support/edited_weights.h"
#include "support/temporary_directory.h"

namespace vitrine::models {
namespace {

using test::EditedWeights;
using test::message_of;

class TextualInversionTest : public testing::Test {
 protected:
  test::TemporaryDirectory dir;
  const std::filesystem::path file = dir.path() / "shop-cat.safetensors";
  const TokenEmbedding one{.token = "<cat>", .n = 1, .C = 3, .values = {1, 2, 3}};
  const TokenEmbedding two{.token = "<hat>", .n = 2, .C = 3, .values = {1, 2, 3, 4, 5, 6}};
};

TEST_F(TextualInversionTest, TokensOfDiffusersComeBack) {
  save_token_embeddings(file, {one, two}, EmbeddingLayout::diffusers, {{"base_sha256", "x"}});
  const auto read = read_token_embeddings(file, 3);
  ASSERT_EQ(read.size(), 2u);
  for (const TokenEmbedding& embedding : read) {
    const TokenEmbedding& expected = embedding.token == "<cat>" ? one : two;
    EXPECT_EQ(embedding.token, expected.token);
    EXPECT_EQ(embedding.n, expected.n);
    EXPECT_EQ(embedding.values, expected.values);
  }
}

TEST_F(TextualInversionTest, AFileOfA1111IsNamedLikeItsToken) {
  save_token_embeddings(file, {two}, EmbeddingLayout::a1111);
  const auto read = read_token_embeddings(file, 3);
  ASSERT_EQ(read.size(), 1u);
  EXPECT_EQ(read[0].token, "shop-cat");
  EXPECT_EQ(read[0].n, 2);
  EXPECT_EQ(read[0].values, two.values);
  EXPECT_NE(io::SafetensorsFile(file).find("emb_params"), nullptr);
  EXPECT_THROW(save_token_embeddings(file, {one, two}, EmbeddingLayout::a1111), InvalidInput);
}

TEST_F(TextualInversionTest, WhatDoesNotFitIsListedAtOnce) {
  EditedWeights weights;
  weights.set("<a>", {2}, {1, 2});
  weights.set("<b>", {1, 1, 3}, {1, 2, 3});
  weights.set("clip_g", {1, 3}, {1, 2, 3});
  weights.write(file);
  const std::string message = message_of<InvalidInput>([&] { read_token_embeddings(file, 3); });
  for (const char* part : {"<a>: expected [3] or [n, 3], file has [2]", "<b>: expected", "clip_g is of Stable Diffusion XL"}) {
    EXPECT_NE(message.find(part), std::string::npos) << message;
  }
}

TEST_F(TextualInversionTest, PicklesNansAndEmptyFilesAreRefused) {
  const auto pickle = dir.path() / "learned_embeds.bin";
  write_file_atomic(pickle, "PK");
  EXPECT_NE(message_of<InvalidInput>([&] { read_token_embeddings(pickle, 3); }).find("WGT_PICKLE"), std::string::npos);
  EditedWeights weights;
  weights.write(file);
  EXPECT_NE(message_of<InvalidInput>([&] { read_token_embeddings(file, 3); }).find("no embedding of a token"), std::string::npos);
  weights.set("<a>", {1}, {std::numeric_limits<float>::infinity()});
  weights.write(file);
  EXPECT_NE(message_of<Corrupt>([&] { read_token_embeddings(file, 1); }).find("WGT_NONFINITE"), std::string::npos);
}

}  // namespace
}  // namespace vitrine::models
