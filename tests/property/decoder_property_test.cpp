// A sequence depends on its own request and key alone, and cached decoding is uncached decoding.
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/error.h"
#include "generation/decoder.h"
#include "generation/token_automaton.h"
#include "support/forced_isa.h"
#include "support/guides.h"
#include "support/random_gpt2.h"
#include "support/sequences.h"
#include "support/temporary_directory.h"

namespace vitrine::generation {
namespace {

using test::expect_same;

class DecoderPropertyTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (!test::can_run_forced_isa()) GTEST_SKIP() << "not an instruction set of this processor";
  }
  static void SetUpTestSuite() {
    dir_ = new test::TemporaryDirectory;
    test::write_random_gpt2(
        dir_->path(),
        {.vocab_size = 301, .n_positions = 400, .n_embd = 72, .n_layer = 2, .n_head = 3}, 0.3f);
  }
  static void TearDownTestSuite() { delete dir_; }

  /// The parameter: dtype, or dtype/kv_dtype.
  static Decoder load(int threads, int max_batch) {
    const std::string types = GetParam();
    const size_t slash = std::min(types.find('/'), types.size());
    return Decoder::load(dir_->path(), {.threads = threads,
                                        .dtype = types.substr(0, slash),
                                        .kv_dtype = types.substr(std::min(slash + 1, types.size())),
                                        .max_batch = max_batch});
  }

  /// Prompts of 1 to 300 tokens (longer than a pass), 0 to 5 keys, all kinds of settings.
  static std::vector<Request> requests() {
    std::vector<Request> all;
    RandomStream stream{RandomKey(17)};
    for (const size_t length : {1, 2, 15, 16, 17, 40, 300, 33}) {
      Request r;
      for (size_t i = 0; i < length; ++i)
        r.prompt.push_back(static_cast<int32_t>(stream.below(301)));
      for (uint64_t k = 0; k < all.size() % 6; ++k)
        r.keys.push_back(RandomKey(all.size()).fold_in(k));
      r.eos = static_cast<int32_t>(stream.below(301));
      r.sampling.max_new_tokens = 3 + static_cast<int>(stream.below(30));
      r.sampling.temperature = all.size() % 3 == 0 ? 1.0 : 0.7;
      r.sampling.top_k = all.size() % 2 == 0 ? 0 : 40;
      r.sampling.repetition_penalty = all.size() % 4 == 0 ? 1.2 : 1.0;
      steer(r, all.size());
      all.push_back(r);
    }
    return all;
  }

  /// Guides, processors, stop strings and least lengths for some.
  static void steer(Request& r, size_t request_idx) {
    r.return_logprobs = request_idx % 2 == 1;
    if (request_idx % 4 == 1)
      r.make_guide = [](int) { return std::make_unique<test::Counting>(9); };
    if (request_idx % 4 == 2) r.sampling.min_new_tokens = 3;
    if (request_idx % 3 == 2) {
      r.processors = {std::make_shared<ForcedTokensGuide>(std::make_shared<const TokenAutomaton>(
                          TokenAutomaton::begins_with_one_of({{4, 9}, {7, 8}, {4, 2}}, 301))),
                      std::make_shared<BannedTokensGuide>(
                          std::make_shared<const BannedSequences>(TokenLists{{4, 2}, {11}}, 301))};
    }
    if (request_idx % 3 != 1) return;
    auto bytes = std::make_shared<TokenBytes>();
    for (int token = 0; token < 301; ++token)
      bytes->push_back(std::string(1, static_cast<char>('a' + token % 7)));
    r.stop_strings =
        std::make_shared<const StopStrings>(std::vector<std::string>{"ab", "cde", "gg"}, bytes);
  }

  static test::TemporaryDirectory* dir_;
};
test::TemporaryDirectory* DecoderPropertyTest::dir_ = nullptr;

TEST_P(DecoderPropertyTest, ABatchIsItsSequencesOneByOne) {
  const auto all = requests();
  const auto together = load(1, 32).generate(all);
  const auto crowded = load(1, 3).generate(all);
  Decoder alone = load(1, 1);
  for (size_t i = 0; i < all.size(); ++i) {
    expect_same(crowded[i], together[i], concat("max_batch 3, request ", i));
    for (size_t k = 0; k < all[i].keys.size(); ++k) {
      Request one = all[i];
      one.keys = {all[i].keys[k]};
      expect_same(alone.generate({&one, 1})[0], {together[i][k]},
                  concat("alone, request ", i, " key ", k));
    }
  }
}

