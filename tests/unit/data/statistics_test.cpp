#include "data/statistics.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "data/advertisegen.h"

namespace vitrine::data {
namespace {

AttributeStatistics of(std::initializer_list<const char*> contents) {
  AttributeStatistics statistics;
  for (const char* content : contents) statistics.add(product_from_content(content));
  return statistics;
}

TEST(StatisticsTest, AProductCountsAPairOnce) {
  const auto statistics = of({"类型#裙*风格#简约*风格#简约", "类型#裙*风格#性感", "类型#裤*风格#简约"});
  EXPECT_EQ(statistics.df("裙", "风格", "简约"), 1);
  EXPECT_EQ(statistics.n("裙"), 2);
  EXPECT_EQ(statistics.df_any("风格", "简约"), 2);
  EXPECT_EQ(statistics.n_any(), 3);
  EXPECT_EQ(statistics.df("裙", "风格", "复古"), 0);
}

TEST(StatisticsTest, IdfIsSmoothed) {
  const auto statistics = of({"类型#裙*风格#简约", "类型#裙*风格#性感", "类型#裙*风格#性感"});
  EXPECT_DOUBLE_EQ(statistics.idf("裙", "风格", "简约"), std::log(4.0 / 2) + 1);  // n 3, df 1
  EXPECT_DOUBLE_EQ(statistics.idf("裙", "类型", "裙"), 1);                        // df = n
  EXPECT_DOUBLE_EQ(statistics.idf("裙", "风格", "复古"), std::log(4.0) + 1);      // df 0
}

TEST(StatisticsTest, SavedAndLoadedCountsAreTheSameBytes) {
  auto statistics = of({"类型#裙*风格#简约", "类型#裤*风格#简约"});
  Product odd;
  add_attribute(odd, "备\t注", "a\\b\nc");
  statistics.add(odd);
  const std::string tsv = statistics.to_tsv();
  const auto loaded = AttributeStatistics::from_tsv(tsv, "test");
  EXPECT_EQ(loaded.to_tsv(), tsv);
  EXPECT_EQ(loaded.df("", "备\t注", "a\\b\nc"), 1);
  EXPECT_EQ(loaded.n("裙"), 1);
  EXPECT_EQ(loaded.n_any(), 3);
}

TEST(StatisticsTest, ADamagedFileIsNamedWithItsRow) {
  try {
    AttributeStatistics::from_tsv("category\tkey\tvalue\tdf\tn\n裙\t风格\t简约\tx\t2\n", "statistics.tsv");
    FAIL();
  } catch (const Corrupt& e) {
    EXPECT_STREQ(e.what(), "[AttributeStatistics] statistics.tsv row 2: expected a count >= 0, got \"x\"");
  }
  EXPECT_THROW(AttributeStatistics::from_tsv("key\n", "s"), Corrupt);
}

}  // namespace
}  // namespace vitrine::data
