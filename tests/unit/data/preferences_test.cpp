// The records of preferences: what is read, what is refused, which pairs a list gives.
#include "data/preferences.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"

namespace vitrine::data {
namespace {

Json list_json() {
  return parse_json(
      R"({"product_id":"p1","prompt":"类型#裙","candidates":["甲","乙","丙","丁"],"order":[2,[0,3]],)"
      R"("source":"pick","weight":0.5,"user":"u1"})",
      "test");
}

std::string refusal(const Json& json) {
  try {
    ranked_list_from_json(json, "a.jsonl row 3");
  } catch (const InvalidInput& error) {
    return error.what();
  }
  return "";
}

std::string refusal_with(std::string_view field, Json value) {
  Json json = list_json();
  json[field] = std::move(value);
  return refusal(json);
}

TEST(RankedListTest, GivesEveryTextOfATierBeforeEveryTextOfALaterOne) {
  const auto pairs = pairs_of(ranked_list_from_json(list_json(), "test"));
  const std::vector<PreferencePair> expected = {{"p1", "类型#裙", "丙", "甲", "pick", "", 0.5},
                                                {"p1", "类型#裙", "丙", "丁", "pick", "", 0.5}};
  EXPECT_EQ(pairs, expected);
}

TEST(RankedListTest, IsWrittenAsItWasRead) {
  EXPECT_EQ(dump_line(to_json(ranked_list_from_json(list_json(), "test"))), dump_line(list_json()));
}

TEST(RankedListTest, WithoutAnOrderGivesNoPair) {
  Json json = list_json();
  json["order"] = Json::array();
  EXPECT_TRUE(pairs_of(ranked_list_from_json(json, "test")).empty());
}

TEST(RankedListTest, WithoutAProductIdBelongsToItsPrompt) {
  Json json = list_json();
  json.erase("product_id");
  EXPECT_EQ(ranked_list_from_json(json, "test").product_id, product_id_of_prompt("类型#裙"));
}

TEST(RankedListTest, NamesPlaceFieldAndValueOfWhatItRefuses) {
  EXPECT_EQ(refusal_with("order", Json::array({0, 4})),
            "[ranked_list_from_json] a.jsonl row 3, order[1]: BAD_ORDER: '4'");
  EXPECT_EQ(refusal_with("order", Json::array({0, 0})),
            "[ranked_list_from_json] a.jsonl row 3, order[1]: BAD_ORDER: '0'");
  EXPECT_EQ(refusal_with("order", Json::array({0, Json::array()})),
            "[ranked_list_from_json] a.jsonl row 3, order[1]: BAD_ORDER: '[]'");
  EXPECT_EQ(refusal_with("candidates", Json::array({"甲"})),
            "[ranked_list_from_json] a.jsonl row 3, candidates: LIST_ONE_SIDED: '[\"甲\"]'");
  EXPECT_EQ(refusal_with("candidates", Json::array({"甲", " "})),
            "[ranked_list_from_json] a.jsonl row 3, candidates[1]: EMPTY_TEXT: ' '");
  EXPECT_EQ(refusal_with("weight", 0),
            "[ranked_list_from_json] a.jsonl row 3, weight: BAD_WEIGHT: '0'");
  EXPECT_EQ(refusal_with("weight", std::nan("")),
            "[ranked_list_from_json] a.jsonl row 3, weight: BAD_WEIGHT: 'null'");
  EXPECT_EQ(refusal_with("source", "guess"),
            "[ranked_list_from_json] a.jsonl row 3, source: BAD_SOURCE: 'guess'");
  EXPECT_EQ(refusal(Json::array()), "[ranked_list_from_json] a.jsonl row 3: BAD_FIELD: '[]'");
  Json json = list_json();
  json.erase("prompt");
  EXPECT_EQ(refusal(json), "[ranked_list_from_json] a.jsonl row 3, prompt: MISSING_REQUIRED");
}

TEST(RankedListTest, RefusesEqualTextsOfDifferentTiersOnly) {
  EXPECT_EQ(refusal_with("candidates", Json::array({"甲", "乙", "甲", "丁"})),
            "[ranked_list_from_json] a.jsonl row 3, order: PAIR_EQUAL: '甲'");
  EXPECT_EQ(refusal_with("candidates", Json::array({"甲", "乙", "丙", "甲"})), "");
}

TEST(PreferencePairTest, IsWrittenAsItWasRead) {
  const Json json = parse_json(
      R"({"product_id":"p1","prompt":"类型#裙","chosen":"甲","rejected":"乙","source":"synthetic","type":"banned_term","weight":1.0})",
      "test");
  const auto pair = preference_pair_from_json(json, "test");
  EXPECT_EQ(dump_line(to_json(pair)), dump_line(json));
  EXPECT_EQ(pairs_of(list_of(pair)), std::vector{pair});
}

TEST(PreferencePairTest, RefusesEqualSides) {
  const Json json =
      parse_json(R"({"prompt":"类型#裙","chosen":"甲","rejected":"甲","source":"pick"})", "test");
  PreferencePair pair;
  const auto problem = read_preference_pair(json, pair);
  ASSERT_TRUE(problem);
  EXPECT_EQ(problem->code, "PAIR_EQUAL");
}

TEST(SplitPositionTest, DependsOnProductAndNameAndFillsTheUnitInterval) {
  EXPECT_EQ(split_position("p1", "ranker"), split_position("p1", "ranker"));
  EXPECT_NE(split_position("p1", "ranker"), split_position("p1", "judge"));
  int below = 0;
  for (int i = 0; i < 1000; ++i) {
    const double at = split_position(concat("p", i), "ranker");
    ASSERT_TRUE(at >= 0 && at < 1);
    below += at < 0.1;
  }
  EXPECT_NEAR(below, 100, 40);  // four standard deviations
}

}  // namespace
}  // namespace vitrine::data
