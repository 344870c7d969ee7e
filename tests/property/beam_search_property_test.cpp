// Beam search is a plain one without caches, whatever runs beside it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

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

constexpr int32_t kVocab = 61;

/// The search as it is described in generation/beam_search.h, over whole passes, with nothing
/// shared.
class PlainBeamSearch {
 public:
  struct Hypothesis {
    std::vector<int32_t> tokens;
    bool finished;
    double score;
  };

  PlainBeamSearch(Decoder& decoder, const Request& request, const BeamConfig& config)
      : decoder_(decoder),
        request_(request),
        config_(config),
        size_(static_cast<size_t>(config.num_beams / config.num_beam_groups)) {}

  std::vector<Hypothesis> run() {
    std::vector<Group> groups(static_cast<size_t>(config_.num_beam_groups),
                              Group{{{{}, 0}}, {}, false});
    while (std::any_of(groups.begin(), groups.end(), [](const Group& g) { return !g.done; })) {
      std::map<int32_t, int> taken;
      ++length_;
      for (Group& group : groups) {
        if (group.done) continue;
        advance(group, taken);
        for (const Beam& beam : group.beams)
          ++taken[beam.tokens.back()];  // also where the group is done now
      }
    }
    std::vector<Hypothesis> all;
    for (const Group& group : groups)
      all.insert(all.end(), group.hypotheses.begin(), group.hypotheses.end());
    std::stable_sort(all.begin(), all.end(), better);
    return all;
  }

 private:
  struct Beam {
    std::vector<int32_t> tokens;
    double sum;
  };
  struct Group {
    std::vector<Beam> beams;
    std::vector<Hypothesis> hypotheses;
    bool done;
  };
  static bool better(const Hypothesis& a, const Hypothesis& b) { return a.score > b.score; }
  double score(double sum, double length) const {
    return sum / std::pow(length, config_.length_penalty);
  }

  /// A guide fed with the tokens from the start.
  std::unique_ptr<SequenceGuide> guide_after(const std::vector<int32_t>& tokens) const {
    if (!request_.make_guide) return nullptr;
    auto guide = request_.make_guide(0);
    for (const int32_t token : tokens) guide->push(token);
    return guide;
  }

  std::vector<float> log_probs(const Beam& beam) const {
    std::vector<int32_t> ids = request_.prompt;
    ids.insert(ids.end(), beam.tokens.begin(), beam.tokens.end());
    std::vector<float> logits = decoder_.logits_last(ids);
    double sum = 0;
    for (const float logit : logits) sum += std::exp(static_cast<double>(logit));
    for (float& logit : logits)
      logit = static_cast<float>(static_cast<double>(logit) - std::log(sum));
    for (const int32_t token : std::set<int32_t>(ids.begin(), ids.end())) {
      logits[static_cast<size_t>(token)] *=
          static_cast<float>(request_.sampling.repetition_penalty);
    }
    if (const auto guide = guide_after(beam.tokens)) guide->process(logits);
    return logits;
  }

  bool is_end(const std::vector<int32_t>& tokens) const {
    const auto guide = guide_after(tokens);
    return tokens.size() == static_cast<size_t>(request_.sampling.max_new_tokens) ||
           (guide != nullptr && guide->finished());
  }

  bool was_meant(const std::vector<int32_t>& tokens) const {
    const auto guide = guide_after(tokens);
    return guide != nullptr && guide->finished();
  }

  void advance(Group& group, const std::map<int32_t, int>& taken) {
    std::vector<Beam> all;
    for (const Beam& beam : group.beams) {
      const auto row = log_probs(beam);
      for (int32_t token = 0; token < kVocab; ++token) {
        if (!std::isfinite(row[static_cast<size_t>(token)])) continue;
        const auto times = taken.find(token);
        Beam next{beam.tokens, beam.sum + static_cast<double>(row[static_cast<size_t>(token)])};
        if (times != taken.end()) next.sum -= config_.diversity_penalty * times->second;
        next.tokens.push_back(token);
        all.push_back(std::move(next));
      }
    }
    std::stable_sort(all.begin(), all.end(),
                     [](const Beam& a, const Beam& b) { return a.sum > b.sum; });
    all.resize(std::min(all.size(), 2 * size_));
    group.beams.clear();
    for (size_t rank = 0; rank < all.size(); ++rank) {
      Beam& next = all[rank];
      const bool eos = next.tokens.back() == request_.eos;
      if (!eos && !is_end(next.tokens)) {
        if (group.beams.size() < size_) group.beams.push_back(next);
      } else if (rank < size_) {
        const bool meant = eos || was_meant(next.tokens);
        if (eos) next.tokens.pop_back();
        group.hypotheses.push_back({next.tokens, meant, score(next.sum, length_)});
      }
    }
    std::stable_sort(group.hypotheses.begin(), group.hypotheses.end(), better);
    group.hypotheses.resize(std::min(group.hypotheses.size(), size_), {{}, false, 0});
    group.done = is_done(group);
  }

