// One table in every encoding gives equal records; damage is found where it is.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "base/compressed.h"
#include "base/file.h"
#include "data/import.h"
#include "support/small_pieces.h"
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

/// A table in UTF-8, and what is found for its bytes in UTF-8 and in GB18030.
struct Detection {
  std::string table;
  text::Encoding of_utf8 = text::Encoding::utf8, of_gb18030 = text::Encoding::gb18030;
};

TEST(ImportEncodingTest, SmallTablesAreFoundInEitherEncoding) {
  using text::Encoding;
  const std::vector<Detection> tables = {
      {"宝贝标题,宝贝价格\n裙,9\n"},
      {"宝贝标题,宝贝价格\n女,9\n"},
      {"标题\n裙\n"},
      {"id,标题\n1,裙\n2,水洗\n3,直筒裙\n"},
      {"id,title\n1,裙\n"},          // of two bytes, which are the letter ȹ in UTF-8
      {"id,title\n1,水洗\n2,拼色\n"},
      {"id,title\n1,图片\n"},
      {"id,title\n1,实木,雪山\n"},
      {"id,title,brand\n1,\"学院\n浅色\",B\n"},
      {"id\ttitle\n1\t牛皮 Ａ\n"},
      {"商品ID,材质\n1,棉\n"},
      {"a,b\n1,2\n", Encoding::utf8, Encoding::utf8},  // ASCII
      {"标题,价格\r\n"},
      {"{\"标题\":\"裙\"}\n"},
  };
  for (const Detection& table : tables) {
    EXPECT_EQ(text::detect_encoding(table.table), table.of_utf8) << table.table;
    EXPECT_EQ(text::detect_encoding(text::encode(table.table, Encoding::gb18030)), table.of_gb18030) << table.table;
  }
}

TEST(ImportEncodingTest, TablesOfOtherAlphabetsAreUtf8) {
  for (const char* table : {"id,title\n1,Café crème\n", "id,title\n1,Kleid für Mädchen\n2,Größe\n", "id,title\n1,Платье женское\n", "id,title\n1,блин\n", "id,title\n1,φόρεμα\n", "id,title\n1,שמלה\n",
                            "id,title\n1,فستان\n", "id,price\n1,£12.99\n", "id,title\n1,20°\n", "id,title\n1,40 × 60\n", "id,title\n1,Señora\n2,Ü\n", "id,title\n1,naïve façade\n"})
    EXPECT_EQ(text::detect_encoding(table), text::Encoding::utf8) << table;
}

/// One é by itself has the bytes of 茅.
TEST(ImportEncodingTest, JsonAndXmlAreUtf8WhereNothingSpeaksAgainstIt) {
  for (const char* text : {"<rss><item><title>é</title></item></rss>", "{\"title\":\"é\"}\n", " [{\"title\":\"é\"}]"}) EXPECT_EQ(text::detect_encoding(text), text::Encoding::utf8) << text;
  EXPECT_EQ(text::detect_encoding("id,title\n1,é\n"), text::Encoding::gb18030);
}

/// Words of the shipped rows, alone in a table of one row whose header is ASCII: the least that there is to go by.
TEST(ImportEncodingTest, EveryWordOfTheShippedRowsIsFoundInEitherEncoding) {
  std::set<std::string> words;
  for (const char* set : {"data/advertisegen/train.jsonl", "data/advertisegen/dev.jsonl"}) {
    for (const Product& product : read_products(set).products) {
      for (const Attribute& attribute : product.attributes) words.insert({attribute.key_raw, attribute.val_raw});
    }
  }
  ASSERT_GT(words.size(), 300u);
  for (const std::string& word : words) {
    const std::string table = "id,title\n1," + word + "\n";
    const bool is_ascii = std::all_of(word.begin(), word.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    EXPECT_EQ(text::detect_encoding(table), text::Encoding::utf8) << word;
    EXPECT_EQ(text::detect_encoding(text::encode(table, text::Encoding::gb18030)), is_ascii ? text::Encoding::utf8 : text::Encoding::gb18030) << word;
  }
}

TEST(ImportEncodingTest, TextsAreDecodedPieceByPieceAsAWhole) {
  using text::Encoding;
  for (const Encoding encoding : {Encoding::gb18030, Encoding::utf16le, Encoding::utf16be}) {
    const std::string good = text::encode("裙😀é\r\n,a", encoding);
    for (const std::string& bytes : {good, good + "x", good + "\xd8", std::string("\xd8\xd8\x00\xd8", 4) + good, std::string(), good.substr(0, 1)}) {
      for (size_t most = 1; most < 6; ++most) {
        const auto reader = text::decoding(std::make_unique<test::SmallPieces>(bytes, most), encoding);
        EXPECT_EQ(read_all(*reader, "pieces", 1000), text::decode(bytes, encoding)) << to_string(encoding) << " " << most;
      }
    }
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
