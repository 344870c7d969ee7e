#include "data/splits.h"

#include <gtest/gtest.h>

#include "data/advertisegen.h"
#include "data/import.h"

namespace vitrine::data {
namespace {

Product row(const char* content, const char* summary) {
  Product product = product_from_content(content);
  product.summary = summary;
  return product;
}

TEST(SplitsTest, EqualInputsInAnotherOrderAndEqualCopyAreFound) {
  const std::vector<Product> train{row("类型#裙*风格#简约", "甲。"), row("类型#裤", "乙。")};
  const std::vector<Product> dev{row("类型#裤*风格#简约", "丙"), row("风格#简约*类型#裙*风格#简约", "丁"), row("类型#上衣", " 乙 。"), row("类型#帽", "")};
  const auto leaked = leaked_rows(train, dev);
  ASSERT_EQ(leaked.size(), 2u);
  EXPECT_EQ(leaked[0].held_out_idx, 1u);
  EXPECT_TRUE(leaked[0].same_input && !leaked[0].same_summary);
  EXPECT_EQ(leaked[1].train_idx, 1u);
  EXPECT_TRUE(leaked[1].same_summary && !leaked[1].same_input);
}

}  // namespace
}  // namespace vitrine::data
