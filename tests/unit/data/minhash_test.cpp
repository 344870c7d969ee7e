#include "data/minhash.h"

#include <gtest/gtest.h>

namespace vitrine::data {
namespace {

TEST(MinhashTest, ShinglesAreDistinctGramsWithoutSpaces) {
  EXPECT_EQ(shingles_of("一二三四五六", 5).size(), 2u);
  EXPECT_EQ(shingles_of("一二 三四五\n六", 5), shingles_of("一二三四五六", 5));
  EXPECT_EQ(shingles_of("啊啊啊啊啊啊啊", 5).size(), 1u);
  EXPECT_EQ(shingles_of("短", 5).size(), 1u);
  EXPECT_TRUE(shingles_of(" ", 5).empty());
}

TEST(MinhashTest, JaccardIsTheShareOfCommonGrams) {
  const std::vector<uint64_t> a{1, 2, 3}, b{2, 3, 4, 5};
  EXPECT_DOUBLE_EQ(jaccard(a, b), 2.0 / 5);
  EXPECT_EQ(jaccard({}, {}), 1);
  EXPECT_EQ(jaccard(a, {}), 0);
}

TEST(MinhashTest, TheFirstOfSimilarTextsStays) {
  const std::string text = "这款连衣裙采用轻薄透气的雪纺面料，清新的碎花图案十分减龄，收腰的设计勾勒出优美的腰线。";
  NearDuplicateIndex index;
  EXPECT_EQ(index.add(text), 0u);
  EXPECT_FALSE(index.find("简约的直筒裤，修饰腿型。").has_value());
  for (const auto& repeat : {text + "快来", text}) {
    const auto match = index.find(repeat);
    ASSERT_TRUE(match.has_value());
    EXPECT_EQ(match->index, 0u);
  }
}

}  // namespace
}  // namespace vitrine::data
