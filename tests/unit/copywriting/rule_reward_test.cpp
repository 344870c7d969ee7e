#include "copywriting/rule_reward.h"

#include <gtest/gtest.h>

#include <cmath>

#include "copywriting/distinctive_point.h"

namespace vitrine::copywriting {
namespace {

data::Product product(std::initializer_list<std::pair<const char*, const char*>> pairs) {
  data::Product result;
  for (const auto& [key, value] : pairs) data::add_attribute(result, key, value);
  return result;
}

TEST(DistinctivePointTest, TheRarestValueIsTheDistinctiveOneTiesInCodePointOrder) {
  ValueFrequencies frequencies;
  frequencies.add(product({{"类型", "裙"}, {"风格", "简约"}}));
  frequencies.add(product({{"类型", "裙"}, {"风格", "复古"}, {"图案", "复古"}}));
  frequencies.add(product({{"类型", "裙"}, {"风格", "简约"}}));
  EXPECT_EQ(frequencies.df("复古"), 1);  // once a product, whatever its keys
  EXPECT_EQ(frequencies.distinctive_value(product({{"类型", "裙"}, {"风格", "简约"}, {"风格", "复古"}})), "复古");
  EXPECT_EQ(frequencies.distinctive_value(product({{"风格", "B"}, {"风格", "A"}})), "A");
  EXPECT_EQ(frequencies.distinctive_value(product({})), "");
}

TEST(DistinctivePointTest, ThePlaceIsTheFirstIndexOverTheLength) {
  const auto place = find_point(U"这条裙子好看。蕾丝的面料。", U"蕾丝");
  ASSERT_TRUE(place);
  EXPECT_DOUBLE_EQ(place->offset, 7.0 / 13);
  EXPECT_FALSE(place->in_first_sentence);
  EXPECT_TRUE(find_point(U"蕾丝的裙子", U"蕾丝")->in_first_sentence);  // a text without an end
  EXPECT_FALSE(find_point(U"裙子", U"蕾丝"));
  EXPECT_FALSE(find_point(U"裙子", U""));
}

TEST(RuleRewardTest, EachPartPullsInItsDirection) {
  const RuleRewardConfig config;
  RewardParts good;
  good.coverage = 1;
  good.point_said = good.point_first = true;
  good.point_offset = 0.1;
  const double best = rule_reward(good, config);
  const auto worse = [&](auto change) {
    RewardParts parts = good;
    change(parts);
    return rule_reward(parts, config) < best;
  };
  EXPECT_TRUE(worse([](RewardParts& p) { p.coverage = 0.8; }));
  EXPECT_TRUE(worse([](RewardParts& p) { p.point_first = false; }));
  EXPECT_TRUE(worse([](RewardParts& p) { p.point_offset = 0.5; }));
  EXPECT_TRUE(worse([](RewardParts& p) { p.point_said = false; }));
  EXPECT_TRUE(worse([](RewardParts& p) { p.hits = 2; }));
  EXPECT_TRUE(worse([](RewardParts& p) { p.repetition = 0.2; }));
  EXPECT_TRUE(worse([](RewardParts& p) { p.length_gap = 0.5; }));
  EXPECT_TRUE(worse([](RewardParts& p) { p.fluency = -1; }));
  EXPECT_TRUE(worse([](RewardParts& p) { p.commonness = 3; }));
}

TEST(RuleRewardTest, PartsGoThroughJsonUnchanged) {
  RewardParts parts;
  parts.may_leave = false;
  parts.hits = 3;
  parts.coverage = 0.75;
  parts.point_said = true;
  parts.point_offset = 0.25;
  parts.fluency = -2.5;
  parts.commonness = 1.5;
  EXPECT_EQ(to_json(reward_parts_from(to_json(parts))), to_json(parts));
}

TEST(RuleRewardTest, WhatManyProductsShareIsCommon) {
  NgramFrequencies ngrams;
  for (int i = 0; i < 8; ++i) ngrams.add(std::vector<std::u32string>{U"优雅大方的裙子", U"优雅大方的裙子"});
  ngrams.add(std::vector<std::u32string>{U"独特的刺绣工艺"});
  EXPECT_DOUBLE_EQ(ngrams.commonness(U"优雅大方"), std::log(8.0));
  EXPECT_DOUBLE_EQ(ngrams.commonness(U"独特的刺"), 0);
  EXPECT_DOUBLE_EQ(ngrams.commonness(U"从未见过"), 0);
  EXPECT_DOUBLE_EQ(ngrams.commonness(U"短"), 0);
}

}  // namespace
}  // namespace vitrine::copywriting
