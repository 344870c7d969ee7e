#include "copywriting/catalogue.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace vitrine::copywriting {
namespace {

constexpr const char* kFirst = "这款连衣裙选用柔软的面料，穿着舒适，简约大方，百搭又好看。";
constexpr const char* kAlmost = "这款连衣裙选用柔软的面料，穿着舒服，简约大方，百搭又耐看。";
constexpr const char* kOther = "厚实的羊毛大衣，翻领设计尽显干练，口袋实用又美观。";

TEST(CatalogueIndexTest, TheNearestTextOfAnotherProductIsFound) {
  CatalogueIndex catalogue;
  catalogue.add("p1", kFirst);
  catalogue.add("p2", kOther);
  const auto match = catalogue.too_like(kAlmost, "p3");
  ASSERT_TRUE(match);
  EXPECT_EQ(catalogue.product_id(match->index), "p1");
  EXPECT_NEAR(match->rouge_l, 27.0 / 29, 1e-9);
  EXPECT_FALSE(catalogue.too_like("皮质钱包小巧轻便，卡位充足。", "p3"));
}

TEST(CatalogueIndexTest, TextsOfOneProductAreNotHeldAgainstIt) {
  CatalogueIndex catalogue;
  catalogue.add("p1", kFirst);
  EXPECT_FALSE(catalogue.nearest(kAlmost, "p1"));
  catalogue.add("p1", kAlmost);
  EXPECT_TRUE(catalogue.pairs().empty());
}

TEST(CatalogueIndexTest, PairsAboveTheLimitAreListedMostLikeFirst) {
  CatalogueIndex catalogue;
  catalogue.add("p1", kFirst);
  catalogue.add("p2", kOther);
  catalogue.add("p3", kAlmost);
  catalogue.add("p4", std::string(" ") + kOther);
  const auto pairs = catalogue.pairs();
  ASSERT_EQ(pairs.size(), 2u);
  EXPECT_EQ(pairs[0].first, 1u);
  EXPECT_EQ(pairs[0].second, 3u);
  EXPECT_EQ(pairs[0].rouge_l, 1);
  EXPECT_EQ(pairs[1].first, 0u);
  EXPECT_EQ(pairs[1].second, 2u);
}

TEST(CatalogueIndexTest, TheLimitDecides) {
  CatalogueConfig config;
  config.limit = 0.95;
  CatalogueIndex catalogue(config);
  catalogue.add("p1", kFirst);
  EXPECT_TRUE(catalogue.nearest(kAlmost, "p2"));
  EXPECT_FALSE(catalogue.too_like(kAlmost, "p2"));
  config.limit = 2;
  EXPECT_THROW(CatalogueIndex{config}, InvalidInput);
}

TEST(SharedNgramsTest, EachRunThatBothHoldComesOnceInOrder) {
  EXPECT_EQ(shared_ngrams("简约大方百搭", "百搭的简约大方", 4),
            (std::vector<std::string>{"简约大方"}));
  EXPECT_EQ(shared_ngrams("好看好看好", "好看好看", 2), (std::vector<std::string>{"好看", "看好"}));
  EXPECT_TRUE(shared_ngrams("好看", "好看", 4).empty());
  EXPECT_EQ(shared_ngrams("a b", "ab", 2), (std::vector<std::string>{"ab"}))
      << "white space does not count";
}

}  // namespace
}  // namespace vitrine::copywriting
