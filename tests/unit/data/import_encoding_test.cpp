// One table in every encoding gives equal records; damage is found where it is.
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/compressed.h"
#include "base/file.h"
#include "data/import.h"
#include "text/encoding.h"

namespace vitrine::data {
namespace {
namespace fs = std::filesystem;

const std::string kTable = "标题,颜色,材质\r\n长裙,红,\"真丝,棉\"\r\n阔腿裤,藏青,亚麻\r\n";

std::string pairs_of(const ImportResult& result) {
  std::string text;
  for (const Product& p : result.products) {
    text += p.title_raw;
    for (const Attribute& a : p.attributes) text += "|" + a.key + "=" + a.val;
    text += "\n";
  }
  return text;
}

TEST(ImportEncodingTest, EveryEncodingGivesTheSameRecords) {
  const std::string expected = "长裙|颜色=红|材质=真丝,棉\n阔腿裤|颜色=藏青|材质=亚麻\n";
  using text::Encoding;
  for (const Encoding encoding : {Encoding::utf8, Encoding::utf8_bom, Encoding::gb18030, Encoding::utf16le, Encoding::utf16be}) {
    const std::string bytes = text::encode(kTable, encoding);
    EXPECT_EQ(text::detect_encoding(bytes), encoding);
    EXPECT_EQ(pairs_of(read_products_from(bytes, "t.csv")), expected) << to_string(encoding);
  }
}

TEST(ImportEncodingTest, PackedFilesAreReadByName) {
  const fs::path folder = fs::temp_directory_path() / concat("vitrine_import_test_", ::getpid());
  for (const char* name : {"t.csv", "t.csv.gz", "t.csv.zst"}) {
    OutputFile file(folder / name);
    file.write(kTable);
    file.commit();
    const auto result = read_products(folder / name);
    EXPECT_EQ(result.products.size(), 2u) << name;
    EXPECT_EQ(result.products[0].id, read_products_from(kTable, "t.csv").products[0].id) << name;
  }
  write_file_atomic(folder / "bad.csv.gz", kTable);
  EXPECT_THROW(read_products(folder / "bad.csv.gz"), Corrupt);
  const std::string packed = read_file(folder / "t.csv.zst");
  write_file_atomic(folder / "cut.csv.zst", packed.substr(0, packed.size() - 3));
  EXPECT_THROW(read_products(folder / "cut.csv.zst"), Corrupt);
  fs::remove_all(folder);
}

std::string refused_code(std::string_view bytes) {
  try {
    read_products_from(bytes, "t.csv");
  } catch (const ImportRefused& refused) {
    return refused.entry().code;
  }
  return "";
}

TEST(ImportEncodingTest, BytesOfNoEncodingAreRefused) {
  EXPECT_EQ(refused_code("\xff\xff\xff,\xfe\n"), "ENC_UNKNOWN");
  EXPECT_EQ(refused_code("\x80\x81,a\n\xff\n"), "ENC_UNKNOWN");
  EXPECT_EQ(refused_code(std::string("\xff\xfe\0\0a\0\0\0", 8)), "ENC_UNKNOWN");
  EXPECT_EQ(refused_code(text::encode(kTable, text::Encoding::utf16le) + "x"), "ENC_BAD_SEQ");
}

std::vector<std::string> rejected(const ImportResult& result) {
  std::vector<std::string> lines;
  for (const ImportEntry& e : result.report.entries) lines.push_back(concat(e.row, " ", e.code));
  return lines;
}

TEST(ImportEncodingTest, ADamagedRowOfAGoodFileIsRejectedAlone) {
  const auto utf8 = read_products_from("标题\n长裙\n\xff\xe9\n短裙\n", "t.csv");
  EXPECT_EQ(rejected(utf8), std::vector<std::string>{"3 ENC_BAD_SEQ"});
  EXPECT_EQ(utf8.products.size(), 2u);
  std::string utf16 = text::encode("标题\n长裙\nX\n短裙\n", text::Encoding::utf16le);
  utf16.replace(utf16.find('X'), 2, "\x00\xd8", 2);  // a lone high surrogate
  const auto result = read_products_from(utf16, "t.csv");
  EXPECT_EQ(rejected(result), std::vector<std::string>{"3 ENC_BAD_SEQ"});
  EXPECT_EQ(result.products.size(), 2u);
}

TEST(ImportEncodingTest, TextIsComposed) {
  EXPECT_EQ(read_products_from("标题\ncafe\xcc\x81\n", "t.csv").products[0].title_raw, "caf\xc3\xa9");
}

}  // namespace
}  // namespace vitrine::data
