// Over rows of the shipped set: how often each rule applies, and that what it makes always differs,
// is valid and repeatable.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <map>

#include "copywriting/corruptions.h"
#include "copywriting/mentions.h"
#include "data/product_reader.h"
#include "text/utf8.h"

namespace vitrine::copywriting {
namespace {

constexpr size_t kPoolRows = 1000, kRows = 200;

std::vector<data::Product> rows_of_train_set() {
  data::ProductReader reader(std::string(VITRINE_SOURCE_DIR) + "/data/advertisegen/train.jsonl");
  std::vector<data::Product> products;
  while (products.size() < kPoolRows) {
    auto row = reader.next();
    if (!row) break;
    if (row->product && !row->product->summary.empty())
      products.push_back(std::move(*row->product));
  }
  return products;
}

/// The rarest value that the text says: what a caller would call distinctive.
std::string distinctive_value(const data::Product& product,
                              const data::AttributeStatistics& statistics) {
  std::string best;
  double best_idf = 0;
  for (const auto& a : product.attributes) {
    const double idf = statistics.idf(data::category_of(product), a.key, a.val);
    if (a.key == kTypeKey || idf <= best_idf || product.summary.find(a.val) == std::string::npos)
      continue;
    best = a.val;
    best_idf = idf;
  }
  return best;
}

TEST(CorruptionsPropertyTest, RulesApplyToTheirShareOfTheShippedRows) {
  const auto products = rows_of_train_set();
  ASSERT_EQ(products.size(), kPoolRows);
  data::AttributeStatistics statistics;
  for (const auto& product : products) statistics.add(product);
  const Corruptor corruptor(statistics, products);
  // Lowest number of the 200 rows; point_late needs a point that is said, and said early.
  const std::map<Corruption, int> at_least = {
      {Corruption::attribute_dropped, 190},  {Corruption::attribute_changed, 190},
      {Corruption::banned_term, 195},        {Corruption::unsupported_claim, 195},
      {Corruption::point_late, 130},         {Corruption::clauses_repeated, 195},
      {Corruption::sentences_shuffled, 195}, {Corruption::other_product, 190}};
  for (const Corruption rule : kCorruptions) {
    int applied = 0;
    for (size_t i = 0; i < kRows; ++i) {
      const std::string value = distinctive_value(products[i], statistics);
      const GoodText good{products[i], products[i].summary, value};
      const auto worse = corruptor.worse(rule, good, RandomKey(i));
      if (!worse) continue;
      ++applied;
      EXPECT_NE(*worse, good.text);
      EXPECT_TRUE(text::is_valid_utf8(*worse)) << *worse;
      if (i < 20) {
        EXPECT_EQ(worse, corruptor.worse(rule, good, RandomKey(i)));
      }
      if (i < 5 && std::getenv("VITRINE_SHOW") != nullptr)
        std::cout << to_string(rule) << " [" << value << "]\n  " << good.text << "\n  " << *worse
                  << "\n";
    }
    RecordProperty(std::string(to_string(rule)), applied);
    EXPECT_GE(applied, at_least.at(rule))
        << to_string(rule) << " applied to " << applied << " of " << kRows;
    if (std::getenv("VITRINE_SHOW") != nullptr)
      std::cout << to_string(rule) << ": " << applied << " of " << kRows << "\n";
  }
}

}  // namespace
}  // namespace vitrine::copywriting
