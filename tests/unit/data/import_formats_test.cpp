// Every format of shops' files, and every code with the row and column it is given for.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "data/archive.h"
#include "data/column_mapping.h"
#include "data/import.h"
#include "data/product_reader.h"
#include "data/workbook.h"
#include "support/workbook.h"
#include "text/encoding.h"

namespace vitrine::data {
namespace {

using Lines = std::vector<std::string>;

ImportConfig quiet_config() {
  ImportConfig config;
  config.mappings = "/nonexistent/columns.json";  // no test depends on whoever runs it
  return config;
}

ImportResult read(std::string_view bytes, std::string_view name, ImportConfig config = quiet_config()) { return read_products_from(bytes, name, config); }

/// "row column code severity" of each finding.
Lines findings(const ImportResult& result) {
  Lines lines;
  for (const ImportEntry& e : result.report.entries) lines.push_back(concat(e.row, " ", e.column, " ", e.code, " ", to_string(e.severity)));
  return lines;
}

std::string attributes(const Product& product) {
  std::string text;
  for (const Attribute& a : product.attributes) text += (text.empty() ? "" : " ") + a.key_raw + "=" + a.val_raw;
  return text;
}

std::string refused(std::string_view bytes, std::string_view name, const ImportConfig& config = quiet_config()) {
  try {
    read_products_from(bytes, name, config);
  } catch (const ImportRefused& refusal) {
    EXPECT_EQ(refusal.entry().severity, Severity::fatal);
    return refusal.entry().code;
  }
  return "";
}

const std::string kTaobao =
    "version 1.00\r\n"
    "title\tcid\tprice\tnum\tdescription\tcateProps\tpicture\touter_id\tnum_id\tsubtitle\r\n"
    "宝贝名称\t宝贝类目\t宝贝价格\t宝贝数量\t宝贝描述\t宝贝属性\t新图片\t商家编码\t数字ID\t宝贝卖点\r\n"
    "真丝长裙\t162104\t199.00\t10\t\"<p>a \"\"b\"\"</p>\n第二行\"\t20000:29534;1627207:28341\ta1:1:0:|http://img.example/1.jpg;b2:1:1:|;\tSKU-1\t7001\t\r\n"
    "短裤\t162105\t59.00\t5\t\t\t\t\t7002\t凉快\r\n";

TEST(ImportFormatsTest, TaobaoTablesAreReadInEachOfTheirEncodings) {
  for (const auto encoding : {text::Encoding::utf16le, text::Encoding::gb18030, text::Encoding::utf8_bom}) {
    const auto result = read(text::encode(kTaobao, encoding), "items.csv");
    ASSERT_EQ(result.products.size(), 2u) << to_string(encoding);
    const Product& product = result.products[0];
    EXPECT_EQ(product.source.format, "taobao");
    EXPECT_EQ(product.id, "7001");
    EXPECT_EQ(product.title_raw, "真丝长裙");
    EXPECT_EQ(product.description_raw, "<p>a \"b\"</p>\n第二行");
    EXPECT_EQ(product.extra["media"][0]["path"], "http://img.example/1.jpg");
    EXPECT_EQ(product.extra["media"][1]["path"], "b2.tbi");
    EXPECT_EQ(product.extra["sku"], "SKU-1");
    EXPECT_EQ(product.extra["cateProps"], "20000:29534;1627207:28341");
    EXPECT_EQ(product.source.row, 4);
    EXPECT_EQ(findings(result), Lines{});
  }
}

TEST(ImportFormatsTest, TaobaoPropertyIdsGetTheShopsNames) {
  const auto file = std::filesystem::temp_directory_path() / "vitrine_properties_test.tsv";
  std::ofstream(file) << "pid\tvid\tkey\tvalue\n20000\t29534\t品牌\t甲\n";
  ImportConfig config = quiet_config();
  config.properties = file.string();
  EXPECT_EQ(attributes(read(kTaobao, "items.csv", config).products[0]), "品牌=甲");
  std::filesystem::remove(file);
}

/// Values that a shop wrote itself have ids below 0, and their texts in a column of their own.
TEST(ImportFormatsTest, TaobaoValuesOfTheShopsOwnBecomeAttributesUnderTheNamesOfTheirIds) {
  const auto file = std::filesystem::temp_directory_path() / "vitrine_custom_values_test.tsv";
  std::ofstream(file) << "pid\tvid\tkey\tvalue\n1627207\t\t颜色分类\t\n20000\t29534\t品牌\t甲\n";
  ImportConfig config = quiet_config();
  config.properties = file.string();
  const std::string table = "version 1.00\r\ntitle\tcateProps\tinput_custom_cpv\r\n宝贝名称\t宝贝属性\t自定义属性值\r\n裙\t20000:29534;1627207:-1001;1627207:-1002;\t1627207:-1001:雾霾蓝;1627207:-1002:米白: 加长;20518:-1:大;\r\n";
  const auto result = read(table, "items.csv", config);
  EXPECT_EQ(attributes(result.products[0]), "品牌=甲 颜色分类=雾霾蓝 颜色分类=米白: 加长");
  EXPECT_EQ(result.products[0].extra["input_custom_cpv"], "1627207:-1001:雾霾蓝;1627207:-1002:米白: 加长;20518:-1:大;");
  EXPECT_EQ(findings(read(text::encode("version 1.00\r\ntitle\tcateProps\tinput_custom_cpv\r\n裙\t\t1627207:-1001\r\n", text::Encoding::utf16le), "items.csv")), Lines{"3 input_custom_cpv ATTR_NO_SEPARATOR warn"});
  std::filesystem::remove(file);
}

TEST(ImportFormatsTest, ATaobaoTableWithoutVersionLineIsReadWithAWarning) {
  ImportConfig config = quiet_config();
  for (const char* format : {"auto", "taobao"}) {
    config.format = format;
    const auto result = read(kTaobao.substr(kTaobao.find('\n') + 1), "items.tsv", config);
    EXPECT_EQ(result.products.size(), 2u);
    EXPECT_EQ(findings(result), Lines{"1  NO_VERSION warn"});
  }
}

TEST(ImportFormatsTest, BadTaobaoFilesGetTheirCodes) {
  const std::string bytes = text::encode(kTaobao, text::Encoding::utf16le);
  EXPECT_EQ(refused(bytes.substr(0, bytes.size() - 1), "items.csv"), "ENC_BAD_SEQ");
  EXPECT_EQ(findings(read(kTaobao + "只有一格\r\n", "items.csv")), Lines{"7  COLS_MISMATCH reject"});
}

TEST(ImportFormatsTest, MarketplaceTablesAreReadByTheirChineseHeaders) {
  const std::string csv =
      "商品ID,商品标题,商品类目,商品属性,售价,月销,评论数,收藏数,主图链接,详情图,商家编码\n"
      "9,碎花裙,女装>裙,颜色:红;材质：棉|版型:宽松,89.5,1.2万,300,1000+,http://i.example/1.jpg,http://i.example/2.jpg,K1\n";
  for (const auto encoding : {text::Encoding::utf8, text::Encoding::utf8_bom, text::Encoding::gb18030, text::Encoding::utf16le, text::Encoding::utf16be}) {
    const auto result = read(text::encode(csv, encoding), "1688.csv");
    ASSERT_EQ(result.products.size(), 1u) << to_string(encoding);
    const Product& product = result.products[0];
    EXPECT_EQ(attributes(product), "颜色=红 材质=棉 版型=宽松");
    EXPECT_EQ(product.extra["signals"].dump(), R"({"sales":12000,"reviews":300,"favorites":1000})");
    EXPECT_EQ(product.extra["media"].size(), 2u);
    EXPECT_EQ(findings(result), Lines{"2 收藏数 COUNT_AT_LEAST repair"});
  }
  EXPECT_EQ(read("product_id,name\n5,裙\n", "doudian.csv").products[0].id, "5");
}

const std::string kShopify =
    "Handle,Title,Body (HTML),Vendor,Product Category,Type,Option1 Name,Option1 Value,Variant SKU,Variant Price,Variant Barcode,Image Src,Image Position,Image Alt Text,SEO Title\n"
    "silk-dress,Silk Dress,<p>x</p>,Acme,Apparel > Dresses,Dress,Size,S,SD-S,99.00,6901234567892,http://i.example/1.jpg,1,front,\n"
    "silk-dress,,,,,,,M,SD-M,99.00,,http://i.example/2.jpg,2,,\n"
    "silk-dress,,,,,,,,,,,http://i.example/3.jpg,2,,\n"
    "shorts,Shorts,,Acme,,,Title,Default Title,SH,29.00,,,,,\n";

TEST(ImportFormatsTest, ShopifyRowsOfOneHandleAreOneProduct) {
  const auto result = read(kShopify, "products_export.csv");
  ASSERT_EQ(result.products.size(), 2u);
  const Product& product = result.products[0];
  EXPECT_EQ(product.source.format, "shopify");
  EXPECT_EQ(product.id, "silk-dress");
  EXPECT_EQ(product.brand, "Acme");
  EXPECT_EQ(product.gtin, "6901234567892");
  EXPECT_EQ(product.category_path, (Lines{"Apparel", "Dresses"}));
  EXPECT_EQ(attributes(product), "Size=S Size=M");
  EXPECT_EQ(product.extra["media"].size(), 3u);
  EXPECT_EQ(product.extra["media"][0]["alt"], "front");
  EXPECT_EQ(attributes(result.products[1]), "");
  EXPECT_EQ(findings(result), Lines{"4 Image Position DUP_POSITION warn"});
  EXPECT_EQ(result.report.rows_in, 2);
}

TEST(ImportFormatsTest, BadShopifyRowsGetTheirCodes) {
  const std::string head = kShopify.substr(0, kShopify.find('\n') + 1);
  const auto result = read(head + ",No Handle,,,,,,,,,,,,,\nh,,,,,,,,,,,,,,\nh,,,,,,,,,,,,,,\nok,T,,,,,,,,,6901234567890,,,,\nshort,row\n", "s.csv");
  EXPECT_EQ(findings(result), (Lines{"2 Handle MISSING_REQUIRED reject", "3 Title MISSING_REQUIRED reject", "5 Variant Barcode GTIN_CHECK warn", "6  COLS_MISMATCH reject"}));
  EXPECT_EQ(result.products[0].extra["Variant Barcode"], "6901234567890");
}

TEST(ImportFormatsTest, MerchantTablesNeedAnIdAndACurrency) {
  const std::string head = "id\ttitle\tlink\timage_link\tadditional_image_link\tprice\tavailability\tbrand\tcolor\tproduct_detail\n";
  const auto result = read(head + "1\t裙\thttp://s/1\thttp://i/a,b.jpg\thttp://i/1.jpg,http://i/2.jpg\t12.99 CNY\tin stock\t甲\t红\t面料:材质:棉\n2\t裤\thttp://s/2\thttp://i/2.jpg\t\t12.99\tin stock\t甲\t\t\n\t衫\t\t\t\t\t\t\t\t\n", "feed.tsv");
  ASSERT_EQ(result.products.size(), 2u);
  EXPECT_EQ(result.products[0].source.format, "merchant");
  EXPECT_EQ(result.products[0].extra["media"].size(), 3u);
  EXPECT_EQ(result.products[0].extra["media"][0]["path"], "http://i/a,b.jpg");
  EXPECT_EQ(result.products[0].extra["price"].dump(), R"({"amount":12.99,"currency":"CNY"})");
  EXPECT_EQ(attributes(result.products[0]), "color=红 材质=棉");
  EXPECT_EQ(findings(result), (Lines{"3 price BAD_PRICE warn", "4 id MISSING_REQUIRED reject"}));
}

TEST(ImportFormatsTest, MerchantFeedsInXmlAreReadItemByItem) {
  const std::string xml =
      "<?xml version=\"1.0\"?>\n<rss version=\"2.0\" xmlns:g=\"http://base.google.com/ns/1.0\"><channel><title>店</title>\n<!-- <item> -->"
      "<item><g:id>1</g:id><title>裙 &amp; 衫</title><g:description><![CDATA[<b>x</b>]]></g:description><g:price>10.00 CNY</g:price><g:image_link>http://i/1.jpg</g:image_link></item>\n"
      "<item><title>无</title></item></channel></rss>";
  const auto result = read(xml, "feed.xml");
  ASSERT_EQ(result.products.size(), 1u);
  EXPECT_EQ(result.products[0].title_raw, "裙 & 衫");
  EXPECT_EQ(result.products[0].description_raw, "<b>x</b>");
  EXPECT_EQ(findings(result), Lines{"2 id MISSING_REQUIRED reject"});
  EXPECT_EQ(refused("<html><body>x</body></html>", "feed.xml"), "NOT_XML");
  EXPECT_EQ(refused(xml.substr(0, xml.size() - 30), "feed.xml"), "NOT_XML");
}

TEST(ImportFormatsTest, AFeedThatIsNotWellFormedIsRefusedWithItemAndLine) {
  const auto value = [](std::string_view second) {
    try {
      read(concat("<rss xmlns:g=\"http://base.google.com/ns/1.0\"><channel>\n<item><g:id>1</g:id><title>a & b &#65; &lt;</title></item>\n<item>\n<g:id>2</g:id>", second, "</item></channel></rss>"), "feed.xml");
    } catch (const ImportRefused& refused) {
      return concat(refused.entry().code, " ", refused.entry().row, " ", refused.entry().value);
    }
    return std::string("read");
  };
  EXPECT_EQ(value("<title>t</title><!-- &nbsp; </x> --><x><![CDATA[&nbsp;]]></x>"), "read");
  EXPECT_EQ(value("<title>t"), "NOT_XML 2 line 4: expected </title>, got </item>");
  EXPECT_EQ(value("\n<title>t</g:title>"), "NOT_XML 2 line 5: expected </title>, got </g:title>");
  EXPECT_EQ(value("<title>a&nbsp;b</title>"), "NOT_XML 2 line 4: &nbsp; is not declared: write its character");
}

TEST(ImportFormatsTest, MerchantJsonIsReadInBothOfItsShapes) {
  const std::string json = R"({"products":[
    {"offerId":"1","title":"裙","link":"http://s","imageLink":"http://i/1.jpg","additionalImageLinks":["http://i/2.jpg"],"price":{"value":"12.99","currency":"CNY"},"productTypes":["女装 > 裙"],"color":"红"},
    {"offerId":"2","attributes":{"title":"裤","price":{"amountMicros":"9990000","currencyCode":"CNY"}}},
    {"offerId":"3","title":"衫","price":{"value":"5"}}]})";
  const auto result = read(json, "products.json");
  ASSERT_EQ(result.products.size(), 3u);
  EXPECT_EQ(result.products[0].category_path, (Lines{"女装", "裙"}));
  EXPECT_EQ(attributes(result.products[0]), "color=红");
  EXPECT_EQ(result.products[1].extra["price"].dump(), R"({"amount":9.99,"currency":"CNY"})");
  EXPECT_EQ(findings(result), Lines{"3 price BAD_PRICE warn"});
}

