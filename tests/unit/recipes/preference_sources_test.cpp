#include "recipes/preference_sources.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/resource.h"
#include "data/import.h"
#include "text/utf8.h"

namespace vitrine::recipes {
namespace {

/// Shipped rows; the texts of the model are those of a person, one without its last sentence.
class PreferenceSourcesTest : public ::testing::Test {
 protected:
  std::vector<data::Product> products_;
  std::vector<OrderedProduct> ordered_;
  copywriting::ValueFrequencies frequencies_;
  PairSourcesConfig config_;

  void SetUp() override {
    products_ = data::read_products(resource_path("data/advertisegen/train.jsonl"), {}).products;
    products_.resize(200);
    for (const auto& product : products_) {
      frequencies_.add(product);
      OrderedProduct& ordered = ordered_.emplace_back();
      ordered.product_id = product.id;
      for (const double reward : {2.0, 1.0, 0.9}) {
        OrderedSample one;
        const std::u32string text = text::to_utf32(product.summary);
        one.sample.text = text::to_utf8(text.substr(0, text.size() / 3 * static_cast<size_t>(reward == 2.0 ? 3 : reward == 1.0 ? 2 : 1)));
        one.rules = one.reward = reward;
        ordered.samples.push_back(one);
      }
    }
    config_.ranker_pairs = 160;
  }
  PairSets collect(std::span<const data::PreferencePair> given = {}) const {
    return collect_pairs({products_, ordered_, products_, given}, frequencies_, config_, RandomKey(7));
  }
};

TEST_F(PreferenceSourcesTest, EverySourceGivesItsShareAndEachPairKeepsSourceAndWeight) {
  const auto sets = collect();
  EXPECT_EQ(sets.by_source.at("human"), 40);
  EXPECT_EQ(sets.by_source.at("rule"), 56);
  int64_t synthetic = 0;
  for (const auto& [source, count] : sets.by_source) synthetic += source.starts_with("synthetic/") ? count : 0;
  EXPECT_EQ(synthetic, 64);
  for (const auto& pair : sets.training) {
    EXPECT_NE(pair.chosen, pair.rejected);
    EXPECT_EQ(pair.weight, pair.source == "rule" ? config_.rule_weight : 1);
  }
}

TEST_F(PreferenceSourcesTest, NoProductAndNoPromptIsInBothSets) {
  config_.held_out_share = 0.3;
  const auto sets = collect();
  ASSERT_FALSE(sets.held_out.empty());
  std::set<std::string> prompts;
  for (const auto& pair : sets.training) prompts.insert(pair.prompt);
  for (const auto& pair : sets.held_out) EXPECT_FALSE(prompts.contains(pair.prompt)) << pair.prompt;
}

TEST_F(PreferenceSourcesTest, TheRulesPairOnlyTextsThatAreFarEnoughApart) {
  config_.rule_pairs_share = 1;
  config_.human_pairs_share = 0;
  for (const auto& pair : collect().training) EXPECT_GT(pair.chosen.size(), pair.rejected.size());
  config_.least_rule_gap = 5;
  EXPECT_THROW(collect(), InvalidInput);  // no pair is left
}

TEST_F(PreferenceSourcesTest, RulesOrderByTheirOwnRewardAndAfterTheChecks) {
  config_.rule_pairs_share = 1;
  config_.human_pairs_share = 0;
  std::map<std::string, double> rules;
  std::set<std::string> blocked;
  for (auto& product : ordered_) {
    product.samples[1].reward = -1000;  // was not read by the models: its place says nothing of its rules
    product.samples[0].parts.may_leave = false;
    for (const auto& one : product.samples) rules[one.sample.text] = one.rules;
    blocked.insert(product.samples[0].sample.text);
  }
  int64_t over_blocked = 0;
  for (const auto& pair : collect().training) {
    EXPECT_FALSE(blocked.contains(pair.chosen));
    over_blocked += blocked.contains(pair.rejected);
    if (!blocked.contains(pair.rejected)) {
      EXPECT_GE(rules.at(pair.chosen) - rules.at(pair.rejected), config_.least_rule_gap);
    }
  }
  EXPECT_GT(over_blocked, 0);
}

TEST_F(PreferenceSourcesTest, PeopleStandOnlyAgainstTextsOfOpenPlans) {
  config_.human_pairs_share = 1;
  config_.rule_pairs_share = 0;
  for (auto& product : ordered_) product.samples[2].sample.planned = true;
  std::set<std::string> planned;
  for (const auto& product : ordered_) planned.insert(product.samples[2].sample.text);
  for (const auto& pair : collect().training) EXPECT_FALSE(planned.contains(pair.rejected));
}

TEST_F(PreferenceSourcesTest, PicksAreAllTakenWithTheirWeights) {
  const std::vector<data::PreferencePair> picks{{"p", "类型#裙", "好。", "坏。", "pick", "choice", 0.5}};
  const auto sets = collect(picks);
  EXPECT_EQ(sets.by_source.at("pick/choice"), 1);
  for (const auto* set : {&sets.training, &sets.held_out}) {
    for (const auto& pair : *set) EXPECT_EQ(pair.weight, pair.source == "pick" ? 0.5 : pair.source == "rule" ? config_.rule_weight : 1);
  }
}

TEST_F(PreferenceSourcesTest, APickOfAProductIsOnItsSideHoweverItsPromptIsSpelled) {
  config_.held_out_share = 0.5;
  std::vector<data::PreferencePair> picks;
  for (const auto& product : products_) picks.push_back({product.id, "类型#裙*编号#" + product.id, "好。", "坏。", "pick", "choice", 1});
  const auto sets = collect(picks);
  std::set<std::string> training;
  for (const auto& pair : sets.training) training.insert(pair.product_id);
  for (const auto& pair : sets.held_out) EXPECT_FALSE(training.contains(pair.product_id)) << pair.product_id;
}

TEST_F(PreferenceSourcesTest, SharesAboveTheWholeAreRefused) {
  config_.human_pairs_share = 0.7;
  config_.rule_pairs_share = 0.4;
  EXPECT_THROW(collect(), InvalidInput);
}

TEST_F(PreferenceSourcesTest, TheSameKeyGivesTheSamePairs) {
  EXPECT_EQ(collect().training, collect().training);
}

}  // namespace
}  // namespace vitrine::recipes
