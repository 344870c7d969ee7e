#include "data/quantities.h"

#include <gtest/gtest.h>

namespace vitrine::data {
namespace {

int64_t count_of(std::string_view text) {
  const auto count = parse_count(text);
  return count ? count->value : -1;
}

TEST(QuantitiesTest, CountsAreReadAsShopsWriteThem) {
  EXPECT_EQ(count_of("1.2万"), 12000);
  EXPECT_EQ(count_of("１２０"), 120);
  EXPECT_EQ(count_of("12,345"), 12345);
  EXPECT_EQ(count_of("3.5w"), 35000);
  EXPECT_EQ(count_of("1.1亿"), 110000000);
  EXPECT_EQ(count_of("1000+"), 1000);
  EXPECT_TRUE(parse_count("1000+")->at_least);
  EXPECT_FALSE(parse_count("1.2万")->at_least);
}

TEST(QuantitiesTest, WhatIsNoCountGivesNothing) {
  for (const char* text : {"", "+", "万", "-3", "1.5", "abc", "1,2,3", "12a", "1..2", "1e5", "99999999亿亿"}) {
    EXPECT_EQ(count_of(text), -1) << text;
  }
}

TEST(QuantitiesTest, PricesTakeASignAndTwoDecimals) {
  EXPECT_DOUBLE_EQ(parse_price("￥1,299.50").amount, 1299.5);
  EXPECT_EQ(parse_price("￥1,299.50").currency, "CNY");
  EXPECT_DOUBLE_EQ(parse_price("88元").amount, 88);
  EXPECT_EQ(parse_price("12.99 USD").currency, "USD");
  EXPECT_EQ(parse_price("12.5").currency, "");
}

TEST(QuantitiesTest, ABadPriceSaysWhy) {
  EXPECT_EQ(parse_price("-1").problem, PriceProblem::negative);
  EXPECT_EQ(parse_price("1.234").problem, PriceProblem::decimals);
  EXPECT_EQ(parse_price("99-199").problem, PriceProblem::not_a_number);
  EXPECT_EQ(parse_price("面议").problem, PriceProblem::not_a_number);
}

}  // namespace
}  // namespace vitrine::data
