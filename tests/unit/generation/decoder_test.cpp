#include "generation/decoder.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "base/error.h"
#include "generation/token_automaton.h"
#include "support/guides.h"
#include "support/random_gpt2.h"
#include "support/temporary_directory.h"

namespace vitrine::generation {
namespace {

using test::ForbidAll;
using test::message_of;
using test::Script;

class DecoderTest : public ::testing::Test {
 protected:
  DecoderTest() {
    test::write_random_gpt2(
        dir_.path(), {.vocab_size = 50, .n_positions = 24, .n_embd = 16, .n_layer = 2, .n_head = 2},
        0.5f);
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

TEST_F(DecoderTest, TooLongRequestsNameTheLengths) {
  const std::string message = refusal(request(std::vector<int32_t>(10, 3), 15));
  EXPECT_NE(message.find("prompt 10 + max_new_tokens 15 = 25"), std::string::npos) << message;
  EXPECT_NE(message.find("n_positions 24"), std::string::npos) << message;
  EXPECT_EQ(
      load().generate(std::vector{request(std::vector<int32_t>(10, 3), 14)})[0][0].tokens.size(),
      14u);
}

TEST_F(DecoderTest, BadRequestsAreRefused) {
  EXPECT_NE(refusal(request({}, 3)).find("no tokens"), std::string::npos);
  EXPECT_NE(refusal(request({3, 50}, 3)).find("token 50 is outside the vocabulary of 50"),
            std::string::npos);
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
  EXPECT_NEAR(sequence.logprob, decoder.score(std::vector<int32_t>{7, 8, 5, 9, 1}, 2).logprob,
              1e-9);
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

TEST_F(DecoderTest, TheReasonOfTheEndIsStated) {
  Decoder decoder = load();
  const auto end_of = [&](const Request& r) { return decoder.generate({&r, 1})[0][0].end; };
  Request r = request({7}, 3);
  EXPECT_EQ(end_of(r), EndReason::max_new_tokens);
  r.make_guide = [](int) { return std::make_unique<Script>(std::vector<int32_t>{5, 9}); };
  EXPECT_EQ(end_of(r), EndReason::guide);
  r.eos = 9;
  EXPECT_EQ(end_of(r), EndReason::eos);
  r.make_guide = [](int) { return std::make_unique<ForbidAll>(); };
  EXPECT_EQ(end_of(r), EndReason::all_forbidden);
}

TEST_F(DecoderTest, TokensOfWhichNoneIsAllowedEndTheSequenceWithAnySampling) {
  TokenLists all;
  for (int32_t token = 0; token < 50; ++token) all.push_back({5, token});
  Request r = request({7}, 4);
  r.processors = {
      std::make_shared<ForcedTokensGuide>(
          std::make_shared<const TokenAutomaton>(TokenAutomaton::begins_with_one_of({{5}}, 50))),
      std::make_shared<BannedTokensGuide>(std::make_shared<const BannedSequences>(all, 50))};
  for (const SamplingConfig& sampling :
       {SamplingConfig{.temperature = 0, .top_k = 3, .min_p = 0.5}, SamplingConfig{.top_k = 1},
        SamplingConfig{.top_p = 1}, SamplingConfig{.min_p = 1}}) {
    r.sampling = sampling;
    r.sampling.max_new_tokens = 4;
    const Sequence sequence = load().generate({&r, 1})[0][0];
    EXPECT_EQ(sequence.tokens, (std::vector<int32_t>{5}));
    EXPECT_EQ(sequence.end, EndReason::all_forbidden);
    EXPECT_FALSE(sequence.finished);
    EXPECT_TRUE(std::isfinite(sequence.logprob));
  }
}

TEST_F(DecoderTest, ProcessorsComeAfterTheGuideAndBothMayEndTheSequence) {
  Request r = request({7}, 6);
  r.make_guide = [](int) { return std::make_unique<Script>(std::vector<int32_t>{5, 9, 1}); };
  r.processors = {std::make_shared<ForcedTokensGuide>(
      std::make_shared<const TokenAutomaton>(TokenAutomaton::is_one_of({{5, 9}}, 50)))};
  const Sequence sequence = load().generate({&r, 1})[0][0];
  EXPECT_EQ(sequence.tokens, (std::vector<int32_t>{5, 9}));
  EXPECT_EQ(sequence.end, EndReason::guide);
}

TEST_F(DecoderTest, AStopStringEndsTheSequenceWithTheTokenThatCompletesIt) {
  auto bytes = std::make_shared<TokenBytes>(50, "x");
  (*bytes)[5] = "ab", (*bytes)[9] = "c\xE5", (*bytes)[1] = "\xAE\x8C!";  // 完 in two tokens
  Request r = request({7}, 6);
  r.make_guide = [](int) { return std::make_unique<Script>(std::vector<int32_t>{5, 9, 1, 4}); };
  r.stop_strings =
      std::make_shared<const StopStrings>(std::vector<std::string>{"zz", "c完"}, bytes);
  Decoder decoder = load();
  const Sequence sequence = decoder.generate({&r, 1})[0][0];
  EXPECT_EQ(sequence.tokens, (std::vector<int32_t>{5, 9, 1}));
  EXPECT_EQ(sequence.end, EndReason::stop_string);
  EXPECT_TRUE(sequence.finished);
  EXPECT_EQ(sequence.stop, (StopHit{1, 2}));
  r.stop_strings = std::make_shared<const StopStrings>(std::vector<std::string>{"zz"}, bytes);
  EXPECT_EQ(decoder.generate({&r, 1})[0][0].stop, std::nullopt);
}

TEST_F(DecoderTest, BeforeMinNewTokensTheEosCannotBeDrawn) {
  Request r = request({7}, 8);
  r.eos = 3;
  r.make_guide = [](int) { return std::make_unique<test::Favour>(3); };
  Decoder decoder = load();
  EXPECT_TRUE(decoder.generate({&r, 1})[0][0].tokens.empty());
  r.sampling.min_new_tokens = 4;
  const Sequence sequence = decoder.generate({&r, 1})[0][0];
  EXPECT_EQ(sequence.tokens.size(), 4u);
  EXPECT_EQ(sequence.end, EndReason::eos);
}

TEST_F(DecoderTest, TokenLogprobsAddUpToTheLogprob) {
  Request r = request({7, 8}, 10);
  r.eos = 9;
  r.return_logprobs = true;
  r.make_guide = [](int) { return std::make_unique<Script>(std::vector<int32_t>{5, 6, 9}); };
  Decoder decoder = load();
  const Sequence sequence = decoder.generate({&r, 1})[0][0];
  ASSERT_EQ(sequence.token_logprobs.size(), 3u);
  EXPECT_NEAR(sequence.token_logprobs[1],
              decoder.score(std::vector<int32_t>{7, 8, 5, 6}, 3).logprob, 1e-9);
  EXPECT_NEAR(std::accumulate(sequence.token_logprobs.begin(), sequence.token_logprobs.end(), 0.0),
              sequence.logprob, 1e-12);
  r.return_logprobs = false;
  EXPECT_TRUE(decoder.generate({&r, 1})[0][0].token_logprobs.empty());
}

TEST_F(DecoderTest, BadLengthsStopStringsAndProcessorsAreRefused) {
  Request r = request({7}, 5);
  r.sampling.min_new_tokens = 6;
  EXPECT_NE(refusal(r).find("min_new_tokens 6 is more than max_new_tokens 5"), std::string::npos)
      << refusal(r);
  EXPECT_NE(refusal(request({7}, 0)).find("max_new_tokens"), std::string::npos);
  r = request({7}, 5);
  r.eos = 50;
  EXPECT_NE(refusal(r).find("eos 50 is outside the vocabulary of 50"), std::string::npos);
  r.eos = -1;
  r.stop_strings = std::make_shared<const StopStrings>(std::vector<std::string>{"a"},
                                                       std::make_shared<const TokenBytes>(49));
  EXPECT_NE(refusal(r).find("bytes of 49 tokens"), std::string::npos);
  r.stop_strings = nullptr;
  r.processors = {nullptr};
  EXPECT_NE(refusal(r).find("a processor is null"), std::string::npos);
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
  EXPECT_NEAR(
      decoder.score(ids, 1).logprob - decoder.score(std::vector<int32_t>{1, 2, 3}, 1).logprob,
      decoder.score(ids, 3).logprob, 1e-9);
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

/// Requests that are watched, and given up when their first sequence has so many tokens.
class WatchedQueue : public RequestQueue {
 public:
  explicit WatchedQueue(std::vector<Request> all, size_t limit = 1000) : all_(std::move(all)), limit_(limit), grown_(all_.size()), results(all_.size()) {}
  std::optional<Request> next() override { return next_ < all_.size() ? std::optional(all_[next_++]) : std::nullopt; }
  void grown(size_t request_idx, size_t sequence_idx, std::span<const int32_t> tokens) override {
    if (sequence_idx == 0) grown_[request_idx].assign(tokens.begin(), tokens.end());
    told += sequence_idx == 0;
  }
  bool is_wanted(size_t request_idx) override { return request_idx != 0 || grown_[0].size() < limit_; }
  void done(size_t request_idx, std::vector<Sequence> sequences) override {
    EXPECT_EQ(sequences[0].tokens, grown_[request_idx]) << "what was told is what there is";
    results[request_idx] = std::move(sequences);
  }

 private:
  std::vector<Request> all_;
  size_t next_ = 0, limit_;
  std::vector<std::vector<int32_t>> grown_;

 public:
  std::vector<std::vector<Sequence>> results;
  int told = 0;
};

TEST_F(DecoderTest, SequencesAreToldTokenByToken) {
  WatchedQueue queue({request({1, 2}, 5), request({3}, 4)});
  load().generate(queue);
  EXPECT_EQ(queue.told, 5 + 4);
}

TEST_F(DecoderTest, AnUnwantedRequestMakesRoomAtOnce) {
  Request many = request({1, 2}, 20);
  many.keys = {RandomKey(1), RandomKey(2), RandomKey(3)};  // of which two run and one waits
  const Request other = request({3}, 6);
  Decoder decoder = Decoder::load(dir_.path(), {.threads = 1, .max_batch = 2});
  WatchedQueue queue({many, other}, /*limit=*/4);
  decoder.generate(queue);
  ASSERT_EQ(queue.results[0].size(), 3u);
  EXPECT_EQ(queue.results[0][0].tokens.size(), 4u);
  EXPECT_TRUE(queue.results[0][2].tokens.empty());
  for (const Sequence& sequence : queue.results[0]) {
    EXPECT_EQ(sequence.end, EndReason::given_up);
    EXPECT_FALSE(sequence.finished);
  }
  EXPECT_EQ(queue.results[1][0].tokens, decoder.generate(std::vector{other})[0][0].tokens) << "the others do not notice";
}

}  // namespace
}  // namespace vitrine::generation
