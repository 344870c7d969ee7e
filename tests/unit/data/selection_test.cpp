#include "data/selection.h"

#include <gtest/gtest.h>

#include "data/advertisegen.h"

namespace vitrine::data {
namespace {

/// Four skirts and one pair of trousers.
AttributeStatistics fixture() {
  AttributeStatistics statistics;
  for (const char* content : {"类型#裙*风格#简约*图案#条纹", "类型#裙*风格#简约*风格#简约*图案#格子", "类型#裙*风格#简约", "类型#裙*图案#条纹",
                              "类型#裤*图案#格子"}) {
    statistics.add(product_from_content(content));
  }
  return statistics;
}

// By hand, for 裙 with n = 4:
//   风格#简约  df 3 (the repeated pair of row 2 counts once): 3/4 * (ln(5/4) + 1) = 0.75 * 1.2231435513 = 0.9173576635
//   图案#条纹  df 2: 2/4 * (ln(5/3) + 1) = 0.5 * 1.5108256238 = 0.7554128119
//   图案#格子  df 1: 1/4 * (ln(5/2) + 1) = 0.25 * 1.9162907319 = 0.4790726830
//   类型#裙    df 4: 4/4 * (ln(5/5) + 1) = 1
//   图案#波点  df 0: 0
// and for 裤 with n = 1: 图案#格子 df 1: 1/1 * (ln(2/2) + 1) = 1
TEST(SelectionTest, ScoresEqualTheHandComputedFixture) {
  const auto statistics = fixture();
  EXPECT_NEAR(mean_tf_idf(statistics, "裙", "风格", "简约"), 0.9173576635, 1e-10);
  EXPECT_NEAR(mean_tf_idf(statistics, "裙", "图案", "条纹"), 0.7554128119, 1e-10);
  EXPECT_NEAR(mean_tf_idf(statistics, "裙", "图案", "格子"), 0.4790726830, 1e-10);
  EXPECT_NEAR(mean_tf_idf(statistics, "裙", "类型", "裙"), 1, 1e-10);
  EXPECT_EQ(mean_tf_idf(statistics, "裙", "图案", "波点"), 0);
  EXPECT_NEAR(mean_tf_idf(statistics, "裤", "图案", "格子"), 1, 1e-10);
}

TEST(SelectionTest, SparsePairsAreListedWithTheirScores) {
  const Product product = product_from_content("类型#裙*风格#简约*图案#格子*图案#波点");
  const auto sparse = sparse_pairs(product, fixture(), "裙", 0.5);
  ASSERT_EQ(sparse.size(), 2u);
  EXPECT_EQ(sparse[0].val + sparse[1].val, "格子波点");
  EXPECT_EQ(sparse[0].attribute_id, "a3");
  EXPECT_EQ(sparse[0].attr_idx, 2);
  EXPECT_NEAR(sparse[0].tf_idf, 0.4790726830, 1e-10);
}

TEST(SelectionTest, TheTypeAndUnknownCategoriesAreNeverSparse) {
  const Product product = product_from_content("类型#裙*图案#格子");
  EXPECT_EQ(sparse_pairs(product, fixture(), "裙", 2).size(), 1u);
  EXPECT_TRUE(sparse_pairs(product, fixture(), "帽", 2).empty());
}

}  // namespace
}  // namespace vitrine::data
