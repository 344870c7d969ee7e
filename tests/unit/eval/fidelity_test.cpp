#include "eval/fidelity.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "data/advertisegen.h"

namespace vitrine::eval {
namespace {

data::Product product(const std::string& content, const std::string& summary) {
  data::Product made = data::product_from_content(content);
  made.summary = summary;
  return made;
}

CopyItem item(const std::string& content) { return make_copy_set(std::vector{product(content, "文案")})[0]; }

/// 裙 in 3 products, 简约 in 2, 波点 and 纯棉 in 1 each.
const TrainTable& train() {
  static const std::vector<data::Product> rows = {product("类型#裙*风格#简约", "一"), product("类型#裙*风格#简约*图案#波点", "二"),
                                                  product("类型#裙*材质#纯棉", "三")};
  static const TrainTable table(rows);
  return table;
}

TEST(CoverageTest, RepeatedPairsCountEach) {
  EXPECT_DOUBLE_EQ(coverage(item("类型#裙*风格#简约*风格#简约*图案#波点"), U"简约的裙子"), 3.0 / 4);
}

TEST(CoverageTest, SynonymsCountInTheSecondNumberOnly) {
  const CopyItem silk = item("材质#蚕丝*类型#裙");
  const SynonymTable synonyms = {{U"蚕丝", {U"真丝", U"桑蚕丝"}}};
  EXPECT_DOUBLE_EQ(coverage(silk, U"真丝裙"), 0.5);
  EXPECT_DOUBLE_EQ(coverage_by_synonym(silk, U"真丝裙", synonyms), 1);
}

TEST(CoverageTest, RareRecallLooksAtValuesUpToTheLimit) {
  const CopyItem some = item("类型#裙*图案#波点*颜色#藏青");  // df 3, 1, 0
  EXPECT_DOUBLE_EQ(rare_coverage(some, U"波点裙", train(), 1), 0.5);
  EXPECT_TRUE(std::isnan(rare_coverage(item("类型#裙"), U"裙", train(), 1)));
}

TEST(PrecisionTest, ForeignValuesCountAgainstTheText) {
  const CopyItem dress = item("类型#连衣裙*图案#波点");
  EXPECT_DOUBLE_EQ(value_precision(dress, U"波点连衣裙", train()), 1);  // 裙 stands only inside 连衣裙
  EXPECT_DOUBLE_EQ(value_precision(dress, U"纯棉连衣裙", train()), 0.5);
  EXPECT_TRUE(std::isnan(value_precision(dress, U"好看", train())));
}

TEST(DistinctivePointTest, TheRarestValueIsTakenAndTiesGoByCodePoint) {
  EXPECT_EQ(distinctive_pair(item("类型#裙*图案#波点*风格#简约"), train()), 1u);
  EXPECT_EQ(distinctive_pair(item("图案#纯棉*材质#波点"), train()), 1u);  // 波 U+6CE2 < 纯 U+7EAF, both df 1
  EXPECT_EQ(commonest_pair(item("图案#波点*风格#简约*类型#裙"), train()), 2u);
}

TEST(DistinctivePointTest, OffsetIsIndexOverLengthAndTheFirstSentenceEndsAtItsSign) {
  const Mention early = find_mention(U"波点", U"这款波点裙。好看");
  EXPECT_TRUE(early.found);
  EXPECT_DOUBLE_EQ(early.offset, 2.0 / 8);
  EXPECT_TRUE(early.in_first_sentence);
  EXPECT_FALSE(find_mention(U"波点", U"好看！波点裙").in_first_sentence);
  EXPECT_TRUE(find_mention(U"波点", U"没有句号的波点").in_first_sentence);
  EXPECT_FALSE(find_mention(U"波点", U"条纹").found);
  EXPECT_TRUE(std::isnan(find_mention(U"波点", U"条纹").offset));
}

TEST(ClaimWordTest, AFunctionalWordIsFineWhenTheInputHasIt) {
  EXPECT_TRUE(has_unsupported_function(item("类型#裙"), U"透气的裙"));
  EXPECT_FALSE(has_unsupported_function(item("功能#透气"), U"透气的裙"));
  EXPECT_FALSE(has_unsupported_function(item("类型#裙"), U"好看的裙"));
}

TEST(ClaimWordTest, AMaterialIsFineWhenTheInputHasIt) {
  EXPECT_TRUE(has_unsupported_material(item("类型#裙"), U"网布的裙"));
  EXPECT_FALSE(has_unsupported_material(item("材质#蕾丝"), U"蕾丝的裙"));
  EXPECT_FALSE(has_unsupported_material(item("类型#裙"), U"棉花糖一样的裙"));
}

TEST(ClaimWordTest, HarmlessUsesOfFirstAndMostAreNoHits) {
  EXPECT_FALSE(has_strict_absolute(U"第一眼就喜欢"));
  EXPECT_TRUE(has_strict_absolute(U"第一眼就是全网第一"));
  EXPECT_TRUE(has_strict_absolute(U"100%纯棉"));
  EXPECT_FALSE(has_superlative(U"最后，最近流行"));
  EXPECT_TRUE(has_superlative(U"最后也是最美的"));
  EXPECT_TRUE(has_perfect(U"完美身材"));
}

TEST(DirtTest, PlaceholdersAreFoundInAnyCase) {
  EXPECT_TRUE(has_unknown_token(U"好<unk>看"));
  EXPECT_TRUE(has_brand_token(U"来自Brand的裙"));
  EXPECT_FALSE(has_brand_token(U"来自bran的裙"));
}

TEST(CopySetTest, EqualInputsShareAGroupAndAreNotSingle) {
  const CopySet set = make_copy_set(std::vector{product("类型#裙", "甲"), product("类型#裤", "乙"), product("类型#裙", "丙")});
  EXPECT_EQ(set[0].group, set[2].group);
  EXPECT_NE(set[0].group, set[1].group);
  EXPECT_FALSE(set[0].single);
  EXPECT_TRUE(set[1].single);
  EXPECT_THROW(make_copy_set(std::vector{product("类型#裙", " ")}), InvalidInput);
}

TEST(TrainTableTest, AProductCountsAValueOnce) {
  const std::vector<data::Product> rows = {product("颜色#纯色*图案#纯色", "甲"), product("图案#纯色*类型#裙", "乙")};
  const TrainTable table(rows);
  EXPECT_EQ(table.value_df(U"纯色"), 2);
  EXPECT_EQ(table.value_df(U"裙"), 1);
  EXPECT_EQ(table.value_df(U"裤"), 0);
  EXPECT_DOUBLE_EQ(table.rare_df(), 1.2);  // 20 % between 1 and 2
}

TEST(LeakageTest, SharedRowsAndTextsAreCounted) {
  const std::vector<data::Product> train_rows = {product("类型#裙", "甲"), product("类型#裤", "乙")};
  const std::vector<data::Product> rows = {product("类型#裙", "甲"), product("类型#裙", "丙"), product("类型#衣", "乙")};
  const Leakage leakage = find_leakage(train_rows, rows);
  EXPECT_EQ(leakage.rows, 1);
  EXPECT_EQ(leakage.texts, 2);
  EXPECT_EQ(leakage.inputs, 2);
  EXPECT_EQ(leakage.first, rows[0].id);
}

}  // namespace
}  // namespace vitrine::eval
