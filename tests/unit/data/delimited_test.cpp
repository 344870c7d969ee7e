#include "data/delimited.h"

#include <gtest/gtest.h>

namespace vitrine::data {
namespace {

std::vector<DelimitedRow> rows_of(std::string_view text, char separator = ',') {
  TextWindow window(text);
  DelimitedReader reader(window, separator);
  std::vector<DelimitedRow> rows;
  for (DelimitedRow row; reader.next(row);) rows.push_back(row);
  return rows;
}
using Cells = std::vector<std::string>;

TEST(DelimitedTest, QuotesHoldSeparatorsQuotesAndLineEnds) {
  const auto rows = rows_of("a,\"b,\"\"c\"\"\nd\",e\r\nf,,\"\"\n");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].cells, (Cells{"a", "b,\"c\"\nd", "e"}));
  EXPECT_EQ(rows[1].cells, (Cells{"f", "", ""}));
  EXPECT_EQ(rows[1].line, 3);
}

TEST(DelimitedTest, BlankLinesArePassedOverAndCounted) {
  const auto rows = rows_of("\n\r\na\n\nb");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].line, 3);
  EXPECT_EQ(rows[1].line, 5);
}

TEST(DelimitedTest, AQuoteInsideABareCellIsACharacter) {
  EXPECT_EQ(rows_of("5\" screen\tx", '\t')[0].cells, (Cells{"5\" screen", "x"}));
}

TEST(DelimitedTest, AQuoteThatIsNeverClosedSpoilsItsLineAlone) {
  const auto rows = rows_of("a,b\n\"x,y\nc,d\n\"e\"f,g\nh,i\n");
  ASSERT_EQ(rows.size(), 5u);
  EXPECT_EQ(rows[1].problem, "BAD_QUOTE");
  EXPECT_EQ(rows[2].cells, (Cells{"c", "d"}));
  EXPECT_EQ(rows[3].problem, "BAD_QUOTE");
  EXPECT_EQ(rows[4].cells, (Cells{"h", "i"}));
}

TEST(DelimitedTest, ACellOverItsLimitSpoilsItsRowAlone) {
  const std::string large(kMaxFieldBytes + 1, 'x');
  const auto rows = rows_of("a\n" + large + "\n\"" + large + "\"\nb\n");
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_EQ(rows[1].problem, "TOO_LARGE");
  EXPECT_EQ(rows[2].problem, "TOO_LARGE");
  EXPECT_EQ(rows[3].cells, (Cells{"b"}));
  EXPECT_EQ(rows_of(large.substr(1))[0].problem, "");
}

}  // namespace
}  // namespace vitrine::data
