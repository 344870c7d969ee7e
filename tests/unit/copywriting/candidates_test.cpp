#include "copywriting/candidates.h"

#include <gtest/gtest.h>

namespace vitrine::copywriting {
namespace {

data::Product product_with(std::initializer_list<std::pair<const char*, const char*>> pairs) {
  data::Product product;
  for (const auto& [key, value] : pairs) {
    data::Attribute attribute;
    attribute.key = attribute.key_raw = key;
    attribute.val = attribute.val_raw = value;
    product.attributes.push_back(attribute);
  }
  return product;
}

Candidate candidate(int index, std::string text, std::vector<std::string> faults = {}) {
  Candidate c;
  c.index = index;
  c.text = std::move(text);
  c.faults = std::move(faults);
  return c;
}

TEST(CandidatesTest, FullerCoverageComesFirstAndFaultsLast) {
  const auto product = product_with({{"材质", "蕾丝"}, {"裙长", "连衣裙"}});
  std::vector<Candidate> candidates{candidate(0, "蕾丝很美，优雅大方。"), candidate(1, "蕾丝连衣裙，优雅大方。", {"cut_off"}),
                                    candidate(2, "这款蕾丝连衣裙很美。")};
  order_candidates(candidates, product, {}, {});
  EXPECT_EQ(candidates[0].index, 2);
  EXPECT_EQ(candidates[1].index, 0);
  EXPECT_EQ(candidates[2].index, 1);
  EXPECT_DOUBLE_EQ(candidates[0].coverage, 1.0);
  EXPECT_DOUBLE_EQ(candidates[1].coverage, 0.5);
}

TEST(CandidatesTest, AmongEqualsTheOneThatAgreesWithTheOthersComesFirst) {
  const auto product = product_with({{"材质", "蕾丝"}});
  std::vector<Candidate> candidates{candidate(0, "蕾丝撞见夏夜晚风。"), candidate(1, "蕾丝面料优雅大方。"), candidate(2, "蕾丝面料十分优雅大方。")};
  order_candidates(candidates, product, {}, {});
  EXPECT_NE(candidates[0].index, 0);
  EXPECT_EQ(candidates[2].index, 0);
}

TEST(CandidatesTest, GroupsCountOnlyInThePlansOrder) {
  Plan plan;
  plan.points.resize(2);
  plan.points[0].value = "蕾丝";
  plan.points[1].value = "v领";
  plan.groups = {{0}, {1}};
  EXPECT_TRUE(says_groups_in_order("蕾丝面料。v领设计。", plan));
  EXPECT_FALSE(says_groups_in_order("v领设计。蕾丝面料。", plan));
  EXPECT_FALSE(says_groups_in_order("蕾丝面料。", plan));
}

TEST(CandidatesTest, LikenessIsOneForEqualTextsAndZeroForTextsThatShareNothing) {
  EXPECT_DOUBLE_EQ(mean_pairwise_rouge_l({candidate(0, "优雅"), candidate(1, "优雅")}), 1.0);
  EXPECT_DOUBLE_EQ(mean_pairwise_rouge_l({candidate(0, "优雅"), candidate(1, "宽松")}), 0.0);
  EXPECT_DOUBLE_EQ(mean_pairwise_rouge_l({candidate(0, "优雅")}), 0.0);
}

}  // namespace
}  // namespace vitrine::copywriting
