#include "recipes/near_duplicates.h"

#include <gtest/gtest.h>

namespace vitrine::recipes {
namespace {

TEST(NearDuplicatesTest, AnEqualTextHasSimilarityOne) {
  NearDuplicates texts;
  texts.add(U"圆领设计简约大方");
  texts.add(U"宽松版型不挑身材");
  EXPECT_EQ(texts.nearest(U"宽松版型不挑身材").similarity, 1.0);
  EXPECT_EQ(texts.nearest(U"宽松版型不挑身材").index, 1U);
}

TEST(NearDuplicatesTest, SimilarityIsTheJaccardOf4grams) {
  NearDuplicates texts;
  texts.add(U"abcdefghijklmnopqrstuvwx");                                        // 21 grams
  EXPECT_DOUBLE_EQ(texts.nearest(U"abcdefghijklmnopqrstuvwy").similarity, 20.0 / 22.0);
}

TEST(NearDuplicatesTest, AnUnlikeTextMeetsNothing) {
  NearDuplicates texts;
  texts.add(U"圆领设计简约大方");
  EXPECT_EQ(texts.nearest(U"高腰阔腿裤型显瘦").similarity, 0.0);
}

}  // namespace
}  // namespace vitrine::recipes
