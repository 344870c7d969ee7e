#include "data/shop_file.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "data/archive.h"
#include "data/workbook.h"
#include "support/whole_shop_file.h"
#include "support/workbook.h"
#include "text/encoding.h"

namespace vitrine::data {
namespace {

ShopFileConfig quiet_config() {
  ShopFileConfig config;
  config.reader.mappings = "/nonexistent/columns.json";
  return config;
}

test::WholeShopFile open(std::string_view bytes, std::string_view name, ShopFileConfig config = quiet_config()) { return test::WholeShopFile::read_from(std::string(bytes), name, config); }

/// The file after one text.
std::string with(std::string_view bytes, std::string_view name, size_t row, std::string_view field, std::string_view text) {
  test::WholeShopFile file = open(bytes, name);
  EXPECT_EQ(file.bytes(), bytes);
  const std::string stored = file.stored_form(field, text);
  file.set(row, field, stored);
  const test::WholeShopFile again = open(file.bytes(), name);
  EXPECT_EQ(again.text(row, field), stored);
  return file.bytes();
}

TEST(ShopFileTest, ACellOfATableChangesAndTheOthersStay) {
  EXPECT_EQ(with("\xef\xbb\xbfid,标题,文案,x\r\n1,\"裙,长\",,\"q\"\r\n2,裤,\"\",=1\r\n", "a.csv", 0, "description", "好,\"裙\""),
            "\xef\xbb\xbfid,标题,文案,x\r\n1,\"裙,长\",\"好,\"\"裙\"\"\",\"q\"\r\n2,裤,\"\",=1\r\n");
  EXPECT_EQ(with("id,标题,文案\n1,裙,", "a.csv", 0, "description", "好"), "id,标题,文案\n1,裙,好");
}

TEST(ShopFileTest, ATableWithoutAColumnForTheTextGetsOneAtTheEnd) {
  EXPECT_EQ(with("id,标题\n1,裙\n2,裤\n", "a.csv", 1, "description", "好裤"), "id,标题,文案\n1,裙,\n2,裤,好裤\n");
  test::WholeShopFile file = open("id,品牌\n1,甲\n2,乙\n", "a.csv", [] { auto c = quiet_config(); c.reader.map = {"品牌=title"}; c.columns = {"description=Copy", "short_title=Short"}; return c; }());
  file.set(0, "description", "长");
  file.set(0, "short_title", "短");
  file.set(1, "short_title", "短2");
  EXPECT_EQ(file.bytes(), "id,品牌,Copy,Short\n1,甲,长,短\n2,乙,,短2\n");
}

TEST(ShopFileTest, AFormulaSignGetsAnApostropheInSpreadsheetsOnly) {
  EXPECT_EQ(with("id,标题,文案\n1,裙,\n", "a.csv", 0, "description", "=1+1"), "id,标题,文案\n1,裙,'=1+1\n");
  EXPECT_EQ(open("Handle,Title,Body (HTML),SEO Title\nh,T,,\n", "s.csv").stored_form("seo_title", "-5%"), "-5%");
}

TEST(ShopFileTest, EncodingsComeBackAsTheyWere) {
  const std::string table = "id,标题,文案\r\n1,连衣裙,\r\n";
  for (const auto encoding : {text::Encoding::utf8_bom, text::Encoding::gb18030, text::Encoding::utf16le, text::Encoding::utf16be}) {
    const std::string changed = with(text::encode(table, encoding), "a.csv", 0, "description", "好裙😀");
    EXPECT_EQ(changed, text::encode("id,标题,文案\r\n1,连衣裙,好裙😀\r\n", encoding)) << to_string(encoding);
  }
}

TEST(ShopFileTest, DamagedRowsStayAsTheyAre) {
  const std::string bytes = "id,标题,文案\n1,裙,\n2,\xff\xff,\n3,裤,\n\"4,x\n";
  EXPECT_EQ(with(bytes, "a.csv", 1, "description", "好"), "id,标题,文案\n1,裙,\n2,\xff\xff,\n3,裤,好\n\"4,x\n");
  std::string odd = text::encode("id,标题,文案\n1,裙,\n2,?,\n", text::Encoding::utf16le);
  odd[odd.size() - 6] = '\x00';
  odd[odd.size() - 5] = '\xd8';  // a lone surrogate
  EXPECT_EQ(open(odd, "a.csv").bytes(), odd);
  EXPECT_EQ(open(odd, "a.csv").rows().size(), 1u);
  test::WholeShopFile file = open(odd, "a.csv");
  file.set(0, "description", "好");
  EXPECT_EQ(file.bytes().size(), odd.size() + 2);
  EXPECT_EQ(file.bytes().substr(file.bytes().size() - 12), odd.substr(odd.size() - 12));
}

TEST(ShopFileTest, OfAShopifyTableOnlyTextColumnsMayChange) {
  const std::string bytes = "Handle,Title,Body (HTML),Variant Price,SEO Description\nh,T,,1.00,\nh,,,2.00,\n";
  EXPECT_EQ(with(bytes, "s.csv", 0, "description", "a<b\nc"), "Handle,Title,Body (HTML),Variant Price,SEO Description\nh,T,<p>a&lt;b<br>c</p>,1.00,\nh,,,2.00,\n");
  auto config = quiet_config();
  config.columns = {"description=Variant Price"};
  EXPECT_THROW(open(bytes, "s.csv", config), UsageError);
}

TEST(ShopFileTest, TaobaoTablesKeepTheirThreeHeaderLines) {
  const std::string bytes = text::encode("version 1.00\r\ntitle\tdescription\tnum_id\r\n宝贝名称\t宝贝描述\t数字ID\r\n裙\t\t7\r\n", text::Encoding::utf16le);
  const std::string changed = with(bytes, "t.csv", 0, "description", "甲\t乙");
  EXPECT_EQ(text::decode(changed, text::Encoding::utf16le), "version 1.00\r\ntitle\tdescription\tnum_id\r\n宝贝名称\t宝贝描述\t数字ID\r\n裙\t\"<p>甲\t乙</p>\"\t7\r\n");
}

TEST(ShopFileTest, MerchantTextsGoToStructuredFields) {
  EXPECT_EQ(with("id\ttitle\tlink\timage_link\tprice\n1\t裙\tu\tv\t1 CNY\n", "f.tsv", 0, "title", "好\n裙"),
            "id\ttitle\tlink\timage_link\tprice\tstructured_title\n1\t裙\tu\tv\t1 CNY\ttrained_algorithmic_media:\"好 裙\"\n");
  const std::string xml = "<rss xmlns:g=\"http://base.google.com/ns/1.0\"><channel>\n <item>\n  <g:id>1</g:id>\n  <title>裙</title>\n </item>\n</channel></rss>";
  EXPECT_EQ(with(xml, "f.xml", 0, "description", "a & b"),
            "<rss xmlns:g=\"http://base.google.com/ns/1.0\"><channel>\n <item>\n  <g:id>1</g:id>\n  <title>裙</title>\n  "
            "<g:structured_description><g:digital_source_type>trained_algorithmic_media</g:digital_source_type><g:content>a &amp; b</g:content></g:structured_description>\n </item>\n</channel></rss>");
  EXPECT_EQ(with("{\"offerId\":\"1\",\"title\":\"裙\"}\n", "p.jsonl", 0, "title", "好"),
            "{\"offerId\":\"1\",\"title\":\"裙\",\"structuredTitle\":{\"digitalSourceType\":\"trained_algorithmic_media\",\"content\":\"好\"}}\n");
}

TEST(ShopFileTest, StructuredElementsAreWrittenAsTheItemsOwn) {
  const std::string space = "http://base.google.com/ns/1.0";
  const auto feed = [](std::string_view rss, std::string_view item) { return concat("<rss", rss, "><channel><title>t</title>", item, "</channel></rss>"); };
  const auto structured = [](std::string_view prefix, std::string_view declaration) {
    return concat("<", prefix, "structured_description", declaration, "><", prefix, "digital_source_type>trained_algorithmic_media</", prefix, "digital_source_type><", prefix, "content>好</",
                  prefix, "content></", prefix, "structured_description>");
  };
  const auto check = [&](std::string_view rss, std::string_view own, std::string_view children, std::string_view expected) {
    const auto item = [&](std::string_view more) { return concat("<item", own, ">", children, more, "</item>"); };
    EXPECT_EQ(with(feed(rss, item("")), "f.xml", 0, "description", "好"), feed(rss, item(expected)));
  };
  const std::string g = concat(" xmlns:g=\"", space, "\"");
  check(concat(" xmlns:c=\"http://base.google.com/cns/1.0\" xmlns=\"", space, "\""), "", "<id>1</id><title>t</title>", structured("", ""));
  check("", concat(" xmlns:k='", space, "'"), "<k:id>1</k:id><k:title>t</k:title>", structured("k:", ""));
  check("", "", "<id>1</id><title>t</title>", structured("g:", g));
  check("", "", concat("<x:id xmlns:x=\"", space, "\">1</x:id><title>t</title>"), structured("g:", g));
  check(concat(g, " xmlns:h=\"", space, "\""), "", "<h:id>1</h:id><title>t</title>", structured("h:", ""));
  check(g, " xmlns:g=\"http://other\"", "<id>1</id><title>t</title>", structured("g:", g));
}

TEST(ShopFileTest, ADocumentOnOneLineIsReadAsTheIndentedOne) {
  const auto ids = [](std::string_view json) {
    std::string all;
    const test::WholeShopFile file = open(json, "a.json");
    for (const auto& row : file.rows()) all += concat(row.row, "=", row.product.title_raw, " ");
    return all;
  };
  const std::string products = R"([{"title":"甲","材质":"棉"},{"title":"乙","材质":"棉"},{"title":"丙","材质":"棉"}])";
  const std::string things = R"([{"@type":"Product","name":"甲"},{"@type":"WebSite","name":"x"},{"@type":"Product","name":"丙"}])";
  for (const std::string name : {"items", "products"}) {
    EXPECT_EQ(ids(concat("{\"", name, "\":", products, "}")), "1=甲 2=乙 3=丙 ");
    EXPECT_EQ(ids(concat("{\"", name, "\":", products, "}\n\n ")), "1=甲 2=乙 3=丙 ");
    EXPECT_EQ(ids(concat("{\n\"", name, "\":", products, "\n}")), "1=甲 2=乙 3=丙 ");
  }
  EXPECT_EQ(ids(concat("{\"@context\":\"https://schema.org\",\"@graph\":", things, "}\n")), "1=甲 3=丙 ");
  EXPECT_EQ(ids(concat("[{\"@context\":\"https://schema.org\",\"@graph\":", things, "}]")), "1=甲 3=丙 ");
  EXPECT_EQ(with(concat("{\"items\":", products, "}"), "a.json", 1, "description", "好"),
            R"({"items":[{"title":"甲","材质":"棉"},{"title":"乙","材质":"棉","summary":"好"},{"title":"丙","材质":"棉"}]})");
  EXPECT_EQ(with(concat("[{\"@graph\":", things, "}]"), "a.json", 1, "description", "好"),
            R"([{"@graph":[{"@type":"Product","name":"甲"},{"@type":"WebSite","name":"x"},{"@type":"Product","name":"丙","description":"好"}]}])");
  EXPECT_EQ(ids("{\"title\":\"甲\",\"材质\":\"棉\"}\n{\"title\":\"乙\",\"材质\":\"棉\"}\n"), "1=甲 2=乙 ");
}

TEST(ShopFileTest, JsonKeepsItsSpacesAndTheOrderOfItsMembers) {
  const std::string json = "{\n  \"@context\": \"https://schema.org\",\n  \"@graph\": [\n    { \"@type\": \"WebSite\", \"name\": \"x\" },\n    {\n      \"@type\": \"Product\",\n      \"name\" : \"裙\"\n    }\n  ]\n}\n";
  EXPECT_EQ(with(json, "p.json", 0, "description", "好\"裙"),
            "{\n  \"@context\": \"https://schema.org\",\n  \"@graph\": [\n    { \"@type\": \"WebSite\", \"name\": \"x\" },\n    {\n      \"@type\": \"Product\",\n      \"name\" : \"裙\",\n      \"description\" : \"好\\\"裙\"\n    }\n  ]\n}\n");
  EXPECT_EQ(with("{\"content\":\"类型#裙\", \"summary\":\"\"}\n{\"content\":\"类型#裤\"}\n", "a.jsonl", 1, "description", "好裤"),
            "{\"content\":\"类型#裙\", \"summary\":\"\"}\n{\"content\":\"类型#裤\",\"summary\":\"好裤\"}\n");
  EXPECT_EQ(with("[{\"标题\":\"裙\"}, {\"标题\":\"裤\",\"文案\":null}]", "a.json", 1, "description", "好"), "[{\"标题\":\"裙\"}, {\"标题\":\"裤\",\"文案\":\"好\"}]");
}

TEST(ShopFileTest, OfAWorkbookOneSheetChangesAndEveryOtherEntryStays) {
  const std::string bytes = test::workbook(
      "<cols><col min=\"1\"/></cols><sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" t=\"s\"><v>1</v></c><c r=\"D1\" t=\"s\"><v>2</v></c></row>"
      "<row r=\"2\"><c r=\"A2\"><v>1</v></c><c r=\"D2\" s=\"1\"><v>45292</v></c></row><row r=\"3\"><c r=\"A3\"><v>2</v></c><c r=\"B3\" s=\"0\" t=\"s\"><v>3</v></c></row></sheetData>",
      {"商品ID", "文案", "上架", "旧文"}, {{"xl/media/a.bin", std::string(5000, 'z')}});
  test::WholeShopFile file = open(bytes, "a.xlsx", [] { auto c = quiet_config(); c.reader.map = {"上架=title"}; return c; }());
  EXPECT_EQ(file.bytes(), bytes);
  file.set(0, "description", "好<裙>");
  const Archive before(bytes, "a.xlsx"), after(file.bytes(), "a.xlsx");
  for (const ArchiveEntry& entry : before.entries()) {
    if (entry.name == "xl/worksheets/sheet1.xml") continue;
    EXPECT_EQ(before.read(entry.name), after.read(entry.name)) << entry.name;
  }
  EXPECT_NE(after.read("xl/worksheets/sheet1.xml").find("<c r=\"A2\"><v>1</v></c><c r=\"B2\" t=\"inlineStr\"><is><t xml:space=\"preserve\">好&lt;裙&gt;</t></is></c><c r=\"D2\" s=\"1\">"), std::string::npos);
  EXPECT_EQ(file.bytes(), file.bytes());
  EXPECT_EQ(file.text(0, "description"), "好<裙>");
}

TEST(ShopFileTest, ANewColumnOfASheetStandsBesideTheOthersAndTheSheetSaysSo) {
  const std::string bytes = test::workbook(
      "<dimension ref=\"A1:B3\"/><sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" t=\"s\"><v>1</v></c></row>"
      "<row r=\"2\"><c r=\"A2\"><v>1</v></c><c r=\"B2\" t=\"s\"><v>2</v></c></row><row r=\"3\"><c r=\"A3\"><v>2</v></c><c r=\"B3\" t=\"s\"><v>2</v></c></row></sheetData>",
      {"商品ID", "标题", "裙"});
  test::WholeShopFile file = open(bytes, "a.xlsx");
  file.set(1, "description", "好");
  const std::string sheet = Archive(file.bytes(), "a.xlsx").read("xl/worksheets/sheet1.xml");
  EXPECT_NE(sheet.find("<dimension ref=\"A1:C3\"/>"), std::string::npos) << sheet;
  EXPECT_NE(sheet.find("<c r=\"C1\" t=\"inlineStr\"><is><t xml:space=\"preserve\">文案<"), std::string::npos) << sheet;
  EXPECT_NE(sheet.find("<c r=\"C3\" t=\"inlineStr\">"), std::string::npos) << sheet;
  file.set(0, "short_title", "短");
  const test::WholeShopFile both = open(file.bytes(), "a.xlsx");
  EXPECT_EQ(both.text(1, "description"), "好");
  EXPECT_EQ(both.text(0, "short_title"), "短");
  EXPECT_NE(Archive(file.bytes(), "a.xlsx").read("xl/worksheets/sheet1.xml").find("<dimension ref=\"A1:D3\"/>"), std::string::npos);
}

/// A sheet with ids and titles, its rows saying which columns have cells.
std::string spanned_sheet(const std::string& behind = "") {
  return "<sheetData><row r=\"1\" spans=\"1:2\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" t=\"s\"><v>1</v></c></row>"
         "<row r=\"2\" spans=\"1:2\"><c r=\"A2\"><v>1</v></c><c r=\"B2\" t=\"s\"><v>2</v></c></row>"
         "<row r=\"3\" spans=\"1:9\"><c r=\"A3\"><v>2</v></c><c r=\"B3\" t=\"s\"><v>2</v></c></row></sheetData>" + behind;
}

TEST(ShopFileTest, RowsOfASheetThatGetACellBeyondTheirSpansSaySo) {
  test::WholeShopFile file = open(test::workbook(spanned_sheet(), {"商品ID", "标题", "裙"}), "a.xlsx");
  file.set(0, "description", "好");
  file.set(0, "short_title", "短");
  std::string sheet = Archive(file.bytes(), "a.xlsx").read("xl/worksheets/sheet1.xml");
  EXPECT_NE(sheet.find("<row r=\"1\" spans=\"1:4\">"), std::string::npos) << sheet;
  EXPECT_NE(sheet.find("<row r=\"2\" spans=\"1:4\">"), std::string::npos) << sheet;
  EXPECT_NE(sheet.find("<row r=\"3\" spans=\"1:9\">"), std::string::npos) << sheet;
}

TEST(ShopFileTest, ANewColumnOfASheetStaysOutOfTablesAndMergedHeaders) {
  const std::string relations = "<Relationships><Relationship Id=\"t\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/table\" Target=\"../tables/table1.xml\"/></Relationships>";
  test::WholeShopFile table = open(test::workbook(spanned_sheet(), {"商品ID", "标题", "裙"}, {{"xl/worksheets/_rels/sheet1.xml.rels", relations}, {"xl/tables/table1.xml", "<table ref=\"A1:C3\"/>"}}), "a.xlsx");
  table.set(1, "description", "好");
  EXPECT_NE(Archive(table.bytes(), "a.xlsx").read("xl/worksheets/sheet1.xml").find("<c r=\"D3\" t=\"inlineStr\">"), std::string::npos);
  EXPECT_EQ(open(table.bytes(), "a.xlsx").text(1, "description"), "好");
  test::WholeShopFile merged = open(test::workbook(spanned_sheet("<mergeCells><mergeCell ref=\"B1:D1\"/><mergeCell ref=\"A8:J9\"/></mergeCells>"), {"商品ID", "标题", "裙"}), "a.xlsx");
  merged.set(0, "description", "好");
  EXPECT_NE(Archive(merged.bytes(), "a.xlsx").read("xl/worksheets/sheet1.xml").find("<c r=\"E2\" t=\"inlineStr\">"), std::string::npos);
}

TEST(ShopFileTest, QuotesColonsAndCommasOfStructuredTextsAreReadBack) {
  const std::string feed = "id\ttitle\tlink\timage_link\n1\t裙\tu\tv\n";
  for (const char* text : {"12\" 长裙: 红, \"真丝\"", "\"", "\"\"", "default:a", "a: b", "\"a\", \"b\""}) {
    const std::string changed = with(feed, "f.tsv", 0, "title", text);
    const auto result = read_products_from(changed, "f.tsv", quiet_config().reader);
    EXPECT_EQ(open(changed, "f.tsv").text(0, "title"), text);
    EXPECT_TRUE(result.report.entries.empty());
  }
  EXPECT_EQ(with(feed, "f.tsv", 0, "title", "12\" 裙"), "id\ttitle\tlink\timage_link\tstructured_title\n1\t裙\tu\tv\ttrained_algorithmic_media:\"12\"\" 裙\"\n");
  EXPECT_EQ(with("id,title,link,image_link\n1,裙,u,v\n", "f.csv", 0, "title", "a, \"b\""), "id,title,link,image_link,structured_title\n1,裙,u,v,\"trained_algorithmic_media:\"\"a, \"\"\"\"b\"\"\"\"\"\"\"\n");
}

TEST(ShopFileTest, StructuredTextsOfASheetNameTheirSourceToo) {
  const std::string bytes = test::workbook(
      "<sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" t=\"s\"><v>1</v></c><c r=\"C1\" t=\"s\"><v>2</v></c><c r=\"D1\" t=\"s\"><v>3</v></c></row>"
      "<row r=\"2\"><c r=\"A2\"><v>1</v></c><c r=\"B2\" t=\"s\"><v>4</v></c></row></sheetData>",
      {"id", "title", "link", "image_link", "裙"});
  test::WholeShopFile file = open(bytes, "f.xlsx");
  file.set(0, "title", "好\"裙\"");
  const std::string sheet = Archive(file.bytes(), "f.xlsx").read("xl/worksheets/sheet1.xml");
  EXPECT_NE(sheet.find("trained_algorithmic_media:&quot;好&quot;&quot;裙&quot;&quot;&quot;"), std::string::npos) << sheet;
  EXPECT_EQ(open(file.bytes(), "f.xlsx").text(0, "title"), "好\"裙\"");
}

TEST(ShopFileTest, ColumnsThatHoldIdsOrPricesTakeNoTexts) {
  for (const char* column : {"商品ID", "价格", "颜色"}) {
    auto config = quiet_config();
    config.columns = {concat("description=", column)};
    EXPECT_THROW(open("商品ID,标题,价格,颜色,文案\n1,裙,9.9,红,\n", "a.csv", config), UsageError) << column;
  }
  auto config = quiet_config();
  config.columns = {"description=文案", "title=文案"};
  EXPECT_THROW(open("商品ID,标题,文案\n1,裙,\n", "a.csv", config), UsageError);
  config.columns = {"description=备注"};
  EXPECT_EQ(open("商品ID,标题,备注\n1,裙,\n", "a.csv", config).column_of("description"), "备注");
}

TEST(ShopFileTest, ColumnsAreNamedForKnownFields) {
  auto config = quiet_config();
  config.columns = {"foo=文案"};
  EXPECT_THROW(open("id,标题,文案\n1,裙,\n", "a.csv", config), UsageError);
}

TEST(ShopFileTest, ACellOfAWorkbookHoldsSoManyUnits) {
  const std::string bytes = test::workbook("<sheetData><row r=\"1\"><c r=\"A1\" t=\"str\"><v>id</v></c><c r=\"B1\" t=\"str\"><v>标题</v></c></row><row r=\"2\"><c r=\"A2\"><v>1</v></c><c r=\"B2\" t=\"str\"><v>裙</v></c></row></sheetData>");
  const ShopFile book = ShopFile::in_memory(bytes, "a.xlsx", quiet_config());
  EXPECT_TRUE(book.fits("description", std::string(32767, 'a')));
  EXPECT_FALSE(book.fits("description", std::string(32766, 'a') + "😀"));
  EXPECT_TRUE(ShopFile::in_memory("id,标题\n1,裙\n", "a.csv", quiet_config()).fits("description", std::string(32768, 'a')));
}

TEST(ShopFileTest, ATextOfACellThatLooksLikeAnEscapeIsReadBackAsItIs) {
  const std::string bytes = test::workbook("<sheetData><row r=\"1\"><c r=\"A1\" t=\"str\"><v>标题</v></c><c r=\"B1\" t=\"str\"><v>文案</v></c></row><row r=\"2\"><c r=\"A2\" t=\"str\"><v>裙</v></c></row></sheetData>");
  for (const char* text : {"型号_x0041_", "_x005F_x0041_", "_x_x000D__x000D_", "_x00", "_xzzzz_ _X0041_"}) with(bytes, "a.xlsx", 0, "description", text);
}

TEST(ShopFileTest, LineEndsOfATextBecomeOneBreakEach) {
  EXPECT_EQ(open("Handle,Title,Body (HTML)\nh,T,\n", "s.csv").stored_form("description", "a\r\nb\n<c"), "<p>a<br>b<br>&lt;c</p>");
}

TEST(ShopFileTest, BlanksAloneAreNoText) {
  const test::WholeShopFile file = open("商品ID,标题,文案\n1,裙,　\n2,裤,\" \t\"\n3,衫,好\n", "a.csv");
  ASSERT_EQ(file.rows().size(), 3u);
  EXPECT_TRUE(file.is_blank(0, "description"));
  EXPECT_TRUE(file.is_blank(1, "description"));
  EXPECT_FALSE(file.is_blank(2, "description"));
}

TEST(ShopFileTest, CellsOfARowMayStandInAnyOrder) {
  const auto cell = [](std::string_view place, std::string_view text) { return concat("<c r=\"", place, "\" t=\"inlineStr\"><is><t xml:space=\"preserve\">", text, "</t></is></c>"); };
  const std::string head = concat("<sheetData><row r=\"1\">", cell("A1", "id"), cell("B1", "标题"), cell("C1", "文案"), cell("D1", "x"), "</row>");
  const auto sheet = [&](std::string_view text) { return concat(head, "<row r=\"2\">", cell("A2", "1"), cell("D2", "y"), text, cell("B2", "裙"), "</row></sheetData>"); };
  const std::string changed = with(test::workbook(sheet("<c r=\"C2\"/>")), "a.xlsx", 0, "description", "好");
  EXPECT_NE(Archive(changed, "a.xlsx").read("xl/worksheets/sheet1.xml").find(sheet("<c r=\"C2\" t=\"inlineStr\"><is><t xml:space=\"preserve\">好</t></is></c>")), std::string::npos);
}

TEST(ShopFileTest, LongNumbersOfASheetKeepTheirDigits) {
  const std::string bytes = test::workbook(
      "<sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" t=\"s\"><v>1</v></c></row>"
      "<row r=\"2\"><c r=\"A2\"><v>1234567890123456789</v></c><c r=\"B2\" t=\"s\"><v>2</v></c></row>"
      "<row r=\"3\"><c r=\"A3\"><v>1234567890123456788</v></c><c r=\"B3\" t=\"s\"><v>2</v></c></row></sheetData>",
      {"商品ID", "标题", "裙"});
  const test::WholeShopFile file = open(bytes, "a.xlsx");
  ASSERT_EQ(file.rows().size(), 2u);
  EXPECT_EQ(file.rows()[0].product.id, "1234567890123456789");
  EXPECT_EQ(file.rows()[1].product.id, "1234567890123456788");
}

TEST(ShopFileTest, ATableInsideAnArchiveChangesThere) {
  const std::string bytes = make_archive({{"shop/a.csv", "id,标题,文案\n1,裙,\n"}, {"shop/1.jpg", "picture"}});
  const Archive after(with(bytes, "a.zip", 0, "description", "好"), "a.zip");
  EXPECT_EQ(after.read("shop/a.csv"), "id,标题,文案\n1,裙,好\n");
  EXPECT_EQ(after.read("shop/1.jpg"), "picture");
}

}  // namespace
}  // namespace vitrine::data
