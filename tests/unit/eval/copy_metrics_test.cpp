#include "eval/copy_metrics.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "data/advertisegen.h"
#include "eval/anchors.h"

namespace vitrine::eval {
namespace {

data::Product product(const std::string& content, const std::string& summary) {
  data::Product made = data::product_from_content(content);
  made.summary = summary;
  return made;
}

class CopyMetricsTest : public ::testing::Test {
 protected:
  const MetricValue& value(const SystemReport& report, Metric metric) const { return report.all[static_cast<size_t>(metric)]; }

  std::vector<data::Product> train_ = {product("类型#裙*风格#简约", "简约的裙子"), product("类型#裤*图案#条纹", "条纹的裤子")};
  std::vector<data::Product> products_ = {product("类型#裙*风格#简约", "简约裙，好看"), product("类型#裙*风格#简约", "好看的简约裙"),
                                          product("类型#裤*图案#条纹", "条纹裤")};
  CopySet set_ = make_copy_set(products_);
  TrainTable table_{train_};
  SynonymTable synonyms_;
  CopyScorer scorer_{set_, table_, synonyms_, {.resamples = 50}};
};

TEST_F(CopyMetricsTest, TheHumanTextScoresFullAgainstItself) {
  const SystemReport report = scorer_.score({"human", {{"", {"简约裙，好看", "好看的简约裙", "条纹裤"}, {}}}});
  EXPECT_DOUBLE_EQ(value(report, Metric::char_rouge_l).value, 100);
  EXPECT_DOUBLE_EQ(value(report, Metric::coverage).value, 100);
  EXPECT_EQ(value(report, Metric::coverage).n, 3u);
  EXPECT_EQ(report.single[static_cast<size_t>(Metric::coverage)].n, 1u);
  EXPECT_DOUBLE_EQ(value(report, Metric::mean_length).value, 5);
}

TEST_F(CopyMetricsTest, SeveralSeedsGiveMeanAndSpread) {
  const SystemReport report = scorer_.score({"model", {{"seed 0", {"简约裙", "简约裙", "条纹裤"}, {}}, {"seed 1", {"裙", "裙", "裤"}, {}}}});
  const MetricValue& coverage = value(report, Metric::coverage);
  EXPECT_DOUBLE_EQ(coverage.value, 75);
  EXPECT_EQ(coverage.by_run, (std::vector<double>{100, 50}));
  EXPECT_NEAR(coverage.spread, std::sqrt(1250.0), 1e-9);
  EXPECT_DOUBLE_EQ(coverage.interval.low, 75);  // every row has the same mean over seeds
  EXPECT_DOUBLE_EQ(coverage.interval.high, 75);
}

TEST_F(CopyMetricsTest, RowsThatDoNotCountAreLeftOutOfMeanAndN) {
  const SystemReport report = scorer_.score({"model", {{"", {"好看简约", "无", "无"}, {}}}});
  EXPECT_EQ(value(report, Metric::point_offset).n, 1u);  // 简约 is the point of row 0: df 1 like 裙, lower code point
  EXPECT_DOUBLE_EQ(value(report, Metric::point_offset).value, 0.5);
  EXPECT_EQ(value(report, Metric::point_mention).n, 3u);
}

TEST_F(CopyMetricsTest, CandidatesGiveTheirOwnLikeness) {
  const SystemReport none = scorer_.score({"m", {{"", {"甲", "乙", "丙"}, {}}}});
  EXPECT_EQ(value(none, Metric::candidate_similarity).n, 0u);
  EXPECT_TRUE(std::isnan(value(none, Metric::candidate_similarity).value));
  const SystemReport some = scorer_.score({"m", {{"", {"甲", "乙", "丙"}, {{"甲", "甲"}, {"乙"}, {"丙", "丁"}}}}});
  EXPECT_EQ(value(some, Metric::candidate_similarity).n, 2u);
  EXPECT_DOUBLE_EQ(value(some, Metric::candidate_similarity).value, 50);
}

TEST_F(CopyMetricsTest, AWrongNumberOfTextsIsRejectedWithBothNumbers) {
  try {
    scorer_.score({"model", {{"seed 0", {"一"}, {}}}});
    FAIL() << "accepted";
  } catch (const InvalidInput& e) {
    EXPECT_NE(std::string(e.what()).find("model seed 0: expected 3 texts, got 1"), std::string::npos) << e.what();
  }
  EXPECT_THROW(scorer_.score({"model", {}}), InvalidInput);
}

TEST(AnchorTemplateTest, EachPhraseComesOnlyWithItsKey) {
  EXPECT_EQ(anchor_template(product("类型#裙*颜色#白色*颜色#黑色*裙型#A字*材质#棉*材质#麻", "")), "这款白色A字裙，采用棉、麻面料，穿着舒适亲肤。A字的设计，凸显出女性的优雅气质。");
  EXPECT_EQ(anchor_template(product("类型#裤*版型#宽松*风格#休闲*图案#条纹", "")),
            "这款裤。宽松的版型设计，修饰身材，穿着显瘦。整体呈现休闲的风格，搭配条纹图案，增添了时尚感。");
}

TEST(RetrievalAnchorTest, TheHighestJaccardWinsAndTiesGoToTheFirst) {
  const std::vector<data::Product> train = {product("a#1*b#2*c#3", "甲"), product("a#1", "乙"), product("a#1", "丙")};
  const RetrievalAnchor anchor(train);
  EXPECT_EQ(anchor(product("a#1", "")), "乙");
  EXPECT_EQ(anchor(product("b#2*a#1*a#1", "")), "甲");  // 2/3 against 1/2
  EXPECT_EQ(anchor(product("z#9", "")), "甲");
}

}  // namespace
}  // namespace vitrine::eval