TEST_P(DecoderPropertyTest, TheNumberOfThreadsChangesNoBit) {
  const auto all = requests();
  const auto one = load(1, 32).generate(all), two = load(2, 32).generate(all),
             five = load(5, 32).generate(all);
  for (size_t i = 0; i < all.size(); ++i) {
    expect_same(two[i], one[i], concat("2 threads, request ", i));
    expect_same(five[i], one[i], concat("5 threads, request ", i));
  }
}

TEST_P(DecoderPropertyTest, CachedDecodingGivesTheScoresOfAWholePass) {
  Decoder decoder = load(2, 32);
  for (const Request& request : requests()) {
    const auto sequences = decoder.generate({&request, 1});
    for (const Sequence& sequence : sequences[0]) {
      std::vector<int32_t> ids = request.prompt;
      ids.insert(ids.end(), sequence.tokens.begin(), sequence.tokens.end());
      if (sequence.end == EndReason::eos) ids.push_back(request.eos);
      EXPECT_NEAR(sequence.logprob, decoder.score(ids, request.prompt.size()).logprob, 1e-9);
    }
  }
}

TEST_P(DecoderPropertyTest, WhatIsCachedChangesNoBit) {
  Decoder decoder = load(2, 4);
  for (Request first : requests()) {
    if (first.keys.empty()) continue;
    first.keep_cached = true;
    const auto sequences = decoder.generate({&first, 1})[0];
    for (const Sequence& sequence : sequences) {
      Request next = first;
      next.prompt.insert(next.prompt.end(), sequence.tokens.begin(), sequence.tokens.end());
      next.prompt.push_back(7);
      next.sampling.max_new_tokens = 20;
      const auto anew = decoder.generate({&next, 1})[0];
      const int64_t all_tokens = decoder.stats().prompt_tokens;
      next.cached = sequence.cached;
      expect_same(decoder.generate({&next, 1})[0], anew, "cached");
      EXPECT_LE(decoder.stats().prompt_tokens, 3) << "of " << all_tokens;
    }
  }
}

TEST_P(DecoderPropertyTest, EqualPromptsRunOnceAndGiveWhatTheyGiveAlone) {
  Request request = requests()[5];
  request.keys = {RandomKey(1)};
  Request other = request;
  other.keys = {RandomKey(2)};
  Decoder decoder = load(1, 32);
  const auto together = decoder.generate(std::vector{request, other, request});
  EXPECT_EQ(decoder.stats().prompt_tokens, static_cast<int64_t>(request.prompt.size()));
  expect_same(together[1], decoder.generate({&other, 1})[0], "alone");
  expect_same(together[2], together[0], "again");
}

TEST_P(DecoderPropertyTest, RequestsThatComeOneByOneGiveWhatTheyGiveTogether) {
  class Queue : public RequestQueue {
   public:
    explicit Queue(std::vector<Request> all) : all_(std::move(all)), results(all_.size()) {}
    std::optional<Request> next() override {
      if (next_ == all_.size() || next_ > done_ + 1) return std::nullopt;  // two at a time
      return all_[next_++];
    }
    void done(size_t request_idx, std::vector<Sequence> sequences) override {
      ++done_;
      results[request_idx] = std::move(sequences);
    }

   private:
    std::vector<Request> all_;
    size_t next_ = 0, done_ = 0;

   public:
    std::vector<std::vector<Sequence>> results;
  };
  Decoder decoder = load(2, 32);
  Queue queue(requests());
  decoder.generate(queue);
  const auto together = decoder.generate(requests());
  for (size_t i = 0; i < together.size(); ++i)
    expect_same(queue.results[i], together[i], concat("request ", i));
}

TEST_P(DecoderPropertyTest, EqualKeysGiveEqualTextsAndOthersDiffer) {
  Request request = requests()[4];
  request.keys = {RandomKey(1), RandomKey(2), RandomKey(1)};
  request.eos = -1;
  const auto sequences = load(2, 32).generate({&request, 1})[0];
  EXPECT_EQ(sequences[0].tokens, sequences[2].tokens);
  EXPECT_NE(sequences[0].tokens, sequences[1].tokens);
}

INSTANTIATE_TEST_SUITE_P(Types, DecoderPropertyTest,
                         ::testing::Values("float32", "bfloat16", "int8", "int4", "int8/int8",
                                           "float32/int8"));

}  // namespace
}  // namespace vitrine::generation
