#include "copywriting/plan.h"

#include <gtest/gtest.h>

#include "data/advertisegen.h"

namespace vitrine::copywriting {
namespace {

using data::product_from_content;
using Names = std::vector<std::string>;

/// 裙: 10 products; 黑色 8, 简约 5, 荷叶边 2, v领 2, 纯色 2.
data::AttributeStatistics small_statistics() {
  const Names rows{"类型#裙*颜色#黑色*风格#简约*裙下摆#荷叶边", "类型#裙*颜色#黑色*风格#简约*裙下摆#荷叶边",
                   "类型#裙*颜色#黑色*风格#简约*裙领型#v领",    "类型#裙*颜色#黑色*风格#简约*裙领型#v领",
                   "类型#裙*颜色#黑色*风格#简约",               "类型#裙*颜色#黑色",
                   "类型#裙*颜色#黑色",                         "类型#裙*颜色#黑色",
                   "类型#裙*颜色#纯色*图案#纯色",               "类型#裙*颜色#纯色*图案#纯色"};
  data::AttributeStatistics statistics;
  for (const auto& row : rows) statistics.add(product_from_content(row));
  return statistics;
}

Names values_of(const Plan& plan) {
  Names out;
  for (const auto& p : plan.points) out.push_back(p.value);
  return out;
}

Plan plan_of(const std::string& content, const Names& pinned = {}, const Names& order = {}, PlanConfig config = {}) {
  return make_plan(product_from_content(content), small_statistics(), config, pinned, order);
}

TEST(PlanTest, TheNounComesFirstAndRarePointsFollowBeforeCommonOnes) {
  const Plan plan = plan_of("类型#裙*颜色#黑色*风格#简约*裙领型#v领*裙下摆#荷叶边*裙长#连衣裙");
  EXPECT_EQ(values_of(plan), (Names{"连衣裙", "v领", "荷叶边", "简约", "黑色"}));  // v领 = 荷叶边: code points
  EXPECT_EQ(plan.points[0].attr_idx, (std::vector<int>{0, 5}));
  EXPECT_GT(plan.points[1].score_idf, plan.points[3].score_idf);
}

TEST(PlanTest, AStyleThatIsNoGarmentIsNotTheNoun) {
  EXPECT_EQ(values_of(plan_of("类型#上衣*颜色#黑色*衣样式#宽松")).front(), "上衣");
  EXPECT_EQ(values_of(plan_of("类型#上衣*颜色#黑色*衣样式#衬衫")).front(), "衬衫");
}

TEST(PlanTest, ACategoryGoesBeforeANounThatSaysLess) {
  data::Product product = product_from_content("裙长#长裙*颜色#黑色");
  const auto noun_in = [&](const std::string& category) {
    product.category_path = {"女装", category};
    return make_plan(product, small_statistics(), {}, {}, {}).points.at(0).value;
  };
  EXPECT_EQ(noun_in("连衣裙"), "连衣裙");
  EXPECT_EQ(noun_in("裙"), "长裙");
}

TEST(PlanTest, TheOperatorsOrderIsKeptExactly) {
  const std::string content = "类型#裙*颜色#黑色*风格#简约*裙领型#v领*裙下摆#荷叶边*裙长#连衣裙";
  EXPECT_EQ(values_of(plan_of(content, {}, {"颜色", "裙下摆#荷叶边"})), (Names{"连衣裙", "黑色", "荷叶边", "v领", "简约"}));
  EXPECT_EQ(values_of(plan_of(content, {}, {"颜色", "裙长"})), (Names{"黑色", "连衣裙", "v领", "荷叶边", "简约"}));
  EXPECT_EQ(values_of(plan_of(content, {}, {"袖长"})), values_of(plan_of(content)));
}

TEST(PlanTest, EqualValuesOfKindredKeysAreOnePoint) {
  const Plan plan = plan_of("类型#裙*图案#纯色*颜色#纯色*风格#简约");
  EXPECT_EQ(values_of(plan), (Names{"裙", "纯色", "简约"}));
  EXPECT_EQ(plan.points[1].key, "颜色");
  EXPECT_EQ(plan.points[1].attr_idx, (std::vector<int>{1, 2}));
  EXPECT_EQ(values_of(plan_of("早餐#无*停车#无")), (Names{"无", "无"}));  // not kindred
}

TEST(PlanTest, SparsePairsAreDroppedButNeverPinnedOnes) {
  PlanConfig config;
  config.drop_sparse = true;
  config.min_tfidf = 0.5;  // 裙领型#v领: 2/10 * 2.299 = 0.460; 风格#简约: 5/10 * 1.606 = 0.803
  const std::string content = "类型#裙*颜色#黑色*风格#简约*裙领型#v领";
  const Plan plan = plan_of(content, {}, {}, config);
  EXPECT_EQ(values_of(plan), (Names{"裙", "简约", "黑色"}));
  ASSERT_EQ(plan.dropped.size(), 1u);
  EXPECT_EQ(plan.dropped[0].attribute_id, "a4");
  EXPECT_NEAR(plan.dropped[0].tf_idf, 0.4599, 1e-3);
  EXPECT_EQ(values_of(plan_of(content, {"裙领型"}, {}, config)), (Names{"裙", "v领", "简约", "黑色"}));
  config.drop_sparse = false;
  EXPECT_EQ(values_of(plan_of(content, {}, {}, config)), (Names{"裙", "v领", "简约", "黑色"}));
}

TEST(PlanTest, GroupsHoldEveryPointOnceAndKeysTogether) {
  const Plan plan = plan_of("类型#裙*风格#简约*风格#文艺*裙领型#v领*裙下摆#荷叶边*颜色#黑色*裙款式#拼接*裙长#连衣裙");
  EXPECT_EQ(plan.groups.size(), 3u);
  EXPECT_EQ(plan.groups[0][0], 0);
  std::vector<int> seen(plan.points.size(), 0), group_of(plan.points.size(), -1);
  for (size_t g = 0; g < plan.groups.size(); ++g) {
    for (const int i : plan.groups[g]) {
      ++seen[static_cast<size_t>(i)];
      group_of[static_cast<size_t>(i)] = static_cast<int>(g);
    }
  }
  EXPECT_EQ(seen, std::vector<int>(plan.points.size(), 1));
  for (size_t i = 0; i < plan.points.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      const bool same_key = plan.points[i].key == plan.points[j].key;
      EXPECT_TRUE(!same_key || group_of[i] == group_of[j]) << plan.points[i].key;
    }
  }
}

TEST(PlanTest, ACategoryThatTheStatisticsLackKeepsTheOrderOfTheSource) {
  data::Product product = product_from_content("面积#85㎡*景观#竹海*床型#1.8米大床2张");
  product.category_path = {"民宿"};
  const Plan plan = make_plan(product, small_statistics(), {});
  EXPECT_EQ(values_of(plan), (Names{"民宿", "85㎡", "竹海", "1.8米大床2张"}));
  EXPECT_TRUE(plan.points[0].attr_idx.empty());
}

TEST(PlanTest, WishesThatNoProductHasAreTold) {
  const std::vector<data::Product> products{product_from_content("类型#裙*颜色#黑色"), product_from_content("类型#裤")};
  EXPECT_EQ(unknown_wishes(products, {"颜色", "颜色#红色", "类型#裤", "不存在", "不存在"}), (Names{"颜色#红色", "不存在"}));
}

TEST(PlanTest, TheTypeIsNeverDroppedAsSparse) {
  PlanConfig config;
  config.drop_sparse = true;
  config.min_tfidf = 1;
  data::Product product = product_from_content("类型#裙*类型#短裙*颜色#黑色");
  const Plan plan = make_plan(product, small_statistics(), config);
  ASSERT_EQ(plan.dropped.size(), 1u);
  EXPECT_EQ(plan.dropped[0].key, "颜色");
}

TEST(PlanTest, TheRecordNamesAttributesByTheirIds) {
  const data::Product product = product_from_content("类型#裙*裙领型#v领");
  const Json json = to_json(make_plan(product, small_statistics(), {}));
  EXPECT_EQ(json["points"][1]["attr_ids"][0], product.attributes[1].id);
  EXPECT_EQ(json["groups"].dump(), "[[0,1]]");
}

}  // namespace
}  // namespace vitrine::copywriting
