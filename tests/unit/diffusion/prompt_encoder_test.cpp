#include "diffusion/prompt_encoder.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "unit/diffusion/fake_models.h"

namespace vitrine::diffusion {
namespace {

class PromptEncoderTest : public testing::Test {
 protected:
  FakeModels models;
  std::unique_ptr<text::Tokenizer> tokenizer =
      text::load_tokenizer(VITRINE_SOURCE_DIR "/data/vocab/clip");
  PromptEncoder encoder{models, *tokenizer, 8};
};

TEST(EmphasizedTest, WeightsScaleTokensAndTheMeanStays) {
  const at::Tensor states = at::tensor({1.0f, 2.0f, 3.0f, 6.0f}).view({2, 2});
  const at::Tensor found = emphasized(states, at::tensor({1.0f, 2.0f}));
  EXPECT_FLOAT_EQ(found.mean().item<float>(), 3);
  EXPECT_FLOAT_EQ((found[1][0] / found[0][0]).item<float>(), 6);  // 3 * 2 beside 1
  EXPECT_TRUE(at::equal(emphasized(states, at::ones({2})), states));
}

TEST_F(PromptEncoderTest, BothPromptsHaveAsManyChunks) {
  const PromptStates states = encoder.encode("a red silk dress on a white table", "blurred");
  EXPECT_EQ(states.prompt.sizes(), (std::vector<int64_t>{1, 16, 2}));
  EXPECT_EQ(states.negative.sizes(), states.prompt.sizes());
  // The second chunk of the negative prompt is an empty one: start, end, padding.
  const at::Tensor empty = encoder.encode("").prompt;
  EXPECT_TRUE(at::equal(states.negative.slice(1, 8), empty));
}

TEST_F(PromptEncoderTest, StatesAreComputedOncePerPrompt) {
  encoder.encode("red dress", "blurred");
  EXPECT_EQ(models.texts, 2);
  encoder.encode("red dress", "blurred");
  encoder.encode("blurred");
  EXPECT_EQ(models.texts, 2);
  encoder.encode("a red silk dress on a white table", "blurred");  // now padded to two chunks
  EXPECT_EQ(models.texts, 6);
}

TEST_F(PromptEncoderTest, AWeightChangesTheStatesOfItsWord) {
  const at::Tensor plain = encoder.encode("red dress").prompt;
  const at::Tensor weighted = encoder.encode("(red:1.5) dress").prompt;
  EXPECT_FALSE(at::allclose(plain, weighted));
  EXPECT_NEAR(plain.mean().item<double>(), weighted.mean().item<double>(), 1e-4);
}

}  // namespace
}  // namespace vitrine::diffusion