  bool is_done(const Group& group) const {
    if (group.beams.empty()) return true;
    if (group.hypotheses.size() < size_) return false;
    if (config_.early_stopping == EarlyStopping::yes) return true;
    const bool longest =
        config_.early_stopping == EarlyStopping::never && config_.length_penalty > 0;
    return score(group.beams[0].sum, longest ? request_.sampling.max_new_tokens : length_) <=
           group.hypotheses.back().score;
  }

  Decoder& decoder_;
  const Request& request_;
  BeamConfig config_;
  size_t size_;
  double length_ = 0;
};

class BeamSearchPropertyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!test::can_run_forced_isa()) GTEST_SKIP() << "not an instruction set of this processor";
  }
  static void SetUpTestSuite() {
    dir_ = new test::TemporaryDirectory;
    test::write_random_gpt2(
        dir_->path(),
        {.vocab_size = kVocab, .n_positions = 120, .n_embd = 24, .n_layer = 2, .n_head = 2}, 0.6f);
  }
  static void TearDownTestSuite() { delete dir_; }
  static Decoder load(int threads, int max_batch, const std::string& dtype = "float32",
                      const std::string& kv_dtype = "") {
    return Decoder::load(
        dir_->path(),
        {.threads = threads, .dtype = dtype, .kv_dtype = kv_dtype, .max_batch = max_batch});
  }

  static std::vector<Request> requests(int max_new_tokens) {
    std::vector<Request> all;
    RandomStream random{RandomKey(23)};
    for (const size_t length : {1, 5, 31, 32, 33, 70, 12, 12}) {
      Request& r = all.emplace_back();
      for (size_t i = 0; i < length; ++i)
        r.prompt.push_back(static_cast<int32_t>(random.below(kVocab)));
      if (all.size() % 4 != 0) r.eos = static_cast<int32_t>(random.below(kVocab));
      r.sampling.max_new_tokens = max_new_tokens - static_cast<int>(all.size() % 3);
      if (all.size() % 3 == 0) r.sampling.repetition_penalty = 1.2;
      if (all.size() % 2 == 0)
        r.make_guide = [](int) { return std::make_unique<test::Counting>(3); };
    }
    return all;
  }

  static std::vector<BeamConfig> configs() {
    return {{.num_beams = 1},
            {.num_beams = 4},
            {.num_beams = 3, .num_beam_groups = 3, .diversity_penalty = 1},
            {.num_beams = 6, .num_beam_groups = 3, .diversity_penalty = 0.4, .length_penalty = 0.5},
            {.num_beams = 6,
             .num_beam_groups = 2,
             .diversity_penalty = 5,
             .early_stopping = EarlyStopping::yes},
            {.num_beams = 5, .length_penalty = 1.5, .early_stopping = EarlyStopping::never}};
  }

  static test::TemporaryDirectory* dir_;
};
test::TemporaryDirectory* BeamSearchPropertyTest::dir_ = nullptr;

TEST_F(BeamSearchPropertyTest, TheResultIsThatOfAPlainSearchWithoutCaches) {
  Decoder decoder = load(1, 12), plain = load(1, 1);
  const auto all = requests(9);
  for (size_t c = 0; c < configs().size(); ++c) {
    const auto results = decoder.beam_search(all, configs()[c]);
    for (size_t i = 0; i < all.size(); ++i) {
      const auto expected = PlainBeamSearch(plain, all[i], configs()[c]).run();
      ASSERT_EQ(results[i].size(), expected.size()) << "config " << c << " request " << i;
      for (size_t h = 0; h < expected.size(); ++h) {
        EXPECT_EQ(results[i][h].tokens, expected[h].tokens)
            << "config " << c << " request " << i << " place " << h;
        EXPECT_EQ(results[i][h].finished, expected[h].finished)
            << "config " << c << " request " << i << " place " << h;
        EXPECT_NEAR(results[i][h].score, expected[h].score, 1e-4)
            << "config " << c << " request " << i << " place " << h;
      }
    }
  }
}

