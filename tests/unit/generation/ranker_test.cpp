#include "generation/ranker.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "support/random_gpt2.h"
#include "support/temporary_directory.h"

namespace vitrine::generation {
namespace {

using test::message_of;

class RankerTest : public ::testing::Test {
 protected:
  /// A ranking model with `labels` labels; 0 = a language model.
  void write(int64_t labels, int64_t pad_token_id = -1) const {
    std::vector<models::WeightSpec> head;
    if (labels > 0) head.push_back({"score.weight", {labels, 16}});
    test::write_random_gpt2(dir_.path(),
                            {.vocab_size = 50,
                             .n_positions = 24,
                             .n_embd = 16,
                             .n_layer = 2,
                             .n_head = 2,
                             .pad_token_id = pad_token_id},
                            0.5f, 1, head);
  }
  Ranker load() const { return Ranker::load(dir_.path(), {.threads = 1}); }
  std::string refusal(std::vector<int32_t> bad) const {
    Ranker ranker = load();
    return message_of<InvalidInput>([&] {
      ranker.score(std::vector<std::vector<int32_t>>{{1, 2}, bad});
    });
  }

  test::TemporaryDirectory dir_;
};

TEST_F(RankerTest, BadTextsAreRefusedByNumberAndValue) {
  write(1);
  EXPECT_NE(refusal({}).find("text 1: no tokens"), std::string::npos);
  EXPECT_NE(refusal({3, 50}).find("text 1: token 50 is outside the vocabulary of 50"),
            std::string::npos);
  EXPECT_NE(refusal({-1}).find("token -1"), std::string::npos);
  EXPECT_NE(refusal(std::vector<int32_t>(25, 3))
                .find("25 tokens are more than the model's n_positions 24"),
            std::string::npos);
}

TEST_F(RankerTest, NoTextsGiveNoScores) {
  write(1);
  EXPECT_TRUE(load().score({}).empty());
}

TEST_F(RankerTest, ADirectoryWithoutOneLabelIsRefusedInOneLine) {
  write(0);
  EXPECT_NE(message_of<InvalidInput>([&] { load(); }).find("no score.weight"), std::string::npos);
  write(2);
  EXPECT_NE(message_of<InvalidInput>([&] { load(); }).find("score.weight has 2 labels"),
            std::string::npos);
}

TEST_F(RankerTest, AnUnknownDtypeIsRefused) {
  write(1);
  EXPECT_THROW(Ranker::load(dir_.path(), {.dtype = "int3"}), InvalidInput);
}

TEST_F(RankerTest, PaddingIsWhatTheModelSaysItIs) {
  write(1, 7);
  const std::vector<std::vector<int32_t>> texts{{3, 4, 7, 7}, {3, 4}, {3, 7, 4},
                                                {3, 4, 0},    {7, 7}, {7}};
  const auto padded = load().score(texts);
  EXPECT_EQ(padded[0], padded[1]);
  EXPECT_NE(padded[2], padded[1]);
  EXPECT_NE(padded[3], padded[1]);
  EXPECT_EQ(padded[4], padded[5]);
  write(1);
  const auto unpadded = load().score(texts);
  EXPECT_EQ(unpadded[1], padded[1]);
  EXPECT_NE(unpadded[0], unpadded[1]);
}

}  // namespace
}  // namespace vitrine::generation