TEST(ImportFormatsTest, AStructuredTitleStandsForTheTitleThatIsNotThere) {
  const std::string head = "id\ttitle\tlink\timage_link\tstructured_title\tstructured_description\n";
  const auto table = read(head + "1\t\tu\tv\ttrained_algorithmic_media:\"12\"\" 裙: 红, 白\"\tdefault:好\n2\t裤\tu\tv\t:\"a: b\"\t\n", "feed.tsv");
  ASSERT_EQ(table.products.size(), 2u);
  EXPECT_EQ(table.products[0].title_raw, "12\" 裙: 红, 白");
  EXPECT_EQ(table.products[0].description_raw, "好");
  EXPECT_EQ(table.products[1].title_raw, "裤");
  const auto feed = read("<rss><item><id>1</id><structured_title><digital_source_type>default</digital_source_type><content>裙 &quot;A&quot;</content></structured_title></item></rss>", "f.xml");
  EXPECT_EQ(feed.products.at(0).title_raw, "裙 \"A\"");
  const auto json = read(R"({"offerId":"1","structuredTitle":{"content":"裙: \"A\""},"structuredDescription":{"content":"好"}})", "p.json");
  EXPECT_EQ(json.products.at(0).title_raw, "裙: \"A\"");
  EXPECT_EQ(json.products.at(0).description_raw, "好");
}