TEST_F(BeamSearchPropertyTest, NeitherOtherRequestsNorThreadsChangeABit) {
  const auto all = requests(45);
  const std::pair<const char*, const char*> types[] = {{"float32", ""}, {"bfloat16", "int8"}};
  for (const auto& [dtype, kv_dtype] : types) {
    for (const BeamConfig& config : {configs()[3], configs()[5]}) {
      const auto together = load(1, 48, dtype, kv_dtype).beam_search(all, config);
      const auto crowded = load(3, 7, dtype, kv_dtype).beam_search(all, config);
      Decoder alone = load(2, 6, dtype, kv_dtype);
      for (size_t i = 0; i < all.size(); ++i) {
        expect_same(crowded[i], together[i], concat(dtype, ", max_batch 7, request ", i));
        expect_same(alone.beam_search({&all[i], 1}, config)[0], together[i],
                    concat(dtype, ", alone, request ", i));
      }
    }
  }
}

TEST_F(BeamSearchPropertyTest, LogprobIsTheScoreOfTheTextAndWhatIsCachedCanGoOn) {
  Decoder decoder = load(2, 32);
  for (Request request : requests(40)) {
    request.keep_cached = request.return_logprobs = true;
    const auto hypotheses = decoder.beam_search({&request, 1}, configs()[3])[0];
    for (const Sequence& sequence : hypotheses) {
      std::vector<int32_t> ids = request.prompt;
      ids.insert(ids.end(), sequence.tokens.begin(), sequence.tokens.end());
      if (sequence.end == EndReason::eos) ids.push_back(request.eos);
      EXPECT_NEAR(sequence.logprob, decoder.score(ids, request.prompt.size()).logprob, 1e-9);
      ASSERT_EQ(sequence.token_logprobs.size(), ids.size() - request.prompt.size());
      EXPECT_NEAR(sequence.token_logprobs.back(), decoder.score(ids, ids.size() - 1).logprob, 1e-9);
      Request next{.prompt = ids, .cached = sequence.cached};
      next.sampling.max_new_tokens = 3;
      const auto from_cache = decoder.beam_search({&next, 1}, configs()[1])[0];
      EXPECT_LE(decoder.stats().prompt_tokens, 2);
      next.cached = nullptr;
      expect_same(from_cache, decoder.beam_search({&next, 1}, configs()[1])[0],
                  "from what is cached");
    }
  }
}

TEST_F(BeamSearchPropertyTest, GroupsWithAPenaltyBeginDifferently) {
  Decoder decoder = load(1, 32);
  for (Request request : requests(4)) {
    request.eos = -1;
    request.make_guide = {};
    std::set<int32_t> firsts;
    const BeamConfig config{.num_beams = 5, .num_beam_groups = 5, .diversity_penalty = 1000};
    const auto hypotheses = decoder.beam_search({&request, 1}, config)[0];
    for (const Sequence& s : hypotheses) {
      firsts.insert(s.tokens.front());
    }
    EXPECT_EQ(firsts.size(), 5u);
  }
}

TEST_F(BeamSearchPropertyTest, StopStringsAndProcessorsEndHypotheses) {
  Decoder decoder = load(1, 32);
  Request request = requests(8)[4];
  request.eos = -1;
  request.processors = {std::make_shared<ForcedTokensGuide>(std::make_shared<const TokenAutomaton>(
      TokenAutomaton::begins_with_one_of({{1, 2}, {3, 4}}, kVocab)))};
  auto bytes = std::make_shared<TokenBytes>(kVocab, "x");
  (*bytes)[2] = "a.";
  request.stop_strings = std::make_shared<const StopStrings>(std::vector<std::string>{"a."}, bytes);
  const auto hypotheses =
      decoder.beam_search({&request, 1}, {.num_beams = 3, .length_penalty = 0})[0];
  ASSERT_EQ(hypotheses.size(), 3u);
  for (const Sequence& s : hypotheses) {
    if (s.tokens.front() == 1) {
      EXPECT_EQ(s.tokens, (std::vector<int32_t>{1, 2}));
      EXPECT_EQ(s.stop, (StopHit{0, 1}));
      EXPECT_EQ(s.end, EndReason::stop_string);
    } else {
      EXPECT_EQ(std::vector<int32_t>(s.tokens.begin(), s.tokens.begin() + 2),
                (std::vector<int32_t>{3, 4}));
    }
  }
  EXPECT_TRUE(std::any_of(hypotheses.begin(), hypotheses.end(),
                          [](const Sequence& s) { return s.finished; }));
}

