#include "generation/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include "base/error.h"
#include "base/random.h"

namespace vitrine::generation {
namespace {

constexpr float kMasked = -std::numeric_limits<float>::infinity();

std::optional<int32_t> sample_at(const std::vector<float>& logits, const SamplingConfig& config,
                                 double uniform) {
  SamplerScratch scratch;
  return sample(kernels::kernel_table(), logits, config, uniform, scratch);
}

/// All tokens that some number in [0, 1) draws.
std::set<int32_t> reachable(const std::vector<float>& logits, const SamplingConfig& config) {
  std::set<int32_t> tokens;
  for (int i = 0; i < 2000; ++i) tokens.insert(*sample_at(logits, config, i / 2000.0));
  return tokens;
}

std::vector<float> log_probs(std::vector<float> probs) {
  for (float& p : probs) p = std::log(p);
  return probs;
}

TEST(SamplerTest, TemperatureZeroTakesTheMostProbableAndTheFirstAmongEquals) {
  EXPECT_EQ(sample_at({1, 5, 5, 2}, {.temperature = 0}, 0.99), 1);
}

TEST(SamplerTest, AllMaskedGivesNothing) {
  EXPECT_FALSE(sample_at({kMasked, kMasked}, {.temperature = 0}, 0.5).has_value());
  EXPECT_FALSE(sample_at({kMasked, kMasked}, {.temperature = 1}, 0.5).has_value());
}

TEST(SamplerTest, MaskedTokensAreNeverDrawn) {
  EXPECT_EQ(reachable({0, kMasked, 0, kMasked}, {.temperature = 1, .top_p = 1}),
            (std::set<int32_t>{0, 2}));
}

TEST(SamplerTest, UniformNumbersMapToIdsInOrder) {
  const auto logits = log_probs({0.25f, 0.5f, 0.25f});
  const SamplingConfig config{.temperature = 1, .top_p = 1};
  EXPECT_EQ(sample_at(logits, config, 0.0), 0);
  EXPECT_EQ(sample_at(logits, config, 0.24), 0);
  EXPECT_EQ(sample_at(logits, config, 0.26), 1);
  EXPECT_EQ(sample_at(logits, config, 0.74), 1);
  EXPECT_EQ(sample_at(logits, config, 0.76), 2);
  EXPECT_EQ(sample_at(logits, config, 0.9999999), 2);
}

TEST(SamplerTest, TopPKeepsTheSmallestSetOfThatMass) {
  const auto logits = log_probs({0.1f, 0.4f, 0.2f, 0.3f});
  EXPECT_EQ(reachable(logits, {.temperature = 1, .top_p = 0.35}), (std::set<int32_t>{1}));
  EXPECT_EQ(reachable(logits, {.temperature = 1, .top_p = 0.65}), (std::set<int32_t>{1, 3}));
  EXPECT_EQ(reachable(logits, {.temperature = 1, .top_p = 0.85}), (std::set<int32_t>{1, 2, 3}));
  EXPECT_EQ(reachable(logits, {.temperature = 1, .top_p = 0.95}), (std::set<int32_t>{0, 1, 2, 3}));
}

TEST(SamplerTest, TopPIsThatOfAFullSortOnRandomLogits) {
  RandomStream stream{RandomKey(5)};
  for (int round = 0; round < 50; ++round) {
    std::vector<float> logits(200);
    for (float& l : logits) l = static_cast<float>(8 * stream.uniform());
    const double top_p = 0.05 + 0.9 * stream.uniform();
    std::vector<int32_t> order(200);
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
      return logits[static_cast<size_t>(a)] > logits[static_cast<size_t>(b)];
    });
    double sum = 0, reached = 0;
    for (const float l : logits) sum += std::exp(static_cast<double>(l));
    std::set<int32_t> expected;
    for (size_t i = 0; i < order.size() && reached < top_p * sum; ++i) {
      expected.insert(order[i]);
      reached += std::exp(static_cast<double>(logits[static_cast<size_t>(order[i])]));
    }
    SamplerScratch scratch;
    sample(kernels::kernel_table(), logits, {.temperature = 1, .top_p = top_p}, 0.5, scratch);
    const auto end = scratch.kept.begin() + static_cast<std::ptrdiff_t>(scratch.num_kept);
    EXPECT_EQ(std::set<int32_t>(scratch.kept.begin(), end), expected) << "top_p " << top_p;
  }
}