TEST(ImportFormatsTest, TextsThatAreTooLongForMerchantCenterAreNamed) {
  std::string long_title, title;
  for (int i = 0; i < 151; ++i) (i < 150 ? title : long_title) += "裙";
  long_title = title + long_title;
  const std::string head = "id\ttitle\tlink\timage_link\tstructured_title\n";
  EXPECT_EQ(findings(read(head + "1\t" + title + "\tu\tv\t\n2\t" + long_title + "\tu\tv\t\n3\t裙\tu\tv\tdefault:" + long_title + "\n", "feed.tsv")),
            (Lines{"3 title TOO_LONG warn", "4 structured_title TOO_LONG warn"}));
  EXPECT_EQ(findings(read("<rss><item><id>1</id><title>" + long_title + "</title></item></rss>", "f.xml")), Lines{"1 title TOO_LONG warn"});
  EXPECT_EQ(findings(read("{\"offerId\":\"1\",\"title\":\"" + long_title + "\"}", "p.json")), Lines{"1 title TOO_LONG warn"});
}

TEST(ImportFormatsTest, SchemaOrgProductsAreReadAndOtherThingsPassedOver) {
  const std::string json = R"({
  "@context": "https://schema.org",
  "@graph": [
    {"@type": "Organization", "name": "店"},
    {"@type": ["Product"], "name": "裙", "description": "好", "brand": {"@type": "Brand", "name": "甲"}, "sku": "S1", "gtin13": "6901234567892", "category": "女装 > 裙",
     "color": ["红", "白"], "additionalProperty": [{"@type": "PropertyValue", "name": "裙长", "value": 80, "unitCode": "CMT"}],
     "image": ["http://i/1.jpg", {"@type": "ImageObject", "url": "http://i/2.jpg"}], "offers": {"price": "99.00", "priceCurrency": "CNY"}, "aggregateRating": {"reviewCount": 7}},
    {"@type": "schema:Product", "sku": "S2"}
  ]
})";
  const auto result = read(json, "page.jsonld");
  ASSERT_EQ(result.products.size(), 1u);
  const Product& product = result.products[0];
  EXPECT_EQ(product.id, "S1");
  EXPECT_EQ(product.brand, "甲");
  EXPECT_EQ(product.gtin, "6901234567892");
  EXPECT_EQ(attributes(product), "color=红 color=白 裙长=80");
  EXPECT_EQ(product.extra["media"].size(), 2u);
  EXPECT_EQ(product.extra["signals"]["reviews"], 7);
  EXPECT_EQ(product.extra["price"].dump(), R"({"amount":99.0,"currency":"CNY"})");
  const auto found = findings(result);
  EXPECT_NE(std::find(found.begin(), found.end(), "1 @type NOT_A_PRODUCT warn"), found.end());
  EXPECT_NE(std::find(found.begin(), found.end(), "3 name MISSING_REQUIRED reject"), found.end());
}