TEST_F(BeamSearchPropertyTest, WhereAllIsForbiddenTheBeamEndsUnfinished) {
  Decoder decoder = load(1, 32);
  Request request{.prompt = {5}, .sampling = {.max_new_tokens = 6}};
  request.make_guide = [](int) { return std::make_unique<test::ForbidAll>(); };
  const auto none = decoder.beam_search({&request, 1}, {.num_beams = 4})[0];
  ASSERT_EQ(none.size(), 1u);
  EXPECT_TRUE(none[0].tokens.empty());
  EXPECT_EQ(none[0].end, EndReason::all_forbidden);
  EXPECT_EQ(none[0].score, 0);
  // One path that ends well, one that does not: the latter comes last, however likely.
  request.make_guide = {};
  request.processors = {std::make_shared<ForcedTokensGuide>(std::make_shared<const TokenAutomaton>(
      std::vector<TokenAutomaton::State>{{TokenAutomaton::Kind::bound, {{7, 1}, {8, 2}}},
                                         {TokenAutomaton::Kind::bound, {}},
                                         {TokenAutomaton::Kind::last, {}}},
      kVocab))};
  const auto two = decoder.beam_search({&request, 1}, {.num_beams = 4})[0];
  ASSERT_EQ(two.size(), 2u);
  EXPECT_EQ(two[0].tokens, (std::vector<int32_t>{8}));
  EXPECT_TRUE(two[0].finished);
  EXPECT_EQ(two[1].tokens, (std::vector<int32_t>{7}));
  EXPECT_EQ(two[1].end, EndReason::all_forbidden);
}

TEST_F(BeamSearchPropertyTest, BadSettingsAreRefusedInOneLine) {
  Decoder decoder = load(1, 32);
  const Request request{.prompt = {5}, .sampling = {.max_new_tokens = 6}};
  const auto refusal = [&](const BeamConfig& config) {
    return test::message_of<InvalidInput>([&] { decoder.beam_search({&request, 1}, config); });
  };
  const std::pair<BeamConfig, const char*> bad[] = {
      {{.num_beams = 0}, "num_beams"},
      {{.num_beams = -3}, "num_beams"},
      {{.num_beams = 10000}, "num_beams"},
      {{.num_beams = 33}, "num_beams 33 is more than max_batch 32"},
      {{.num_beams = 2, .num_beam_groups = 4, .diversity_penalty = 1},
       "num_beam_groups 4 is more than num_beams 2"},
      {{.num_beams = 6, .num_beam_groups = 4, .diversity_penalty = 1},
       "num_beam_groups 4 does not divide num_beams 6"},
      {{.num_beams = 4, .num_beam_groups = 0}, "num_beam_groups"},
      {{.num_beams = 4, .num_beam_groups = 2}, "needs a diversity_penalty"},
      {{.num_beams = 4, .diversity_penalty = 1}, "needs num_beam_groups"},
      {{.num_beams = 4, .num_beam_groups = 2, .diversity_penalty = -1}, "diversity_penalty"},
      {{.num_beams = 4, .length_penalty = std::nan("")}, "length_penalty"}};
  for (const auto& [config, part] : bad) {
    const std::string message = refusal(config);
    EXPECT_NE(message.find(part), std::string::npos) << part << ": " << message;
    EXPECT_EQ(message.find('\n'), std::string::npos);
  }
  EXPECT_EQ(decoder.beam_search({&request, 1}, {.num_beams = 32})[0].size(), 32u);
  EXPECT_TRUE(decoder.beam_search({}, {}).empty());
}

}  // namespace
}  // namespace vitrine::generation
