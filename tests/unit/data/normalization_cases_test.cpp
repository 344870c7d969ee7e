// The labelled pairs of tests/cases/normalization.tsv against the normaliser.
#include <gtest/gtest.h>

#include <iostream>

#include "base/error.h"
#include "data/normalization.h"
#include "data/table_file.h"

namespace vitrine::data {
namespace {

constexpr const char* kUnmapped = "UNMAPPED";

struct Figures {
  int mapped = 0, mapped_right = 0;      // pairs with a canonical pair
  int wrong = 0;                          // pairs that got another value than the expected one
  int unmapped = 0, unmapped_listed = 0;  // pairs without
  int not_in_tables = 0;                  // mapped pairs that are not spelled in values.tsv
};

std::string joined(const NormalizedPair& pair) {
  std::string text;
  for (const NormalizedValue& value : pair.values) text += (text.empty() ? "" : "*") + value.val;
  return text;
}

/// Whether a value of the key is spelled so in the table of values.
bool spelled_in_tables(const NormalizedPair& pair) {
  return pair.values.size() == 1 && pair.values[0].confidence == 1 && !pair.values[0].unit;
}

void print_miss(const TableRow& row, const NormalizedPair& pair) {
  std::cout << "line " << row.line << ": " << row.cells[1] << "#" << row.cells[2] << ": expected " << row.cells[3] << "#"
            << row.cells[4] << ", got " << pair.key.value_or(kUnmapped) << "#" << joined(pair) << "\n";
}

bool judge(const TableRow& row, const NormalizedPair& pair, Figures& figures) {
  const bool no_key = row.cells[3] == kUnmapped;
  if (pair.unmapped.empty() && joined(pair) != row.cells[4]) ++figures.wrong;
  const bool key_right = no_key ? !pair.key : pair.key == row.cells[3];
  if (row.cells[4] == kUnmapped) {
    ++figures.unmapped;
    const bool listed = key_right && !pair.unmapped.empty();
    figures.unmapped_listed += listed;
    return listed;
  }
  ++figures.mapped;
  const bool right = key_right && pair.unmapped.empty() && joined(pair) == row.cells[4];
  figures.mapped_right += right;
  figures.not_in_tables += !spelled_in_tables(pair);
  return right;
}

TEST(NormalizationCasesTest, NinetyFivePercentOfTheMappedPairsAreRightAndTheOthersAreListed) {
  const auto normalizer = AttributeNormalizer::load();
  const auto rows = read_table(VITRINE_SOURCE_DIR "/tests/cases/normalization.tsv",
                               {"category", "raw_key", "raw_value", "expected_key", "expected_value"});
  Figures figures;
  for (const TableRow& row : rows) {
    const auto pair = normalizer.map_pair(row.cells[1], row.cells[2], row.cells[0]);
    if (!judge(row, pair, figures)) print_miss(row, pair);
  }
  std::cout << concat("pairs ", rows.size(), ": mapped right ", figures.mapped_right, " of ", figures.mapped, ", wrong ", figures.wrong, ", unmapped listed ",
                      figures.unmapped_listed, " of ", figures.unmapped, ", not spelled in the tables ", figures.not_in_tables, "\n");
  EXPECT_GE(rows.size(), 300u);
  EXPECT_GE(figures.mapped_right, 0.95 * figures.mapped);
  EXPECT_EQ(figures.wrong, 0);  // a miss is listed, not guessed
  EXPECT_EQ(figures.unmapped_listed, figures.unmapped);
  EXPECT_GE(figures.not_in_tables * 4, figures.mapped);
}

}  // namespace
}  // namespace vitrine::data
