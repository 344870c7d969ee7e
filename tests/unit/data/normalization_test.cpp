#include "data/normalization.h"

#include <gtest/gtest.h>

#include "data/advertisegen.h"

namespace vitrine::data {
namespace {

const AttributeNormalizer& normalizer() {
  static const AttributeNormalizer kNormalizer = AttributeNormalizer::load();
  return kNormalizer;
}

TEST(NormalizationTest, RealSilkAndSilkAreOneValue) {
  for (const char* raw : {"真丝", "桑蚕丝", "蚕丝", "真丝面料", "１００％真丝"}) {
    EXPECT_EQ(normalizer().map_pair("面料", raw, "").values.at(0).val, "蚕丝") << raw;
  }
}

TEST(NormalizationTest, AListBecomesSeveralAttributesWithTheSameRawPair) {
  Product product = product_from_content("类型#裙*风格#简约/休闲风*面料#棉95%氨纶5%");
  EXPECT_TRUE(normalizer().normalize(product).empty());
  ASSERT_EQ(product.attributes.size(), 5u);
  EXPECT_EQ(canonical_content(product), "类型#裙*风格#简约*风格#休闲*材质#棉*材质#氨纶");
  EXPECT_EQ(product.attributes[2].id, "a2.2");
  EXPECT_EQ(product.attributes[2].val_raw, "简约/休闲风");
  EXPECT_EQ(product.attributes[4].number, 5);
  EXPECT_EQ(product.attributes[4].unit, "%");
  EXPECT_LT(product.attributes[2].confidence, 1);
}

TEST(NormalizationTest, NormalisingTwiceChangesNothing) {
  Product product = product_from_content("类型#裙*风格#简约/休闲/甲乙丙*领型#圆领");
  normalizer().normalize(product);
  const std::string once = dump_line(to_json(product));
  normalizer().normalize(product);
  EXPECT_EQ(dump_line(to_json(product)), once);
}

TEST(NormalizationTest, WhatNoRuleReachesIsListedAndKept) {
  Product product = product_from_content("奇怪#值*风格#赛博格*风格#简约/量子风");
  const auto unmapped = normalizer().normalize(product);
  ASSERT_EQ(unmapped.size(), 3u);
  EXPECT_EQ(unmapped[0].code + unmapped[0].val_raw, "KEY_UNMAPPED值");
  EXPECT_EQ(unmapped[1].code + unmapped[1].val_raw, "VALUE_UNMAPPED赛博格");
  EXPECT_EQ(unmapped[2].val_raw, "量子风");
  EXPECT_EQ(product.attributes[0].key + product.attributes[0].val, "奇怪值");
  EXPECT_EQ(product.attributes[0].confidence, 0);
}

TEST(NormalizationTest, TheCategoryDecidesWhatAKeyMeans) {
  EXPECT_EQ(normalizer().map_pair("领型", "V领", "裙").key, "裙领型");
  EXPECT_EQ(normalizer().map_pair("领型", "V领", "女装/T恤").key, "衣领型");
  EXPECT_EQ(normalizer().map_pair("领型", "V领", "").key, "领型");
  EXPECT_EQ(normalizer().type_of("法式连衣裙"), "裙");
  EXPECT_EQ(normalizer().type_of("民宿"), "民宿");
}

TEST(NormalizationTest, AUnitInTheHeaderIsTheUnitOfBareNumbers) {
  const auto pair = normalizer().map_pair("重量（kg）", "1.5", "");
  EXPECT_EQ(pair.key, "重量");
  EXPECT_EQ(pair.values.at(0).val, "1.5kg");
  EXPECT_EQ(pair.values.at(0).number, 1.5);
  EXPECT_TRUE(normalizer().map_pair("重量", "1.5", "").values.empty());
}

TEST(NormalizationTest, EveryValueOfTheShippedSetIsItsOwnCanonicalForm) {
  for (const auto& [key, value] : {std::pair("版型", "h"), std::pair("图案", "纯色"), std::pair("裙型", "蛋糕"), std::pair("裙长", "连衣裙")}) {
    EXPECT_EQ(normalizer().map_pair(key, value, "裙").values.at(0).val, value);
  }
}

}  // namespace
}  // namespace vitrine::data
