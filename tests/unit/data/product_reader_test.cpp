// Rows that come piece by piece are the rows of the whole text, wherever the pieces end.
#include "data/product_reader.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "base/compressed.h"
#include "base/file.h"
#include "data/delimited.h"
#include "data/id_set.h"
#include "data/import_run.h"
#include "data/text_survey.h"
#include "text/encoding.h"

namespace vitrine::data {
namespace {
namespace fs = std::filesystem;

const std::string kOddTable =
    "id,标题,颜色\r\n\r\n1,\"a,\"\"b\"\"\r\nc\",红\n\n2,\"never "
    "closed,x\n3,裙\r,q\"q\r\n4,\"a\"b,c\n5,裙\n1,裙,棉\n6,\"\",\"\"\r\n7,裙,\"末\"";
const std::string kOddLines =
    "\n{\"id\":1,\"content\":\"类型#裙\"}\r\n \t\r\nnot "
    "JSON\n{\"id\":1,\"content\":\"类型#裤\"}\n\xff\xfe\n{\"content\":\"裙\"}\n[]\n{\"content\":"
    "\"类型#衫\\u0000\"}";

/// Every row as one line: number, product or rejection, findings.
std::string shown(const ProductRow& row) {
  std::string line =
      concat(row.row, " ", row.product ? dump_line(to_json(*row.product)) : "rejected");
  for (const ImportEntry& finding : row.findings) line += " | " + dump_line(to_json(finding));
  return line;
}

std::string rows_of(TextWindow& window, bool is_table) {
  ImportRun run("t", "0123456789abcdef", {});
  const auto rows = is_table ? table_rows(std::make_unique<DelimitedReader>(window, ','), {"csv", ','}, run) : json_rows(window, "auto", run);
  std::string text;
  while (const auto row = rows->next()) text += shown(*row) + "\n";
  return text;
}

TEST(ProductReaderTest, APieceMayEndAtAnyByte) {
  for (const std::string& text :
       {kOddTable, kOddLines, kOddTable + "\r", kOddTable + "\r\n\n", kOddLines + "\n\n"}) {
    const bool is_table = text.starts_with("id");
    TextWindow whole(text);
    const std::string expected = rows_of(whole, is_table);
    EXPECT_EQ(std::count(expected.begin(), expected.end(), '\n'), is_table ? 9 : 7) << expected;
    for (size_t chunk = 1; chunk < 24; ++chunk) {  // each byte is the end of a piece
      const auto reader = read_memory(text);
      TextWindow window(*reader, chunk);
      EXPECT_EQ(rows_of(window, is_table), expected) << "pieces of " << chunk;
    }
  }
}

TEST(ProductReaderTest, ATextStaysWhereItIsWhenNothingMoreComes) {
  const std::string bytes(1000, 'a');
  for (const size_t chunk : {7, 1000, 4096}) {
    const auto reader = read_memory(bytes);
    TextWindow window(*reader, chunk);
    while (window.text().size() < bytes.size()) ASSERT_TRUE(window.more());
    window.drop(300);
    const std::string_view before = window.text();
    EXPECT_FALSE(window.more());
    EXPECT_FALSE(window.more());
    EXPECT_EQ(window.text().data(), before.data()) << "pieces of " << chunk;
    EXPECT_EQ(window.text(), bytes.substr(300));
  }
}

/// "line size problem" of each row.
std::string sizes_of(TextWindow& window) {
  DelimitedReader reader(window, ',');
  std::string text;
  for (DelimitedRow row; reader.next(row);)
    text +=
        concat(row.line, " ", row.cells.size(), " ", row.problem, " ", row.raw.substr(0, 3), "\n");
  return text;
}

TEST(ProductReaderTest, RowsNearTheirLimitAreJudgedAsInAWholeText) {
  std::string text;
  for (const size_t size : {kMaxFieldBytes, kMaxRowBytes - 2, kMaxRowBytes + 15}) {
    text += "a," + std::string(size, 'x') + "\r\nb,\"" + std::string(size, 'y') + "\"\nc,\"d\"e" +
            std::string(size, 'z') + "\r\nf,g\nh,\"" + std::string(size, '\n') + "i,\"j\n";
  }
  TextWindow whole(text);
  const std::string expected = sizes_of(whole);
  EXPECT_NE(expected.find(" 2  f,g\n"), std::string::npos);
  for (const size_t chunk : {size_t{100003}, size_t{5} << 20}) {
    const auto reader = read_memory(text);
    TextWindow window(*reader, chunk);
    EXPECT_EQ(sizes_of(window), expected) << chunk;
  }
}

TEST(ProductReaderTest, OfALineThatIsTooLongTheStartIsKept) {
  const std::string text = "ab\n" + std::string(100, 'x') + "\n" + std::string(90, ' ') + "\r\n" +
                           std::string(90, ' ') + "y\nend";
  for (const size_t chunk : {1, 7, 1000}) {
    const auto reader = read_memory(text);
    TextWindow window(*reader, chunk);
    LineReader lines(window, 10);
    std::string found;
    for (std::string_view line; lines.next(line);)
      found += concat(lines.number(), lines.is_blank() ? " blank " : " ", line.size(), " ",
                      line.substr(0, 3), "\n");
    EXPECT_EQ(found, "1 2 ab\n2 11 xxx\n3 blank 11    \n4 11    \n5 3 end\n") << chunk;
  }
}

TEST(ProductReaderTest, ASurveyOfPiecesFindsTheEncodingOfTheWhole) {
  for (const std::string& text :
       {std::string("裙\n裤"), std::string("裙\n\xb0\xa1\n"),
        std::string("裙\n\xb0\xa1\n\xb0\xa1\n"), std::string("\xe8\xa3"), std::string("a\n")}) {
    const bool is_utf8 = text::detect_encoding(text) == text::Encoding::utf8;
    for (size_t cut = 0; cut <= text.size(); ++cut) {
      TextSurvey survey;
      survey.add(text.substr(0, cut));
      survey.add(text.substr(cut));
      survey.finish();
      EXPECT_EQ(survey.is_utf8(), is_utf8) << text << " cut at " << cut;
    }
  }
  // Found by fuzz_pieces: a NUL in front was taken for a text that has no first sign.
  TextSurvey with_nul;
  with_nul.add(std::string_view("\0\0标题\t裙", 12));
  EXPECT_FALSE(with_nul.is_blank());
  EXPECT_EQ(with_nul.first(), "标"[0]);
  EXPECT_TRUE(with_nul.first_line_has_tab());
  TextSurvey head;
  for (const char c : std::string_view(" \r\n\n a\tb\n")) head.add({&c, 1});
  EXPECT_EQ(head.first(), 'a');
  EXPECT_TRUE(head.first_line_has_tab());
}

class ProductReaderFileTest : public ::testing::Test {
 protected:
  ProductReaderFileTest()
      : folder_(fs::temp_directory_path() / concat("vitrine_product_reader_test_", ::getpid())) {
    fs::create_directories(folder_);
  }
  ~ProductReaderFileTest() override { fs::remove_all(folder_); }
  fs::path folder_;
};

std::string all_rows(ProductReader reader) {
  std::string text;
  while (const auto row = reader.next()) text += shown(*row) + "\n";
  EXPECT_EQ(reader.fraction(), 1.0);
  return text;
}

TEST_F(ProductReaderFileTest, ReadProductsGathersItsRows) {
  const fs::path file = folder_ / "t.csv.gz";
  write_output(file, "id,标题,标题\n1,裙,裤\n1,裙,\n2,,\n");
  ProductReader reader(file);
  const ImportResult result = read_products(file);
  std::vector<ImportEntry> findings = reader.file_findings();
  EXPECT_EQ(findings.size(), 1u);
  size_t kept = 0;
  while (const auto row = reader.next()) {
    if (row->product)
      EXPECT_EQ(dump_line(to_json(*row->product)), dump_line(to_json(result.products[kept++])));
    else
      EXPECT_EQ(row->rejection().severity, Severity::reject);
    findings.insert(findings.end(), row->findings.begin(), row->findings.end());
  }
  EXPECT_EQ(kept, result.products.size());
  ASSERT_EQ(findings.size(), result.report.entries.size());
  for (size_t i = 0; i < findings.size(); ++i)
    EXPECT_EQ(dump_line(to_json(findings[i])), dump_line(to_json(result.report.entries[i])));
  EXPECT_EQ(reader.sha256(), result.sha256);
}

TEST_F(ProductReaderFileTest, AFileThatChangesBetweenItsReadingsIsRefused) {
  write_file_atomic(folder_ / "t.jsonl", "{\"content\":\"类型#裙\"}\n");
  ProductReader reader(folder_ / "t.jsonl");
  std::ofstream(folder_ / "t.jsonl", std::ios::app) << "{\"content\":\"类型#裤\"}\n";
  EXPECT_THROW(all_rows(std::move(reader)), Corrupt);
}

TEST_F(ProductReaderFileTest, AMarkedFileIsReadWithoutItsMark) {
  write_file_atomic(folder_ / "plain.csv", kOddTable);
  write_file_atomic(folder_ / "marked.csv", "\xef\xbb\xbf" + kOddTable);
  const auto plain = read_products(folder_ / "plain.csv"),
             marked = read_products(folder_ / "marked.csv");
  ASSERT_EQ(plain.products.size(), marked.products.size());
  EXPECT_EQ(marked.products[0].title_raw, "a,\"b\"\nc");
  EXPECT_EQ(plain.report.rows_rejected, marked.report.rows_rejected);
}

TEST(IdSetTest, HoldsEachIdOnce) {
  IdSet ids;
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 5000; ++i) ASSERT_EQ(ids.insert(concat("sku-", i)), round == 0) << i;
  }
  EXPECT_TRUE(ids.insert(""));
  EXPECT_FALSE(ids.insert(""));
}

}  // namespace
}  // namespace vitrine::data
