// What a text gives depends on its own ids alone: not on what else is computed, or on threads.
// Registered once for each instruction set (VITRINE_ISA).
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "base/error.h"
#include "generation/encoder.h"
#include "generation/ranker.h"
#include "kernels/isa.h"
#include "support/forced_isa.h"
#include "support/random_bert.h"
#include "support/random_gpt2.h"
#include "support/temporary_directory.h"

namespace vitrine::generation {
namespace {

constexpr int kVocabulary = 101;

/// Ids of 1 to 300 tokens: longer than a pass, across its end, several in one.
std::vector<std::vector<int32_t>> texts() {
  std::vector<std::vector<int32_t>> all;
  RandomStream stream{RandomKey(17)};
  for (const size_t length : {1, 2, 15, 16, 17, 40, 300, 33, 31, 240, 5, 64}) {
    auto& ids = all.emplace_back();
    for (size_t i = 0; i < length; ++i) {
      ids.push_back(1 + static_cast<int32_t>(stream.below(kVocabulary - 1)));
    }
  }
  return all;
}

class TextPropertyTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (!test::can_run_forced_isa()) GTEST_SKIP() << "not an instruction set of this processor";
  }
};

class EncoderPropertyTest : public TextPropertyTest {
 protected:
  static void SetUpTestSuite() {
    dir_ = new test::TemporaryDirectory;
    test::write_random_bert(dir_->path(),
                            {.vocab_size = kVocabulary,
                             .hidden_size = 72,
                             .num_hidden_layers = 2,
                             .num_attention_heads = 3,
                             .intermediate_size = 100,
                             .max_position_embeddings = 300,
                             .id2label = {"O", "B", "I"}},
                            0.3f);
  }
  static void TearDownTestSuite() { delete dir_; }
  static Encoder load(int threads) {
    return Encoder::load(dir_->path(), {.threads = threads, .dtype = GetParam()});
  }
  /// Every second input has two token types.
  static std::vector<EncoderInput> inputs() {
    std::vector<EncoderInput> all;
    for (const auto& ids : texts()) {
      all.push_back({ids});
      if (all.size() % 2 == 0) all.back().token_type_ids.assign(ids.size(), 0);
      if (all.size() % 2 == 0) all.back().token_type_ids.back() = 1;
    }
    return all;
  }
  static test::TemporaryDirectory* dir_;
};
test::TemporaryDirectory* EncoderPropertyTest::dir_ = nullptr;

TEST_P(EncoderPropertyTest, ABatchIsItsSequencesOneByOne) {
  auto all = inputs();
  Encoder encoder = load(2);
  const auto together = encoder.logits(all);
  const auto hidden = encoder.hidden_states(all);
  ASSERT_EQ(together.size(), all.size());
  for (size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(together[i].size(), all[i].input_ids.size() * 3);
    EXPECT_EQ(encoder.logits({&all[i], 1})[0], together[i]) << "input " << i;
    EXPECT_EQ(encoder.hidden_states({&all[i], 1})[0], hidden[i]) << "input " << i;
  }
  std::reverse(all.begin(), all.end());
  auto reversed = encoder.logits(all);
  std::reverse(reversed.begin(), reversed.end());
  EXPECT_EQ(reversed, together);
}

TEST_P(EncoderPropertyTest, TheNumberOfThreadsChangesNoBit) {
  const auto all = inputs();
  const auto one = load(1).logits(all);
  EXPECT_EQ(load(2).logits(all), one);
  EXPECT_EQ(load(5).logits(all), one);
}

TEST_P(EncoderPropertyTest, EveryTokenSeesTheWholeSequence) {
  EncoderInput input{texts()[5]};
  Encoder encoder = load(1);
  const auto before = encoder.logits({&input, 1})[0];
  input.input_ids.back() = input.input_ids.back() == 1 ? 2 : 1;
  EXPECT_NE(encoder.logits({&input, 1})[0][0], before[0]);
}

class RankerPropertyTest : public TextPropertyTest {
 protected:
  static void SetUpTestSuite() {
    dir_ = new test::TemporaryDirectory;
    test::write_random_gpt2(dir_->path(),
                            {.vocab_size = kVocabulary,
                             .n_positions = 310,
                             .n_embd = 72,
                             .n_layer = 2,
                             .n_head = 3,
                             .pad_token_id = 0},
                            0.3f, 1, {{"score.weight", {1, 72}}});
  }
  static void TearDownTestSuite() { delete dir_; }
  static Ranker load(int threads) {
    return Ranker::load(dir_->path(), {.threads = threads, .dtype = GetParam()});
  }
  static test::TemporaryDirectory* dir_;
};
test::TemporaryDirectory* RankerPropertyTest::dir_ = nullptr;

TEST_P(RankerPropertyTest, ABatchIsItsTextsOneByOne) {
  const auto all = texts();
  Ranker ranker = load(2);
  const auto together = ranker.score(all);
  ASSERT_EQ(together.size(), all.size());
  for (size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(ranker.score({&all[i], 1})[0], together[i]) << "text " << i;
    EXPECT_EQ(std::count(together.begin(), together.end(), together[i]), 1) << "text " << i;
  }
}

TEST_P(RankerPropertyTest, TheNumberOfThreadsChangesNoBit) {
  const auto all = texts();
  const auto one = load(1).score(all);
  EXPECT_EQ(load(2).score(all), one);
  EXPECT_EQ(load(5).score(all), one);
}

TEST_P(RankerPropertyTest, PaddingAtTheEndChangesNoBit) {
  auto all = texts();
  Ranker ranker = load(2);
  const auto scores = ranker.score(all);
  for (auto& ids : all) ids.resize(ids.size() + 7, 0);
  EXPECT_EQ(ranker.score(all), scores);
}

constexpr const char* kTypes[] = {"float32", "bfloat16", "int8", "int4"};
INSTANTIATE_TEST_SUITE_P(Types, EncoderPropertyTest, ::testing::ValuesIn(kTypes));
INSTANTIATE_TEST_SUITE_P(Types, RankerPropertyTest, ::testing::ValuesIn(kTypes));

}  // namespace
}  // namespace vitrine::generation
