#include "copywriting/product_graph.h"

#include <gtest/gtest.h>

#include "data/advertisegen.h"

namespace vitrine::copywriting {
namespace {

data::Product product() {
  data::Product p = data::product_from_content("类型#裙*图案#纯色*颜色#纯色*材质#蚕丝");
  p.source.file = "shop.csv";
  p.source.row = 7;
  p.attributes[3].val_raw = "真丝";
  p.attributes[3].evidence_id = "doc-1";
  return p;
}

data::AttributeStatistics statistics() {
  data::AttributeStatistics counts;
  counts.add(data::product_from_content("类型#裙*颜色#纯色"));
  counts.add(data::product_from_content("类型#裙*材质#蚕丝"));
  return counts;
}

TEST(ProductGraphTest, EachPointLeadsToItsAttributesAndTheirEvidence) {
  const data::Product p = product();
  const Json graph = graph_json(p, make_plan(p, statistics(), {}), statistics());
  EXPECT_EQ(graph["product"]["source"].dump(), R"({"file":"shop.csv","row":7})");
  const Json& silk = graph["attributes"][3];
  EXPECT_EQ(silk["raw"], "材质#真丝");
  EXPECT_EQ(silk["canonical"], "材质#蚕丝");
  EXPECT_EQ(silk["df"], 1);
  EXPECT_EQ(silk["n"], 2);
  EXPECT_EQ(silk["evidence_id"], "doc-1");
  EXPECT_EQ(graph["points"][silk["point"].get<size_t>()]["value"], "蚕丝");
  EXPECT_EQ(graph["attributes"][1]["point"], graph["attributes"][2]["point"]);  // 纯色 twice, one point
}

TEST(ProductGraphTest, TheTreeShowsDroppedPairsToo) {
  const data::Product p = product();
  PlanConfig config;
  config.drop_sparse = true;
  config.min_tfidf = 0.8;  // 材质#蚕丝: 1/2 * 1.405 = 0.703
  const std::string tree = graph_tree(p, make_plan(p, statistics(), config), statistics());
  EXPECT_NE(tree.find("shop.csv:7"), std::string::npos) << tree;
  EXPECT_NE(tree.find("└─ dropped  a4  材质#真丝 → 材质#蚕丝  df 1/2  evidence doc-1"), std::string::npos) << tree;
}

}  // namespace
}  // namespace vitrine::copywriting