TEST(SamplerTest, TopKKeepsKAndEqualLogitsAtTheBorder) {
  EXPECT_EQ(reachable({1, 3, 2, 0}, {.temperature = 1, .top_p = 1, .top_k = 2}),
            (std::set<int32_t>{1, 2}));
  EXPECT_EQ(reachable({1, 3, 1, 0}, {.temperature = 1, .top_p = 1, .top_k = 2}),
            (std::set<int32_t>{0, 1, 2}));
  EXPECT_EQ(reachable({1, 3, 1, 0}, {.temperature = 1, .top_p = 1, .top_k = 9}).size(), 4u);
}

TEST(SamplerTest, MinPDropsWhatIsRareBesideTheMostProbable) {
  const auto logits = log_probs({0.1f, 0.4f, 0.2f, 0.3f});
  EXPECT_EQ(reachable(logits, {.temperature = 1, .top_p = 1, .min_p = 0.6}),
            (std::set<int32_t>{1, 3}));
  EXPECT_EQ(reachable(logits, {.temperature = 1, .top_p = 1, .min_p = 1}), (std::set<int32_t>{1}));
}

TEST(SamplerTest, FrequenciesFollowTheProbabilities) {
  const auto logits = log_probs({0.1f, 0.6f, 0.3f});
  const RandomKey key(9);
  std::vector<int> counts(3);
  for (uint64_t i = 0; i < 20000; ++i)
    ++counts[static_cast<size_t>(
        *sample_at(logits, {.temperature = 1, .top_p = 1}, key.uniform(i)))];
  EXPECT_NEAR(counts[0], 2000, 150);
  EXPECT_NEAR(counts[1], 12000, 250);
}

TEST(SamplerTest, RepetitionPenaltyLowersSeenTokensOnce) {
  std::vector<float> logits{2, -2, 3};
  SamplerScratch scratch;
  apply_repetition_penalty(logits, std::vector<int32_t>{0, 0, 1}, 2, scratch);
  EXPECT_EQ(logits, (std::vector<float>{1, -4, 3}));
}

TEST(SamplerTest, ATokenThatWouldRepeatAnNgramIsForbidden) {
  std::vector<float> logits(5, 0);
  forbid_repeated_ngrams(logits, std::vector<int32_t>{1, 2, 3, 1, 2}, 3);
  EXPECT_EQ(logits, (std::vector<float>{0, 0, 0, kMasked, 0}));
  logits.assign(5, 0);
  forbid_repeated_ngrams(logits, std::vector<int32_t>{1, 4}, 1);
  EXPECT_EQ(logits, (std::vector<float>{0, kMasked, 0, 0, kMasked}));
  logits.assign(5, 0);
  forbid_repeated_ngrams(logits, std::vector<int32_t>{1, 2}, 3);
  EXPECT_EQ(logits, (std::vector<float>(5, 0)));
}

TEST(SamplerTest, TheLargestAreThoseOfAFullSort) {
  RandomStream stream{RandomKey(6)};
  SamplerScratch scratch;
  for (const size_t size : {1, 7, 64, 300, 1500}) {
    std::vector<float> logits(size);
    for (float& l : logits)
      l = stream.below(3) == 0 ? kMasked : static_cast<float>(stream.below(40)) - 20;  // many equal
    std::vector<int32_t> order;
    for (size_t i = 0; i < size; ++i) {
      if (logits[i] != kMasked) order.push_back(static_cast<int32_t>(i));
    }
    std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
      return logits[static_cast<size_t>(a)] > logits[static_cast<size_t>(b)];
    });
    for (const size_t count :
         {size_t{0}, size_t{1}, size_t{2}, size_t{5}, size_t{33}, size, 2 * size}) {
      const auto ids = largest(kernels::kernel_table(), logits, count, scratch);
      const std::vector<int32_t> expected(
          order.begin(),
          order.begin() + static_cast<std::ptrdiff_t>(std::min(count, order.size())));
      EXPECT_EQ(std::vector<int32_t>(ids.begin(), ids.end()), expected) << count << " of " << size;
    }
  }
  EXPECT_TRUE(largest(kernels::kernel_table(), std::vector<float>(9, kMasked), 4, scratch).empty());
}

TEST(SamplerTest, SettingsOutOfRangeAreRefused) {
  EXPECT_THROW(validate({.temperature = -1}), InvalidInput);
  EXPECT_THROW(validate({.top_p = 0}), InvalidInput);
  EXPECT_THROW(validate({.max_new_tokens = 0}), InvalidInput);
  EXPECT_THROW(sample_at({0, std::nanf("")}, {.temperature = 1}, 0.5), InvalidInput);
}

}  // namespace
}  // namespace vitrine::generation