TEST(ImportFormatsTest, TrainingSetsBecomeProductsWithTheGoodText) {
  const auto alpaca = read(R"([{"instruction":"写文案","input":"类型#裙*颜色#红","output":"红裙。"},{"instruction":"x","input":"类型#裤","output":""}])", "alpaca.json");
  ASSERT_EQ(alpaca.products.size(), 1u);
  EXPECT_EQ(attributes(alpaca.products[0]), "类型=裙 颜色=红");
  EXPECT_EQ(alpaca.products[0].summary, "红裙。");
  EXPECT_EQ(findings(alpaca), Lines{"2 output MISSING_REQUIRED reject"});

  const auto chat = read("{\"conversations\":[{\"from\":\"human\",\"value\":\"类型#裙\"},{\"from\":\"gpt\",\"value\":\"好裙。\"}]}\n"
                         "{\"conversations\":[{\"from\":\"human\",\"value\":\"a\"},{\"from\":\"human\",\"value\":\"b\"}]}\n", "chat.jsonl");
  EXPECT_EQ(chat.products[0].summary, "好裙。");
  EXPECT_EQ(findings(chat), Lines{"2 conversations[1] ROLE_ORDER reject"});
  const auto messages = read("{\"messages\":[{\"role\":\"system\",\"content\":\"s\"},{\"role\":\"user\",\"content\":\"类型#裙\"},{\"role\":\"assistant\",\"content\":\"裙。\"}]}\n", "m.jsonl");
  EXPECT_EQ(messages.products[0].summary, "裙。");

  const auto pairs = read("{\"prompt\":\"类型#裙\",\"chosen\":\"好。\",\"rejected\":\"坏。\"}\n{\"prompt\":\"类型#裙\",\"chosen\":\"同。\",\"rejected\":\"同。\"}\n", "trl.jsonl");
  EXPECT_EQ(pairs.products[0].summary, "好。");
  EXPECT_EQ(pairs.products[0].extra["rejected"], "坏。");
  EXPECT_EQ(pairs.report.entries.at(0).code, "PAIR_EQUAL");
  EXPECT_EQ(pairs.report.entries.at(0).row, 2);
  const auto kto = read("{\"instruction\":\"类型#裙\",\"output\":\"好。\",\"kto_tag\":true}\n{\"instruction\":\"类型#裙\",\"output\":\"好。\",\"kto_tag\":\"yes\"}\n", "kto.jsonl");
  EXPECT_EQ(kto.products[0].summary, "好。");
  EXPECT_EQ(findings(kto), Lines{"2 kto_tag BAD_FIELD reject"});
  EXPECT_EQ(refused("{\"prompt\":\"a\",\"chosen\":\"b\",\"rejected\":\"c\"}\n{\"prompt\":\"a\",\"completion\":\"b\",\"label\":true}\n", "mixed.jsonl"), "MIXED_KINDS");
}

TEST(ImportFormatsTest, WorkbooksAreReadWithDatesSharedStringsAndGaps) {
  const std::string sheet =
      "<sheetData><row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>商品导出 2026</t></is></c></row>"
      "<row r=\"3\"><c r=\"A3\" t=\"s\"><v>0</v></c><c r=\"B3\" t=\"s\"><v>1</v></c><c r=\"C3\" t=\"inlineStr\"><is><t>上架日期</t></is></c><c r=\"E3\" t=\"inlineStr\"><is><t>价格</t></is></c></row>"
      "<row r=\"4\"><c r=\"A4\"><v>6901234567892</v></c><c r=\"B4\" t=\"s\"><v>2</v></c><c r=\"C4\" s=\"1\"><v>45292</v></c><c r=\"E4\"><f>1+1</f><v>99.9</v></c></row>"
      "<row r=\"5\"><c r=\"B5\" t=\"b\"><v>1</v></c><c r=\"C5\" t=\"e\"><v>#N/A</v></c></row>"
      "<row r=\"6\"><c r=\"H6\" t=\"inlineStr\"><is><t>太远</t></is></c></row></sheetData>";
  const auto result = read(test::workbook(sheet, {"商品ID", "标题", "真丝<长裙> &"}), "1688.xlsx");
  ASSERT_EQ(result.products.size(), 2u);
  EXPECT_EQ(result.products[0].id, "6901234567892");
  EXPECT_EQ(result.products[0].title_raw, "真丝<长裙> &");
  EXPECT_EQ(result.products[0].extra["上架日期"], "2024-01-01");
  EXPECT_EQ(result.products[0].extra["price"]["amount"], 99.9);
  EXPECT_EQ(result.products[0].source.row, 4);
  EXPECT_EQ(result.products[1].title_raw, "TRUE");
  EXPECT_EQ(findings(result), (Lines{"4 价格 FORMULA warn", "5 上架日期 CELL_ERROR warn", "6  COLS_MISMATCH reject"}));
}

TEST(ImportFormatsTest, BadWorkbooksAndArchivesAreRefusedWithTheirCodes) {
  const std::string good = test::workbook("<sheetData><row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>标题</t></is></c></row></sheetData>");
  EXPECT_EQ(refused(good, "a.xlsx"), "EMPTY_FILE");
  EXPECT_EQ(refused(good.substr(0, good.size() / 2), "a.xlsx"), "ARCHIVE_DAMAGED");
  EXPECT_EQ(refused(test::workbook("<sheetData/>", {}, {{"xl/media/image1.png", "x"}}), "a.xlsx"), "EMPTY_FILE");
  EXPECT_EQ(refused(test::workbook("<sheetData><row r=\"1\"><c r=\"A1\"><v>7"), "a.xlsx"), "ARCHIVE_DAMAGED");
  EXPECT_EQ(refused(make_archive({{"../evil.csv", "标题\n裙\n"}}), "a.zip"), "ARCHIVE_UNSAFE");
  EXPECT_EQ(refused(make_archive({{"/abs.csv", "标题\n裙\n"}}), "a.zip"), "ARCHIVE_UNSAFE");
  EXPECT_EQ(refused(make_archive({{"bomb.csv", std::string(20'000'000, 'a')}}), "a.zip"), "TOO_LARGE");
  EXPECT_EQ(refused(make_archive({{"a.csv", "标题\n裙\n"}, {"b.csv", "标题\n裙\n"}}), "a.zip"), "NO_HEADER");
  EXPECT_EQ(refused("\xd0\xcf\x11\xe0 old", "a.xls"), "NO_HEADER");
  EXPECT_EQ(read(make_archive({{"a.csv", "标题\n裙\n"}, {"p/1.jpg", "x"}}), "a.zip").products.size(), 1u);
}

TEST(ImportFormatsTest, SheetsThatAreNoSoundXmlAreRefusedByName) {
  const auto value = [](std::string_view second, const std::string& bytes = "") {
    const std::string sheet = concat("<sheetData><row r=\"1\"><c r=\"A1\" t=\"str\"><v>id</v></c><c r=\"B1\" t=\"str\"><v>标题</v></c></row>", second, "</sheetData>");
    try {
      read(bytes.empty() ? test::workbook(sheet) : bytes, "a.xlsx");
    } catch (const ImportRefused& refused) {
      return concat(refused.entry().code, " ", refused.entry().value);
    }
    return std::string("read");
  };
  EXPECT_EQ(value("<row r=\"2\"><c r=\"A2\"><v>1</v></c><c r=\"B2\" t=\"str\"><v>裙</v></c></row>"), "read");
  EXPECT_EQ(value("<row r=\"2\"><c r=\"A2\"><v>1</v></c></c></row>"), "ARCHIVE_DAMAGED sheet 商品: row 2: expected </row>, got </c>");
  EXPECT_EQ(value("<row r=\"2\"><c r=\"A2\"><v>1</v></c></row><row r=\"2\"><c r=\"A2\"><v>2</v></c></row>"), "ARCHIVE_DAMAGED sheet 商品: two rows with the number 2");
  EXPECT_EQ(value("<row r=\"2\"><c r=\"A2\"><v>1</v></c><c r=\"A2\"><v>2</v></c></row>"), "ARCHIVE_DAMAGED sheet 商品: two cells A2");
  EXPECT_EQ(value("<!DOCTYPE w [<!ENTITY b \"cc\">]><row r=\"2\"><c r=\"A2\"><v>1</v></c></row>"), "ARCHIVE_DAMAGED sheet 商品: a document type, which no sheet may have");
}

TEST(ImportFormatsTest, ParquetAndArrowFilesAreRefusedWithAWayOut) {
  for (const char* bytes : {"PAR1\x15\x04PAR1", "ARROW1\0\0"}) {
    try {
      read(bytes, "goods.parquet");
      FAIL() << bytes;
    } catch (const ImportRefused& refusal) {
      EXPECT_EQ(refusal.entry().code, "NO_HEADER");
      EXPECT_NE(refusal.entry().value.find("save it as CSV or JSONL"), std::string::npos) << refusal.what();
    }
  }
}

/// A shared string is refused or kept with its cell alone, however large its XML is.
TEST(ImportFormatsTest, RowsAndStringsThatAreTooLargeSpoilTheirRowAlone) {
  std::string noise;  // that does not pack to a hundredth
  for (uint64_t i = 0; noise.size() < 9'000'000; ++i) noise += std::to_string(i * 0x9e3779b97f4a7c15ULL);
  const auto cell = [](const char* at, const std::string& text) { return concat("<c r=\"", at, "\" t=\"inlineStr\"><is><t>", text, "</t></is></c>"); };
  const std::string sheet = concat("<sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c>", cell("B1", "备注"), "</row><row r=\"2\"><c r=\"A2\" t=\"s\"><v>1</v></c></row><row r=\"3\">", cell("A3", noise),
                                   "</row><row r=\"4\">", cell("A4", "裤"), "</row></sheetData>");
  const auto result = read(test::workbook(sheet, {"标题", noise}), "large.xlsx");
  EXPECT_EQ(findings(result), (Lines{"2  TOO_LARGE reject", "3  TOO_LARGE reject"}));
  ASSERT_EQ(result.products.size(), 1u);
  EXPECT_EQ(result.products[0].title_raw, "裤");
  EXPECT_EQ(result.products[0].source.row, 4);
}

TEST(ImportFormatsTest, OddTextsOfTablesGetTheirCodes) {
  EXPECT_EQ(findings(read("id,标题\n1,裙\nid,标题\n2,裤\n", "twice.csv")), Lines{"3  DUP_HEADER reject"});
  EXPECT_EQ(read("id,标题\r\n1,裙\n2,裤\r\n", "mixed.csv").products.size(), 2u);
  EXPECT_EQ(read("id,标题\n1,=1+1\n", "formula.csv").products[0].title_raw, "=1+1");
  EXPECT_EQ(findings(read(std::string("id,标题\n1,a\0b\n", 15), "nul.csv")), Lines{"2 标题 CTRL_REMOVED repair"});
  EXPECT_EQ(findings(read("id,标题\n1,裙\n2,\xff\xfe\n3,裤\n4,衫\n", "bad.csv")), Lines{"3  ENC_BAD_SEQ reject"});
  EXPECT_EQ(refused("标题,\xff\xff\xff\n", "no.csv"), "ENC_UNKNOWN");
  EXPECT_EQ(findings(read("id,标题\n1," + std::string(1'200'000, 'x') + "\n2,裙\n", "long.csv")), Lines{"2  TOO_LARGE reject"});
  EXPECT_EQ(findings(read("标题,描述\n裙,<script>x</script><p onclick=\"y\">好</p>\n", "html.csv")), Lines{"2 描述 HTML_UNSAFE warn"});
}

TEST(ImportFormatsTest, PicturesInTheFolderAreMeasured) {
  const auto folder = std::filesystem::temp_directory_path() / "vitrine_pictures_test";
  std::filesystem::create_directories(folder);
  const auto png = [&](const char* name, unsigned width, unsigned height) {
    std::string head("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16);
    for (const unsigned side : {width, height})
      for (int shift = 24; shift >= 0; shift -= 8) head += static_cast<char>(side >> shift & 0xff);
    std::ofstream(folder / name, std::ios::binary) << head;
  };
  png("good.png", 800, 800);
  png("small.png", 800, 300);
  png("huge.png", 10000, 10000);
  std::ofstream(folder / "broken.jpg") << "no picture";
  ImportConfig config = quiet_config();
  config.pictures = folder.string();
  const auto result = read("标题,主图\n甲,good.png\n乙,small.png\n丙,huge.png\n丁,broken.jpg\n戊,../x.png\n", "p.csv", config);
  EXPECT_EQ(findings(result), (Lines{"3 media IMG_TOO_SMALL warn", "4 media TOO_LARGE reject", "5 media IMG_UNREADABLE reject", "6 media IMG_UNREADABLE reject"}));
  EXPECT_EQ(result.products.size(), 5u);
  EXPECT_EQ(result.products[3].extra["media"].size(), 0u);
  std::filesystem::remove_all(folder);
}

TEST(ImportFormatsTest, AMappingByHandIsRememberedForTheShopAndItsHeader) {
  const auto file = std::filesystem::temp_directory_path() / "vitrine_mapping_test.json";
  std::filesystem::remove(file);
  const std::string csv = "货名,简介\n裙,好看\n";
  ImportConfig config = quiet_config();
  EXPECT_EQ(refused(csv, "a.csv"), "NO_HEADER");
  config.map = {"货名=title", "简介=description"};
  EXPECT_EQ(read(csv, "a.csv", config).products[0].title_raw, "裙");
  const std::vector<std::string> headers = {"货名", "简介"};
  remember_mapping(file, "甲店", header_fingerprint(headers), parse_column_mapping(config.map));
  ImportConfig later = quiet_config();
  later.mappings = file.string();
  later.shop = "甲店";
  EXPECT_EQ(read(csv, "b.csv", later).products[0].description_raw, "好看");
  later.shop = "乙店";
  EXPECT_EQ(refused(csv, "b.csv", later), "NO_HEADER");
  config.map = {"没有=title"};
  EXPECT_THROW(read(csv, "a.csv", config), InvalidInput);
  std::filesystem::remove(file);
}

TEST(ImportFormatsTest, APathOfCategoriesIsReadByAnyOfItsSigns) {
  const auto path_of = [](const std::string& category) { return read("标题,类目,材质\n甲," + category + ",棉\n", "a.csv").products.at(0).category_path; };
  for (const char* path : {"女装>连衣裙", "女装/连衣裙", "女装／连衣裙", "女装\\连衣裙", "女装-连衣裙", "女装 » 连衣裙"}) EXPECT_EQ(path_of(path), (Lines{"女装", "连衣裙"})) << path;
  EXPECT_EQ(path_of("女装/女士精品>裤子"), (Lines{"女装/女士精品", "裤子"})) << "a sign in a name";
  for (const char* one : {"帽子/围巾", "T-恤", "连衣裙"}) EXPECT_EQ(path_of(one), (Lines{one}));
}

TEST(ImportFormatsTest, AMappingIsRememberedNowhereWhereThatIsAsked) {
  ImportConfig config = quiet_config();
  config.map = {"货名=title"};
  config.mappings = "-";
  auto reader = ProductReader::in_memory("货名\n裙\n", "a.csv", config);
  while (reader.next()) {
  }
  EXPECT_NO_THROW(reader.remember_mapping());
  EXPECT_FALSE(std::filesystem::exists("-"));
}

TEST(ImportFormatsTest, SerialDatesFollowBothDateSystems) {
  EXPECT_EQ(date_of_serial(1, false), "1900-01-01");
  EXPECT_EQ(date_of_serial(61, false), "1900-03-01");
  EXPECT_EQ(date_of_serial(60, false), std::nullopt);
  EXPECT_EQ(date_of_serial(45351, false), "2024-02-29");
  EXPECT_EQ(date_of_serial(45292.75, false), "2024-01-01 18:00:00");
  EXPECT_EQ(date_of_serial(0, true), "1904-01-01");
  EXPECT_EQ(date_of_serial(3e9, false), std::nullopt);
  EXPECT_TRUE(is_date_format(14, ""));
  EXPECT_TRUE(is_date_format(164, "yyyy\"年\"m\"月\""));
  EXPECT_TRUE(is_date_format(165, "[$-804]yyyy/m/d"));
  EXPECT_FALSE(is_date_format(0, "General"));
  EXPECT_FALSE(is_date_format(166, "[Red]#,##0.00\"元\""));
  EXPECT_EQ(column_letters(27), "AB");
  EXPECT_EQ(column_of_reference("XFD1"), 16383u);
  EXPECT_EQ(column_of_reference("XFE1"), std::nullopt);
}

}  // namespace
}  // namespace vitrine::data
