// Workbooks as openpyxl, xlsxwriter and LibreOffice write them (tools/golden/workbooks.py): read as what was put in, and written back with one
// text more and nothing else changed.
#include <gtest/gtest.h>

#include <map>

#include "base/file.h"
#include "base/json.h"
#include "data/archive.h"
#include "data/shop_file.h"
#include "data/table_file.h"
#include "data/workbook.h"
#include "support/whole_shop_file.h"

namespace vitrine::data {
namespace {

const std::string kFolder = "tests/data/golden/workbooks/";

std::string bytes_of(const std::string& name) { return read_file(kFolder + name + ".xlsx"); }

ShopFileConfig quiet_config() {
  ShopFileConfig config;
  config.reader.mappings = "/nonexistent/columns.json";
  return config;
}

/// header -> text of each row below the header.
std::vector<std::map<std::string, std::string>> rows_of(const std::string& bytes) {
  const Workbook book(bytes, "book.xlsx");
  const auto source = book.rows(book.sheet(""));
  std::vector<std::string> headers;
  std::vector<std::map<std::string, std::string>> rows;
  for (DelimitedRow row; source->next(row);) {
    if (headers.empty() && row.cells.front() != "商品ID") continue;  // the title above
    if (headers.empty()) {
      headers = row.cells;
      continue;
    }
    row.cells.resize(headers.size());
    auto& shown = rows.emplace_back();
    for (size_t i = 0; i < headers.size(); ++i) shown[headers[i]] = trim_space(row.cells[i]);
  }
  return rows;
}

class WorkbooksGoldenTest : public ::testing::TestWithParam<std::string> {};

TEST_P(WorkbooksGoldenTest, TheCellsAreWhatWasPutIn) {
  const Json expected = read_json_file(kFolder + "rows.json");
  const auto rows = rows_of(bytes_of(GetParam()));
  ASSERT_EQ(rows.size(), expected.size());
  for (size_t row = 0; row < rows.size(); ++row) {
    for (const auto& [header, value] : expected[row].items()) {
      const bool is_stored = header != "库存" || !GetParam().starts_with("openpyxl");  // it stores no values beside formulas
      EXPECT_EQ(rows[row].at(header), is_stored ? value.get<std::string>() : "") << header << " of row " << row;
    }
  }
}

TEST_P(WorkbooksGoldenTest, AnImportHasNoRejectedRow) {
  const auto result = read_products_from(bytes_of(GetParam()), "book.xlsx", quiet_config().reader);
  ASSERT_EQ(result.products.size(), 3u);
  EXPECT_EQ(result.report.rows_rejected, 0);
  EXPECT_EQ(result.products[1].id, "6901234567892");
  EXPECT_EQ(result.products[0].title_raw, "红色连衣裙 新款");
  EXPECT_EQ(result.products[1].summary, "一条好裤子");
}

TEST_P(WorkbooksGoldenTest, WithoutATextTheBytesAreTheSame) {
  const std::string bytes = bytes_of(GetParam());
  EXPECT_EQ(test::WholeShopFile::read_from(bytes, "book.xlsx", quiet_config()).bytes(), bytes);
}

TEST_P(WorkbooksGoldenTest, OneTextChangesOneCellAndNoOtherEntry) {
  const std::string bytes = bytes_of(GetParam());
  test::WholeShopFile file = test::WholeShopFile::read_from(bytes, "book.xlsx", quiet_config());
  ASSERT_EQ(file.column_of("description"), "文案");
  file.set(2, "description", "好 T恤 <“&”>\n第二行");
  const Archive before(bytes, "before.xlsx"), after(file.bytes(), "after.xlsx");
  ASSERT_EQ(before.entries().size(), after.entries().size());
  for (size_t i = 0; i < before.entries().size(); ++i) {
    const std::string& name = before.entries()[i].name;
    EXPECT_EQ(after.entries()[i].name, name);
    if (name == "xl/worksheets/sheet1.xml") continue;
    EXPECT_EQ(before.read(name), after.read(name)) << name;
  }
  auto expected = rows_of(bytes);
  expected[2]["文案"] = "好 T恤 <“&”>\n第二行";
  EXPECT_EQ(rows_of(file.bytes()), expected);
}

TEST_P(WorkbooksGoldenTest, AFormulaStaysAFormula) {
  ShopFileConfig config = quiet_config();
  config.columns = {"description=库存"};
  test::WholeShopFile file = test::WholeShopFile::read_from(bytes_of(GetParam()), "book.xlsx", config);
  EXPECT_TRUE(file.is_fixed(0, "description"));
  EXPECT_THROW(file.set(0, "description", "字"), InvalidInput);
  EXPECT_FALSE(file.is_fixed(2, "description"));
}

INSTANTIATE_TEST_SUITE_P(Programs, WorkbooksGoldenTest,
                         ::testing::Values("openpyxl", "openpyxl_1904", "xlsxwriter", "xlsxwriter_1904", "libreoffice", "libreoffice_1904"), [](const auto& program) { return program.param; });

}  // namespace
}  // namespace vitrine::data
