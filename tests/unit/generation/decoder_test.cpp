#include "generation/decoder.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "support/random_gpt2.h"
#include "support/temporary_directory.h"

namespace vitrine::generation {
namespace {

using test::message_of;

constexpr float kMasked = -std::numeric_limits<float>::infinity();

class DecoderTest : public ::testing::Test {
 protected:
  DecoderTest() {
    test::write_random_gpt2(dir_.path(), {.vocab_size = 50, .n_positions = 24, .n_embd = 16, .n_layer = 2, .n_head = 2}, 0.5f);
  }
  Decoder load() const { return Decoder::load(dir_.path(), {.threads = 1}); }
  static Request request(std::vector<int32_t> prompt, int max_new_tokens) {
    Request r{.prompt = std::move(prompt), .keys = {RandomKey(1)}};
    r.sampling.max_new_tokens = max_new_tokens;
    return r;
  }
  std::string refusal(const Request& r) const {
    Decoder decoder = load();
    return message_of<InvalidInput>([&] { decoder.generate({&r, 1}); });
  }

  test::TemporaryDirectory dir_;
};

/// Allows one token at a time, from a list, then ends the sequence.
class Script : public SequenceGuide {
 public:
  explicit Script(std::vector<int32_t> tokens) : tokens_(std::move(tokens)) {}
  void process(std::span<float> logits) override {
    for (size_t i = 0; i < logits.size(); ++i) {
      if (static_cast<int32_t>(i) != tokens_[pushed_.size()]) logits[i] = kMasked;
    }
  }
  void push(int32_t token) override { pushed_.push_back(token); }
  bool finished() const override { return pushed_ == tokens_; }

 private:
  std::vector<int32_t> tokens_, pushed_;
};

class ForbidAll : public SequenceGuide {
 public:
  void process(std::span<float> logits) override { std::fill(logits.begin(), logits.end(), kMasked); }
  void push(int32_t) override {}
};

TEST_F(DecoderTest, TooLongRequestsNameTheLengths) {
  const std::string message = refusal(request(std::vector<int32_t>(10, 3), 15));
  EXPECT_NE(message.find("prompt 10 + max_new_tokens 15 = 25"), std::string::npos) << message;
  EXPECT_NE(message.find("n_positions 24"), std::string::npos) << message;
  EXPECT_EQ(load().generate(std::vector{request(std::vector<int32_t>(10, 3), 14)})[0][0].tokens.size(), 14u);
}

TEST_F(DecoderTest, BadRequestsAreRefused) {
  EXPECT_NE(refusal(request({}, 3)).find("no tokens"), std::string::npos);
  EXPECT_NE(refusal(request({3, 50}, 3)).find("token 50 is outside the vocabulary of 50"), std::string::npos);
  EXPECT_NE(refusal(request({-1}, 3)).find("token -1"), std::string::npos);
  Request bad = request({3}, 3);
  bad.sampling.top_p = 2;
  EXPECT_NE(refusal(bad).find("top_p"), std::string::npos);
  EXPECT_THROW(Decoder::load(dir_.path(), {.dtype = "int3"}), InvalidInput);
  EXPECT_THROW(Decoder::load(dir_.path(), {.max_batch = 0}), InvalidInput);
  EXPECT_THROW(Decoder::load(dir_.path() / "none", {}), NotFound);
}

TEST_F(DecoderTest, AGuideDecidesTheTokensAndTheLogprobStaysThatOfTheModel) {
  Request r = request({7, 8}, 10);
  const std::vector<int32_t> script{5, 9, 1};
  r.make_guide = [&](int) { return std::make_unique<Script>(script); };
  Decoder decoder = load();
  const Sequence sequence = decoder.generate({&r, 1})[0][0];
  EXPECT_EQ(sequence.tokens, script);
  EXPECT_TRUE(sequence.finished);
  EXPECT_NEAR(sequence.logprob, decoder.score(std::vector<int32_t>{7, 8, 5, 9, 1}, 2).logprob, 1e-9);
}

TEST_F(DecoderTest, EosEndsTheSequenceAndCountsInTheLogprob) {
  Request r = request({7, 8}, 10);
  r.eos = 9;
  r.make_guide = [](int) { return std::make_unique<Script>(std::vector<int32_t>{5, 9, 1}); };
  Decoder decoder = load();
  const Sequence sequence = decoder.generate({&r, 1})[0][0];
  EXPECT_EQ(sequence.tokens, (std::vector<int32_t>{5}));
  EXPECT_TRUE(sequence.finished);
  EXPECT_NEAR(sequence.logprob, decoder.score(std::vector<int32_t>{7, 8, 5, 9}, 2).logprob, 1e-9);
}

TEST_F(DecoderTest, ASequenceWhoseTokensAreAllForbiddenEndsUnfinished) {
  Request r = request({7}, 5);
  r.make_guide = [](int) { return std::make_unique<ForbidAll>(); };
  const Sequence sequence = load().generate({&r, 1})[0][0];
  EXPECT_TRUE(sequence.tokens.empty());
  EXPECT_FALSE(sequence.finished);
  EXPECT_EQ(sequence.logprob, 0);
}

TEST_F(DecoderTest, RequestsWithoutKeysOrWithoutRequestsGiveEmptyLists) {
  Decoder decoder = load();
  EXPECT_TRUE(decoder.generate({}).empty());
  Request none = request({7}, 5);
  none.keys.clear();
  const auto results = decoder.generate(std::vector{none, request({7}, 2), none});
  ASSERT_EQ(results.size(), 3u);
  EXPECT_TRUE(results[0].empty());
  EXPECT_EQ(results[1][0].tokens.size(), 2u);
}

TEST_F(DecoderTest, GreedyWithNoRepeatNgramNeverRepeatsOne) {
  Request r = request({7}, 20);
  r.sampling.temperature = 0;
  r.sampling.no_repeat_ngram_size = 1;
  auto tokens = load().generate({&r, 1})[0][0].tokens;
  tokens.push_back(7);
  std::sort(tokens.begin(), tokens.end());
  EXPECT_EQ(std::unique(tokens.begin(), tokens.end()), tokens.end());
}

TEST_F(DecoderTest, ScoringChecksItsInputAndCountsTokens) {
  Decoder decoder = load();
  const std::vector<int32_t> ids{1, 2, 3, 4};
  EXPECT_EQ(decoder.score(ids, 1).tokens, 3);
  EXPECT_EQ(decoder.score(ids, 0).tokens, 3);
  EXPECT_EQ(decoder.score(ids, 4).tokens, 0);
  EXPECT_EQ(decoder.score(ids, 4).logprob, 0);
  EXPECT_NEAR(decoder.score(ids, 1).logprob - decoder.score(std::vector<int32_t>{1, 2, 3}, 1).logprob, decoder.score(ids, 3).logprob, 1e-9);
  EXPECT_THROW(decoder.score(ids, 5), InvalidInput);
  EXPECT_THROW(decoder.score({}, 0), InvalidInput);
  EXPECT_THROW(decoder.score(std::vector<int32_t>(25, 1), 1), InvalidInput);
}

TEST_F(DecoderTest, StatsCountTokensAndSteps) {
  Decoder decoder = load();
  Request r = request({7, 8, 9}, 5);
  r.keys.assign(4, RandomKey(3));
  decoder.generate({&r, 1});
  EXPECT_EQ(decoder.stats().prompt_tokens, 3);
  EXPECT_EQ(decoder.stats().new_tokens, 20);
  EXPECT_EQ(decoder.stats().steps, 4);
}

}  // namespace
}  // namespace vitrine::generation
