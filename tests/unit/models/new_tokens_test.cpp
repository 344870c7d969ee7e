#include "models/new_tokens.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "models/gpt2/module.h"
#include "models/gpt2/weights.h"
#include "support/random_gpt2.h"
#include "support/temporary_directory.h"

namespace vitrine::models {
namespace {

at::Tensor four_rows() {
  at::Tensor matrix = at::zeros({4, 2}, at::kFloat);
  matrix.narrow(0, 0, 2).copy_(at::tensor({1.0f, 2.0f, 3.0f, 6.0f}).view({2, 2}));
  return matrix;
}

TEST(NewTokensTest, ARowIsTheMeanOfItsPieces) {
  const at::Tensor matrix = four_rows();
  fill_new_rows(matrix, {.pieces = {{1}, {0, 1, 1}}});
  EXPECT_TRUE(at::allclose(matrix.narrow(0, 2, 2), at::tensor({3.0f, 6.0f, 7.0f / 3, 14.0f / 3}).view({2, 2})));
}

TEST(NewTokensTest, ATokenWithoutPiecesIsTheMeanOfAllRowsAndNoiseOfItsKey) {
  const NewTokens tokens{.pieces = {{}, {}}, .key = RandomKey(3)};
  const at::Tensor first = four_rows(), second = four_rows();
  fill_new_rows(first, tokens);
  fill_new_rows(second, tokens);
  EXPECT_TRUE(at::equal(first, second));
  EXPECT_FALSE(at::equal(first.select(0, 2), first.select(0, 3)));
  const at::Tensor noise = first.narrow(0, 2, 2) - at::tensor({2.0f, 4.0f});
  EXPECT_LT(noise.abs().max().item<float>(), 5 * kInitializerRange);
}

TEST(NewTokensTest, APieceBehindTheOldVocabularyIsRefused) {
  EXPECT_THROW(fill_new_rows(four_rows(), {.pieces = {{2}, {}}}), InvalidInput);
}

TEST(NewTokensTest, ALoadedModelKeepsItsRowsInBothMatrices) {
  const test::TemporaryDirectory dir;
  Gpt2Config config{.vocab_size = 20, .n_positions = 8, .n_embd = 16, .n_layer = 1, .n_head = 2};
  config.tie_word_embeddings = false;
  test::write_random_gpt2(dir.path(), config, 0.1f);
  config.vocab_size = 22;
  Gpt2 model = Gpt2::load(dir.path(), config, {.pieces = {{3, 5}, {}}}, at::kCPU);
  const auto old_weights = load_gpt2_weights(dir.path(), read_gpt2_config(dir.path()));
  for (const char* name : {"wte.weight", "lm_head.weight"}) {
    const at::Tensor matrix = model.parameters().value(name).detach();
    auto old = old_weights.float32(name);
    EXPECT_TRUE(at::equal(matrix.narrow(0, 0, 20), at::from_blob(old.data(), {20, 16}, at::kFloat))) << name;
    EXPECT_TRUE(at::allclose(matrix.select(0, 20), (matrix.select(0, 3) + matrix.select(0, 5)) / 2)) << name;
  }
}

}  // namespace
}  // namespace vitrine::models
