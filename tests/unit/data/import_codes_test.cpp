// What must not come in: unsafe archives, files cut off, lines without an end; and the codes that no
// other test of import gives, with their rows and columns.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>

#include "base/compressed.h"
#include "base/file.h"
#include "data/archive.h"
#include "data/gtin.h"
#include "data/import.h"
#include "data/import_run.h"
#include "data/normalization.h"
#include "data/shop_file.h"
#include "support/temporary_directory.h"
#include "support/workbook.h"
#include "support/zip_bytes.h"
#include "text/encoding.h"

namespace vitrine::data {
namespace {

using Lines = std::vector<std::string>;

ImportConfig quiet_config() {
  ImportConfig config;
  config.mappings = "/nonexistent/columns.json";
  return config;
}

ImportResult read(std::string_view bytes, std::string_view name) { return read_products_from(bytes, name, quiet_config()); }

std::string shown(const ImportEntry& e) { return concat(e.row, " ", e.column, " ", e.code, " ", to_string(e.severity)); }

Lines findings(const ImportResult& result) {
  Lines lines;
  for (const ImportEntry& entry : result.report.entries) lines.push_back(shown(entry));
  return lines;
}

/// "row column code severity" of the finding for which the whole file is refused.
template <typename Read>
std::string refusal(const Read& read_file) {
  try {
    read_file();
  } catch (const ImportRefused& refused) {
    return shown(refused.entry());
  }
  return "";
}

std::string refused(std::string_view bytes, std::string_view name) {
  return refusal([&] { read(bytes, name); });
}

std::string refused_archive(const std::vector<test::ZipEntry>& entries) { return refused(test::zip_bytes(entries), "a.zip"); }

const std::string kCsv = "标题\n裙\n";

TEST(ImportCodesTest, AnArchiveWithASafeTableIsWhatTheUnsafeOnesAreNot) {
  const Archive archive(test::zip_bytes({{"shop/a.csv", kCsv}, {"shop/..b/c.jpg", "x"}}), "a.zip");
  EXPECT_EQ(archive.entries().size(), 2u);
}

TEST(ImportCodesTest, PathsOutOfTheArchiveRefuseIt) {
  for (const char* path : {"../evil.csv", "a/../../evil.csv", "a/..", "..\\evil.csv", "a\\..\\evil.csv", "/abs.csv", "\\abs.csv", "C:\\abs.csv", "c:abs.csv"})
    EXPECT_EQ(refused_archive({{"a.csv", kCsv}, {path, "x"}}), "0  ARCHIVE_UNSAFE fatal") << path;
}

TEST(ImportCodesTest, LinksEncryptedEntriesAndRepeatedNamesRefuseTheArchive) {
  EXPECT_EQ(refused_archive({{"a.csv", kCsv}, {"link", "/etc/passwd", 0120777}}), "0  ARCHIVE_UNSAFE fatal");
  EXPECT_EQ(refused_archive({{.name = "a.csv", .contents = kCsv, .encrypted = true}}), "0  ARCHIVE_UNSAFE fatal");
  EXPECT_EQ(refused_archive({{"a.csv", kCsv}, {"a.csv", kCsv}}), "0  ARCHIVE_UNSAFE fatal");
}

TEST(ImportCodesTest, ArchivesThatUnpackToOverAHundredTimesTheirSizeAreRefused) {
  EXPECT_EQ(refused(make_archive({{"bomb.csv", std::string(20'000'000, 'a')}}), "a.zip"), "0  TOO_LARGE fatal");
  // Each entry is small; together they are not.
  std::map<std::string, std::string> entries;
  for (int i = 0; i < 600; ++i) entries[concat("p", i)] = std::string(60'000, 'a');
  EXPECT_EQ(refused(make_archive(entries), "a.zip"), "0  TOO_LARGE fatal");
  EXPECT_EQ(refused_archive({{.name = "a.csv", .contents = kCsv, .claimed_bytes = 70'000}}), "0  TOO_LARGE fatal");
  EXPECT_EQ(refusal([] { Archive(make_archive({{"a.csv", std::string(1001, 'a')}}), "a.zip", {.max_entry_bytes = 1000}); }), "0  TOO_LARGE fatal");
}

TEST(ImportCodesTest, AnEntryThatIsNotAsLongAsItsHeaderSaysRefusesTheArchive) {
  EXPECT_EQ(refused_archive({{.name = "a.csv", .contents = kCsv, .claimed_bytes = 5}}), "0  TOO_LARGE fatal");
  EXPECT_EQ(refused_archive({{.name = "a.csv", .contents = kCsv, .claimed_bytes = 50}}), "0  ARCHIVE_DAMAGED fatal");
}

TEST(ImportCodesTest, AWorkbookThatIsCutAnywhereIsRefused) {
  const std::string book = test::workbook("<sheetData><row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>标题</t></is></c></row><row r=\"2\"><c r=\"A2\"><v>7</v></c></row></sheetData>");
  ASSERT_EQ(read(book, "a.xlsx").products.size(), 1u);
  for (size_t size = 4; size < book.size(); size += 7) EXPECT_EQ(refused(book.substr(0, size), "a.xlsx"), "0  ARCHIVE_DAMAGED fatal") << size;
}

TEST(ImportCodesTest, AWorkbookOfPicturesOnlySaysSo) {
  const std::string book = test::workbook("<sheetData/>", {}, {{"xl/media/image1.png", "x"}});
  try {
    read(book, "a.xlsx");
    ADD_FAILURE() << "not refused";
  } catch (const ImportRefused& e) {
    EXPECT_EQ(shown(e.entry()), "0  EMPTY_FILE fatal");
    EXPECT_EQ(e.entry().value, "the sheet holds pictures and no cells");
  }
}

TEST(ImportCodesTest, OddBytesOfUtf16AreRefusedInEveryFormat) {
  for (const auto& [table, name] : {std::pair("标题\n裙\n", "a.csv"), {"{\"标题\":\"裙\"}\n", "a.jsonl"}, {"version 1.00\ntitle\tnum_id\n裙\t1\n", "taobao.csv"}}) {
    for (const auto encoding : {text::Encoding::utf16le, text::Encoding::utf16be}) {
      const std::string bytes = text::encode(table, encoding);
      EXPECT_EQ(read(bytes, name).products.size(), 1u) << name;
      EXPECT_EQ(refused(bytes + "x", name), "0  ENC_BAD_SEQ fatal") << name;
    }
  }
}

std::string value_of(const ImportResult& result, std::string_view code) {
  for (const ImportEntry& entry : result.report.entries) {
    if (entry.code == code) return entry.value;
  }
  return "";
}

TEST(ImportCodesTest, OfAnUnknownColumnThatStandsTwiceBothValuesAreKept) {
  const auto result = read("标题,备注,备注,备注_2,备注\n裙,甲,乙,丙,丁\n裤,,乙,,\n", "a.csv");
  EXPECT_EQ(findings(result), (Lines{"1 备注 DUP_HEADER warn", "1 备注 DUP_HEADER warn"}));
  EXPECT_EQ(value_of(result, "DUP_HEADER"), "'备注' and '备注', columns 2 and 3: the second is kept as 备注_3");
  EXPECT_EQ(result.products[0].extra.dump(), R"({"备注":"甲","备注_3":"乙","备注_2":"丙","备注_4":"丁"})");
  EXPECT_EQ(result.products[1].extra["备注"], "");
  EXPECT_EQ(result.products[1].extra["备注_3"], "乙");
  const auto shop = read("Handle,Title,Variant Price,备注,备注\nh,T,1,甲,乙\ng,T,1,,乙\n", "s.csv");
  EXPECT_EQ(shop.products[0].extra["备注"], "甲");
  EXPECT_EQ(shop.products[1].extra["备注_2"], "乙");
  EXPECT_FALSE(shop.products[1].extra.contains("备注"));
}

TEST(ImportCodesTest, OfTwoColumnsOfOneFieldTheFirstWinsAndTheOtherIsKept) {
  const auto result = read("商品ID,标题,售价,价格,商家编码,sku编码,销量,月销,品牌,brand,标题,id\n1,裙,9.9,8,S1,S2,5,6,甲,乙,长裙,7\n", "a.csv");
  const Json record = to_json(result.products.at(0));
  EXPECT_EQ(record["id"], "1");
  EXPECT_EQ(record["id_column"], "7");
  EXPECT_EQ(record["price"]["amount"], 9.9);
  EXPECT_EQ(record["价格"], "8");
  EXPECT_EQ(record["sku"], "S1");
  EXPECT_EQ(record["sku编码"], "S2");
  EXPECT_EQ(record["signals"]["sales"], 5);
  EXPECT_EQ(record["月销"], "6");
  EXPECT_EQ(record["brand"], "甲");
  EXPECT_EQ(record["brand_column"], "乙");
  EXPECT_EQ(record["标题"], "长裙");
}

TEST(ImportCodesTest, ARemovedControlCharacterIsShownWhereItStood) {
  EXPECT_EQ(value_of(read("id,标题\n1,a\x01\x02" "b\n", "a.csv"), "CTRL_REMOVED"), "a\\x01\\x02b -> ab");
  EXPECT_EQ(value_of(read("id,标题\n1,\"一二三四五六七八九十甲\x0b乙\n丙\"\n", "a.csv"), "CTRL_REMOVED"), "…二三四五六七八九十甲\\x0b乙\\n丙 -> …二三四五六七八九十甲乙\\n丙");
  EXPECT_EQ(value_of(read(R"({"标题":"a\u0007b","描述":"c"})", "a.jsonl"), "CTRL_REMOVED"), "a\\x07b -> ab");
  EXPECT_EQ(value_of(read("id,标题\n1,\"a\r\nb\rc\"\n", "a.csv"), "CTRL_REMOVED"), "a\\r\\nb\\rc -> a\\nb\\nc");
}

TEST(ImportCodesTest, FindingsAreOneLineWhateverTheyHold) {
  const ImportEntry entry{"a.csv", 2, "备\n注", "X", Severity::warn, "一\r\n二\t\x01"};
  EXPECT_EQ(to_line(entry), "a.csv row 2, 备\\n注: X: '一\\r\\n二\\t\\x01'");
  EXPECT_EQ(std::string(ImportRefused({"a.csv", 1, "", "NO_HEADER", Severity::fatal, "\"a\nb\""}).what()), "[import] a.csv row 1: NO_HEADER: \"a\\nb\"");
}

TEST(ImportCodesTest, LinesThatEndInCarriageReturnsAloneAreNumberedAndNamed) {
  const auto table = read("id,标题,描述\r1,裙,\"a\rb\"\r\r2,裤,x,y\r3,衫,\r", "a.csv");
  EXPECT_EQ(findings(table), (Lines{"1  CR_LINE_ENDS warn", "2 描述 CTRL_REMOVED repair", "5  COLS_MISMATCH reject"}));
  ASSERT_EQ(table.products.size(), 2u);
  EXPECT_EQ(table.products[0].description_raw, "a\nb");
  EXPECT_EQ(table.products[1].source.row, 6);
  const auto mixed = read("id,标题\r\n1,裙\n2,裤\r3,衫,x\n4,袜\n", "a.csv");
  EXPECT_EQ(findings(mixed), (Lines{"4  COLS_MISMATCH reject", "3  CR_LINE_ENDS warn"}));
  EXPECT_EQ(mixed.products.at(2).source.row, 5);
  const auto lines = read("{\"标题\":\"裙\"}\r{\"标题\":5,}\r{\"标题\":\"裤\"}\r", "a.jsonl");
  EXPECT_EQ(findings(lines), (Lines{"2  NOT_JSON reject", "1  CR_LINE_ENDS warn"}));
  EXPECT_EQ(lines.products.at(1).source.row, 3);
  EXPECT_EQ(read("id\t标题\r1\t裙, 红\r2\t裤, 蓝, 长\r", "a.csv").products.size(), 2u);
  EXPECT_EQ(read(text::encode("id,标题\r1,连衣裙\r2,裤\r", text::Encoding::gb18030), "a.csv").products.size(), 2u);
}

TEST(ImportCodesTest, MixedLineEndsKeepTheirRowNumbers) {
  const auto result = read("id,标题\r\n1,裙\n\r\n2,\"a\r\nb\"\n3,c,d\r\n", "a.csv");
  EXPECT_EQ(result.products[1].source.row, 4);
  EXPECT_EQ(result.products[1].title_raw, "a\nb");
  EXPECT_EQ(findings(result), Lines{"6  COLS_MISMATCH reject"});
  EXPECT_EQ(read("{\"标题\":\"裙\"}\r\n{\"标题\":\"裤\"}\n", "a.jsonl").products.size(), 2u);
}

TEST(ImportCodesTest, ANumberThatIsNoTradeItemNumberIsNamedAndKept) {
  const auto table = read("标题,Barcode\n裙,12345\n裤,6901234567890\n衫,6901234567892\n", "a.csv");
  EXPECT_EQ(findings(table), (Lines{"2 Barcode BAD_NUMBER warn", "3 Barcode GTIN_CHECK warn"}));
  EXPECT_EQ(table.products[0].extra["Barcode"], "12345");
  EXPECT_EQ(table.products[0].gtin, "");
  EXPECT_EQ(table.products[2].gtin, "6901234567892");
  EXPECT_EQ(findings(read("id\ttitle\tlink\timage_link\tgtin\n1\t裙\tu\tv\tA-1\n", "f.tsv")), Lines{"2 gtin BAD_NUMBER warn"});
}

/// 8904000210037 is the example of GS1 India's page on check digits, 036000241457 the usual one of GTIN-12.
TEST(ImportCodesTest, CheckDigitsAreThoseOfGs1) {
  for (const char* good : {"8904000210037", "036000241457", "96385074", "18904000210034", "8 904000 210037"}) EXPECT_EQ(check_gtin(good), GtinProblem::none) << good;
  for (const char* wrong : {"8904000210038", "036000241475", "96385073"}) EXPECT_EQ(check_gtin(wrong), GtinProblem::wrong_check_digit) << wrong;
  for (const char* none : {"", "890400021003", "89040002100370000", "890400021003X", "8904000"}) EXPECT_NE(check_gtin(none), GtinProblem::none) << none;
}

TEST(ImportCodesTest, ItemsOfAFeedAreNumberedAndTheirFieldsNamed) {
  const std::string item = "<item><g:id>1</g:id><title>裙</title></item>", bad = "<item><g:id>3</g:id><title>裙</title><g:price>12.99</g:price><g:image_link>no url</g:image_link></item>";
  const std::string large = "<item><g:id>2</g:id><title>" + std::string(1'200'000, 'x') + "</title></item>";
  const auto result = read("<rss xmlns:g=\"http://base.google.com/ns/1.0\">" + large + bad + item + item + "</rss>", "f.xml");
  EXPECT_EQ(findings(result), (Lines{"1  TOO_LARGE reject", "2 price BAD_PRICE warn", "2 image_link BAD_URL warn", "4 id DUP_ID reject"}));
}

TEST(ImportCodesTest, AFeedThatIsNoXmlIsRefusedWithItsItemAndLine) {
  const auto refusal_of = [](std::string_view xml) -> std::string {
    try {
      read(xml, "f.xml");
    } catch (const ImportRefused& refused) {
      return refused.what();
    }
    return "";
  };
  const std::string item = "<item>\n<id>1</id><title>裙</title></item>\n";
  EXPECT_EQ(refusal_of("<rss>\n" + item + "<item><id>2</id>\n"), "[import] f.xml row 2: NOT_XML: line 4: an element is not closed, or more than 1048576 bytes lie behind an item");
  EXPECT_EQ(refusal_of("\n<html>\n</html>"), "[import] f.xml: NOT_XML: line 2: no <item> or <entry> of a product feed behind <html>\\n</html>");
}

TEST(ImportCodesTest, CharacterReferencesOfAFeedAreDecoded) {
  const auto feed = read("<rss><item><id>1</id><title>&#x4e2d;&#20013;&#x00000000004e2d;&#X4E2D;</title><link href=\"http://s/?a=1&amp;b=&#20013;\"/></item></rss>", "f.xml");
  EXPECT_EQ(feed.products.at(0).title_raw, "中中中中");
  EXPECT_EQ(feed.products.at(0).extra["link"], "http://s/?a=1&b=中");
}

TEST(ImportCodesTest, ADocumentTypeIsPassedOverUnlessItDeclaresEntities) {
  const std::string feed = "<rss><item><id>1</id><title>裙</title></item></rss>";
  for (const char* type : {"<!DOCTYPE rss>", "<!DOCTYPE rss SYSTEM \"http://x/a>b.dtd\">", "<!DOCTYPE rss [<!ELEMENT item (title)> <!-- ]> <item> -->]>"})
    EXPECT_EQ(read(type + feed, "f.xml").products.at(0).title_raw, "裙") << type;
  for (const char* type : {"<!DOCTYPE rss [<!ENTITY a \"<item><id>9</id><title>x</title></item>\">]>", "<?xml version=\"1.0\"?>\n<!DOCTYPE rss [\n<!ENTITY % p SYSTEM \"file:///etc/passwd\">\n%p;]>"}) {
    try {
      read(type + feed, "f.xml");
      ADD_FAILURE() << type;
    } catch (const ImportRefused& refused) {
      EXPECT_EQ(shown(refused.entry()), "0  NOT_XML fatal");
      EXPECT_NE(refused.entry().value.find("declares entities"), std::string::npos) << refused.what();
    }
  }
}

TEST(ImportCodesTest, WrongTypesOfKnownMembersAreNamed) {
  const auto odd = read(R"({"id":7,"标题":5,"描述":{"a":1},"价格":{"amount":5},"品牌":["甲"],"颜色":{"a":1},"销量":true,"主图":{"url":"u"},"类目":[{"a":1}],"文案":["一","二"]})", "a.jsonl");
  EXPECT_EQ(findings(odd), (Lines{"1 标题 BAD_FIELD warn", "1 描述 BAD_FIELD warn", "1 价格 BAD_NUMBER warn", "1 品牌 BAD_FIELD warn", "1 颜色 BAD_FIELD warn", "1 销量 BAD_NUMBER warn", "1 主图 BAD_FIELD warn",
                                  "1 类目 BAD_FIELD warn"}));
  const Product& product = odd.products.at(0);
  EXPECT_EQ(product.id, "7");
  EXPECT_EQ(product.title_raw, "5");
  EXPECT_EQ(product.summary, "一\n二");
  EXPECT_EQ(product.extra["描述"].dump(), R"({"a":1})");
  EXPECT_EQ(product.attributes.size(), 0u);
  EXPECT_EQ(findings(read(R"({"offerId":"1","title":{"x":1},"brand":true,"price":{"value":{}},"productDetails":5})", "p.json")),
            (Lines{"1 title BAD_FIELD warn", "1 brand BAD_FIELD warn", "1 price BAD_NUMBER warn", "1 productDetails BAD_FIELD warn", "1 title MISSING_REQUIRED reject"}));
  EXPECT_EQ(findings(read(R"({"@type":"Product","name":"裙","brand":{"x":1},"description":5,"offers":"9.9","aggregateRating":5})", "p.jsonld")),
            (Lines{"1 brand BAD_FIELD warn", "1 description BAD_FIELD warn", "1 offers BAD_FIELD warn", "1 aggregateRating BAD_FIELD warn"}));
  EXPECT_EQ(findings(read("{\"id\":\"1\",\"title_raw\":\"裙\",\"price\":\"9.9\"}\n{\"id\":\"2\",\"title_raw\":\"裙\",\"signals\":{\"sales\":-1}}\n{\"id\":\"3\",\"title_raw\":\"裙\",\"media\":[\"a\"]}\n", "r.jsonl")),
            (Lines{"1 price BAD_FIELD reject", "2 signals.sales BAD_FIELD reject", "3 media BAD_FIELD reject"}));
  EXPECT_EQ(findings(read("{\"instruction\":5,\"input\":\"类型#裙\",\"output\":\"裙。\"}\n{\"instruction\":\"写\",\"input\":\"类型#裙\",\"output\":\"裙。\",\"id\":12}\n", "t.jsonl")), Lines{"1 instruction BAD_FIELD reject"});
}

TEST(ImportCodesTest, AKeyThatStandsTwiceInAnObjectIsNamed) {
  const auto result = read("{\"标题\":\"裙\",\"x\":{\"a\":1,\"a\":2},\"标题\":\"裤\"}\n{\"标题\":\"\\u88d9\"}\n{\"id\":\"9\",\"x\":1,\"x\":2}\n", "a.jsonl");
  EXPECT_EQ(findings(result), (Lines{"1 x.a DUP_KEY warn", "1 标题 DUP_KEY warn", "3 x DUP_KEY warn", "3 title MISSING_REQUIRED reject"}));
  EXPECT_EQ(result.products.at(0).title_raw, "裤");
  EXPECT_EQ(result.products.at(1).title_raw, "裙");
  EXPECT_EQ(findings(read("[{\"标题\":\"裙\",\"标题\":\"裤\"}]", "a.json")), Lines{"1 标题 DUP_KEY warn"});
}

TEST(ImportCodesTest, WhatMacosPutsIntoAnArchiveIsPassedOver) {
  const std::string zip = make_archive({{"shop/a.csv", kCsv}, {"__MACOSX/shop/._a.csv", "x"}, {"shop/._a.csv", "x"}, {"shop/.DS_Store", "x"}, {"__MACOSX/b.csv", "x"}});
  EXPECT_EQ(read(zip, "a.zip").products.size(), 1u);
  EXPECT_EQ(refused(make_archive({{"__MACOSX/a.csv", kCsv}}), "a.zip"), "0  NO_HEADER fatal");
}

/// What a file of rejects says: the row, and what stands there, of a workbook as a line of CSV.
TEST(ImportCodesTest, EveryReaderShowsTheRowsThatItRejects) {
  const auto last = [](const ImportResult& result) {
    const ImportEntry& entry = result.report.entries.back();
    return concat(shown(entry), ": ", entry.value);
  };
  EXPECT_EQ(last(read("id,标题\n1,裙\n2,\"裤,长\",x\n", "a.csv")), "3  COLS_MISMATCH reject: 3 cells, header has 2: 2,\"裤,长\",x");
  EXPECT_EQ(last(read("id\t标题\n1\t裙\n2\t\"裤\n", "a.tsv")), "3  BAD_QUOTE reject: 2\t\"裤");
  EXPECT_EQ(last(read("{\"标题\":\"裙\"}\n{\"标题\":}\n", "a.jsonl")), "2  NOT_JSON reject: {\"标题\":}");
  EXPECT_EQ(last(read("[{\"标题\":\"裙\"},5]", "a.json")), "2  NOT_JSON reject: 5");
  EXPECT_EQ(last(read("<rss><item><id>1</id><title>裙</title></item><item><title>裤</title></item></rss>", "f.xml")), "2 id MISSING_REQUIRED reject: 裤");
  const auto cell = [](const char* at, const char* text) { return concat("<c r=\"", at, "\" t=\"inlineStr\"><is><t>", text, "</t></is></c>"); };
  const std::string sheet = concat("<sheetData><row r=\"1\">", cell("A1", "标题"), "</row><row r=\"2\">", cell("A2", "裙"), "</row><row r=\"3\">", cell("A3", "裤"), cell("B3", "长,\"短\""), "</row></sheetData>");
  EXPECT_EQ(last(read(test::workbook(sheet), "a.xlsx")), "3  COLS_MISMATCH reject: 2 cells, header has 1: 裤,\"长,\"\"短\"\"\"");
}

TEST(ImportCodesTest, TheTypeOfAShopifyTableIsTheCategoryWhereThereIsNoBetterOne) {
  const auto result = read("Handle,Title,Product Category,Type,Variant Price\na,裙,Apparel > Dresses,连衣裙,1\nb,裤,,长裤,1\n", "s.csv");
  EXPECT_EQ(category_of(result.products.at(0)), "Dresses");
  EXPECT_EQ(category_of(result.products.at(1)), "长裤");
  EXPECT_EQ(result.products.at(1).extra["Type"], "长裤");
  EXPECT_EQ(category_of(read("Handle,Title,Type,Variant Price\nb,裤,长裤,1\n", "s.csv").products.at(0)), "长裤");
}

TEST(ImportCodesTest, TurnsOfMessagesMustAlternate) {
  const auto result = read(
      "{\"messages\":[{\"role\":\"user\",\"content\":\"类型#裙\"},{\"role\":\"assistant\",\"content\":\"裙。\"}]}\n"
      "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":\"b\"},{\"role\":\"assistant\",\"content\":\"c\"}]}\n"
      "{\"messages\":[{\"role\":\"user\",\"content\":5}]}\n{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}\n",
      "m.jsonl");
  EXPECT_EQ(findings(result), (Lines{"2 messages[2] ROLE_ORDER reject", "3 messages[0] BAD_FIELD reject", "4 messages MISSING_REQUIRED reject"}));
}

TEST(ImportCodesTest, NullBytesAreTakenOutWhereATextMayHoldThem) {
  const std::string null(1, '\0');
  EXPECT_EQ(findings(read("id\t标题\n1\ta" + null + "b\n", "a.tsv")), Lines{"2 标题 CTRL_REMOVED repair"});
  EXPECT_EQ(findings(read("<rss><item><id>1</id><title>a" + null + "b</title></item></rss>", "f.xml")), Lines{"1 title CTRL_REMOVED repair"});
  EXPECT_EQ(findings(read("{\"标题\":\"a" + null + "b\"}\n", "a.jsonl")), Lines{"1  NOT_JSON reject"});
  EXPECT_EQ(findings(read(text::encode("id\t标题\n1\ta" + null + "b\n", text::Encoding::utf16le), "a.tsv")), Lines{"2 标题 CTRL_REMOVED repair"});
}

TEST(ImportCodesTest, KindsOfTrainingRowsThatAreMixedAreRefusedAtTheirRow) {
  EXPECT_EQ(refused("{\"prompt\":\"a\",\"chosen\":\"b\",\"rejected\":\"c\"}\n{\"prompt\":\"a\",\"completion\":\"b\"}\n", "m.jsonl"), "2  MIXED_KINDS fatal");
}

TEST(ImportCodesTest, PairsThatNoRuleKnowsAreNamedWithTheirKey) {
  Product product = read("标题,属性\n裙,星座:金牛;颜色:五彩斑斓的黑\n", "a.csv").products.at(0);
  Lines unmapped;
  for (const UnmappedPair& pair : AttributeNormalizer::load().normalize(product)) unmapped.push_back(pair.key_raw + " " + std::string(pair.code));
  EXPECT_EQ(unmapped, (Lines{"星座 KEY_UNMAPPED", "颜色 VALUE_UNMAPPED"}));
}

TEST(ImportCodesTest, AFileOverTheLimitIsRefusedBeforeItsRowsAreRead) {
  const test::TemporaryDirectory folder;
  const auto file = folder.path() / "a.csv";
  write_file_atomic(file, kCsv + std::string(1 << 20, '\n'));
  ImportConfig config = quiet_config();
  EXPECT_EQ(read_products(file, config).products.size(), 1u);
  config.max_file_mib = 1;
  EXPECT_EQ(refusal([&] { read_products(file, config); }), "0  TOO_LARGE fatal");
}

TEST(ImportCodesTest, AnyStartOfAPictureIsReadOrNamed) {
  const std::string png("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\3\x20\0\0\3\x20", 24), webp("RIFF\x10\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x1f\3\0\x1f\3\0", 30);
  const std::string gif("GIF89a\x20\3\x20\3", 10), jpeg("\xff\xd8\xff\xe0\0\4ab\xff\xc0\0\x11\x08\3\x20\3\x20\3", 18);
  const test::TemporaryDirectory folder;
  ImportConfig config = quiet_config();
  config.pictures = folder.path().string();
  for (const std::string& picture : {png, webp, gif, jpeg}) {
    for (size_t size = 1; size <= picture.size(); ++size) {
      write_file_atomic(folder.path() / "p", picture.substr(0, size));
      const Lines expected = size < picture.size() ? Lines{"2 media IMG_UNREADABLE reject"} : Lines{};
      EXPECT_EQ(findings(read_products_from("标题,主图\n裙,p\n", "a.csv", config)), expected) << picture.substr(0, 4) << " " << size;
    }
  }
}

/// A head, one sign `repeats` times, and a tail, without holding them.
class LongText : public ByteReader {
 public:
  LongText(std::string head, uint64_t repeats, std::string tail) : head_(std::move(head)), repeats_(repeats), tail_(std::move(tail)) {}
  size_t read(std::span<char> out) override {
    if (!head_.empty()) return take(head_, out);
    if (repeats_ == 0) return take(tail_, out);
    const size_t size = static_cast<size_t>(std::min<uint64_t>(out.size(), repeats_));
    std::fill_n(out.begin(), size, 'x');
    repeats_ -= size;
    return size;
  }

 private:
  static size_t take(std::string& text, std::span<char> out) {
    const size_t size = std::min(out.size(), text.size());
    std::copy_n(text.begin(), size, out.begin());
    text.erase(0, size);
    return size;
  }
  std::string head_;
  uint64_t repeats_;
  std::string tail_;
};

long peak_mib() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

std::unique_ptr<RowReader> rows_of(TextWindow& window, std::string_view format, ImportRun& run) {
  if (format == "json") return json_rows(window, "auto", run);
  if (format == "xml") return merchant_xml_rows(window, run);
  return table_rows(std::make_unique<DelimitedReader>(window, ','), {"csv", ','}, run);
}

/// The findings of rows that come piece by piece; memory must not grow with them.
Lines streamed(std::string_view format, LongText text, long most_mib = 32) {
  const long before = peak_mib();
  TextWindow window(text);
  ImportRun run("t", "0123456789abcdef", quiet_config());
  const auto rows = rows_of(window, format, run);
  Lines lines;
  while (const auto row = rows->next()) {
    if (row->product) lines.push_back(concat(row->row, " ", row->product->title_raw));
    for (const ImportEntry& finding : row->findings) lines.push_back(shown(finding));
  }
  EXPECT_LT(peak_mib() - before, most_mib);
  return lines;
}

constexpr uint64_t kTwoGigabytes = uint64_t{2} << 30, kSomeMegabytes = uint64_t{64} << 20;

TEST(ImportCodesTest, ALineOfTwoGigabytesIsRejectedInLittleMemory) {
  EXPECT_EQ(streamed("csv", {"id,标题\n1,裙\n2,", kTwoGigabytes, "\n3,裤\n"}), (Lines{"2 裙", "3  TOO_LARGE reject", "4 裤"}));
  EXPECT_EQ(streamed("json", {"{\"标题\":\"裙\"}\n{\"标题\":\"", kTwoGigabytes, "\"}\n{\"标题\":\"裤\"}\n"}), (Lines{"1 裙", "2  TOO_LARGE reject", "3 裤"}));
}

TEST(ImportCodesTest, OneLargeValueIsRejectedInLittleMemoryWhereverItStands) {
  EXPECT_EQ(streamed("csv", {"id,标题\n1,\"", kSomeMegabytes, "\"\n3,裤\n"}), (Lines{"2  TOO_LARGE reject", "3 裤"}));
  EXPECT_EQ(streamed("json", {"[{\"标题\":\"裙\"},{\"标题\":\"", kSomeMegabytes, "\"},{\"标题\":\"裤\"}]"}), (Lines{"1 裙", "2  TOO_LARGE reject", "3 裤"}));
  EXPECT_EQ(streamed("json", {"{\"标题\":\"", kSomeMegabytes, "\"}\n{\"标题\":\"裤\"}\n"}), (Lines{"1  TOO_LARGE reject", "2 裤"}));
  EXPECT_EQ(streamed("xml", {"<rss><item><id>1</id><title>", kSomeMegabytes, "</title></item><item><id>2</id><title>裤</title></item></rss>"}), (Lines{"1  TOO_LARGE reject", "2 裤"}));
}

TEST(ImportCodesTest, LargeTextsOutsideOfRowsRefuseTheFileInLittleMemory) {
  EXPECT_EQ(refusal([] { streamed("csv", {"id,", kSomeMegabytes, "\n1,裙\n"}); }), "1  NO_HEADER fatal");
  EXPECT_EQ(refusal([] { streamed("json", {"{\n\"products\":\"", kTwoGigabytes, "\"}"}, /*most_mib=*/200); }), "0  TOO_LARGE fatal");
  EXPECT_EQ(refusal([] { streamed("xml", {"<rss>", kSomeMegabytes, "<item/></rss>"}); }), "0  NOT_XML fatal");
  EXPECT_EQ(refusal([] { streamed("xml", {"<rss><item><id>1</id><title>裙</title></item>", kSomeMegabytes, "</rss>"}); }), "1  NOT_XML fatal");
}

TEST(ImportCodesTest, FindingsNameTheTablesOwnColumns) {
  EXPECT_EQ(findings(read("商品ID,宝贝标题\n1,裙\n1,裤\n2,\n", "a.csv")), (Lines{"3 商品ID DUP_ID reject", "4 宝贝标题 MISSING_REQUIRED reject"}));
}

TEST(ImportCodesTest, ADamagedOrOverfullPackedFileIsRefusedWithACode) {
  const test::TemporaryDirectory folder;
  const std::string table = "id,标题\n1,裙\n2,裤\n", packed = compress(table, Compression::gzip);
  write_file_atomic(folder.path() / "whole.csv.gz", packed);
  EXPECT_EQ(read_products(folder.path() / "whole.csv.gz", quiet_config()).products.size(), 2u);
  write_file_atomic(folder.path() / "cut.csv.gz", packed.substr(0, packed.size() - 9));
  write_file_atomic(folder.path() / "bomb.csv.gz", compress(table + std::string(size_t{4} << 20, ' '), Compression::gzip));
  for (const auto& [file, code] : {std::pair{"cut.csv.gz", "0  ARCHIVE_DAMAGED fatal"}, {"bomb.csv.gz", "0  TOO_LARGE fatal"}}) {
    EXPECT_EQ(refusal([&] { read_products(folder.path() / file, quiet_config()); }), code) << file;
    EXPECT_EQ(refusal([&] { ShopFile(folder.path() / file, {.reader = quiet_config(), .columns = {}}); }), code) << file;
  }
}

}  // namespace
}  // namespace vitrine::data
