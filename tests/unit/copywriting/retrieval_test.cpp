#include "copywriting/retrieval.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "data/advertisegen.h"

namespace vitrine::copywriting {
namespace {

data::Product row(const std::string& content, const std::string& summary) {
  data::Product product = data::product_from_content(content);
  product.summary = summary;
  return product;
}

TEST(RetrievalTest, TheHighestJaccardWinsAndTheFirstOneOnTies) {
  const std::vector<data::Product> train{row("类型#裤*颜色#黑色", "甲"), row("类型#裙*颜色#黑色*风格#简约", "乙"),
                                         row("类型#裙*颜色#黑色", "丙"), row("类型#裙*颜色#黑色*颜色#黑色", "丁")};
  const RetrievalBaseline retrieval(train);
  EXPECT_EQ(retrieval.text(row("类型#裙*颜色#黑色", "")), "丙");
  EXPECT_EQ(retrieval.text(row("风格#简约", "")), "乙");
  EXPECT_EQ(retrieval.text(row("颜色#红色", "")), "甲");
}

TEST(RetrievalTest, AnEmptyTrainSetIsRefused) { EXPECT_THROW(RetrievalBaseline({}), InvalidInput); }

}  // namespace
}  // namespace vitrine::copywriting
