#include "data/import.h"

#include <gtest/gtest.h>

namespace vitrine::data {
namespace {

ImportResult csv(std::string_view text) { return read_products_from(text, "shop.csv"); }
ImportResult jsonl(std::string_view text) { return read_products_from(text, "shop.jsonl"); }

/// "row column code severity" of each finding.
std::vector<std::string> findings(const ImportResult& result) {
  std::vector<std::string> lines;
  for (const ImportEntry& e : result.report.entries) lines.push_back(concat(e.row, " ", e.column, " ", e.code, " ", to_string(e.severity)));
  return lines;
}
using Lines = std::vector<std::string>;

std::string refused_code(std::string_view text, std::string_view name, const ImportConfig& config = {}) {
  try {
    read_products_from(text, name, config);
  } catch (const ImportRefused& refused) {
    EXPECT_EQ(refused.entry().severity, Severity::fatal);
    return refused.entry().code;
  }
  return "";
}

TEST(ImportTest, ATableBecomesRecords) {
  const auto result = csv("商品ID,标 题,类目,价格,月销,面料,备注,品牌\n7,长裙,女装>连衣裙,￥99.90,1.2万,真丝,\"x\ny\",甲\n");
  ASSERT_EQ(result.products.size(), 1u);
  const Product& product = result.products[0];
  EXPECT_EQ(product.id, "7");
  EXPECT_EQ(product.title_raw, "长裙");
  EXPECT_EQ(product.category_path, (Lines{"女装", "连衣裙"}));
  EXPECT_EQ(product.brand, "甲");
  EXPECT_EQ(dump_line(product.extra["price"]), R"({"amount":99.9,"currency":"CNY"})");
  EXPECT_EQ(product.extra["signals"]["sales"], 12000);
  EXPECT_EQ(product.attributes[0].key_raw + "=" + product.attributes[0].val_raw, "面料=真丝");
  EXPECT_EQ(product.extra["备注"], "x\ny");
  EXPECT_EQ(product.source.row, 2);
  EXPECT_EQ(findings(result), Lines{});
}

TEST(ImportTest, TheStyleOfARowsCopyIsKeptAndNoAttribute) {
  const auto rows = jsonl("{\"content\":\"类型#裙\",\"summary\":\"裙子。\",\"style\":\"jd\"}\n");
  ASSERT_EQ(rows.products.size(), 1u);
  EXPECT_EQ(rows.products[0].extra["style"], "jd");
  EXPECT_EQ(rows.products[0].attributes.size(), 1u);
  const auto table = csv("标题,style,文案风格\n裙,休闲,douyin\n");
  EXPECT_EQ(table.products[0].extra["style"], "douyin");
  EXPECT_EQ(table.products[0].attributes[0].val_raw, "休闲");  // a column of that name is the attribute 风格
}

TEST(ImportTest, PairsOfAnAttributeColumnArePartedByTheirSigns) {
  const auto result = csv("标题,商品属性\n裙,颜色:红；材质：棉|款式\n");
  ASSERT_EQ(result.products[0].attributes.size(), 2u);
  EXPECT_EQ(result.products[0].attributes[1].key_raw + "=" + result.products[0].attributes[1].val_raw, "材质=棉");
  EXPECT_EQ(findings(result), Lines{"2 商品属性 ATTR_NO_SEPARATOR warn"});
}

TEST(ImportTest, BadValuesAreLeftOutAndNamed) {
  const auto result = csv("id,标题,价格,销量,收藏,主图\n1,裙,-5,很多,1000+,java script\n2,裙,1.234,1,2,a.jpg\n3,裙,面议,1,2,\n");
  EXPECT_EQ(findings(result), (Lines{"2 价格 BAD_PRICE warn", "2 销量 BAD_NUMBER warn", "2 收藏 COUNT_AT_LEAST repair", "2 主图 BAD_URL warn",
                                     "3 价格 BAD_PRICE warn", "4 价格 BAD_NUMBER warn"}));
  EXPECT_FALSE(result.products[0].extra.contains("price"));
  EXPECT_EQ(result.products[0].extra["signals"]["favorites"], 1000);
  EXPECT_EQ(result.report.entries[2].value, "1000+ -> 1000");
}

TEST(ImportTest, RejectedRowsAreCountedWithTheirLines) {
  const auto result = csv("id,标题\n1,甲\n1,乙\n2,\n3,丙,丁\n\"4,戊\n5,己\n");
  EXPECT_EQ(findings(result), (Lines{"3 id DUP_ID reject", "4 标题 MISSING_REQUIRED reject", "5  COLS_MISMATCH reject", "6  BAD_QUOTE reject"}));
  EXPECT_EQ(result.report.rows_in, 6);
  EXPECT_EQ(result.report.rows_kept, 2);
  EXPECT_EQ(result.report.rows_rejected, 4);
}

TEST(ImportTest, ControlCharactersAreRemovedAndListed) {
  const auto result = csv(std::string_view("标题\n长\0裙\x07\n", 15));
  EXPECT_EQ(result.products[0].title_raw, "长裙");
  EXPECT_EQ(findings(result), Lines{"2 标题 CTRL_REMOVED repair"});
  EXPECT_EQ(findings(jsonl("{\"标题\":\"长\\u0000裙\"}")), Lines{"1 标题 CTRL_REMOVED repair"});
}

TEST(ImportTest, AFileWithoutRowsOrHeaderIsRefused) {
  EXPECT_EQ(refused_code("", "a.jsonl"), "EMPTY_FILE");
  EXPECT_EQ(refused_code("\xef\xbb\xbf\n \n", "a.csv"), "EMPTY_FILE");
  EXPECT_EQ(refused_code("标题,价格\n", "a.csv"), "EMPTY_FILE");
  EXPECT_EQ(refused_code("1,裙,99\n2,裤,88\n", "a.csv"), "NO_HEADER");
}

TEST(ImportTest, BadAdvertisegenRowsGetTheirCodes) {
  const auto result = jsonl(
      "{\"content\":\"类型#裙*abc*风格#\"}\nnot json\n{\"summary\":\"好\"}\n{\"content\":5}\n{\"content\":\"abc\"}\n"
      "[1]\n{\"content\":\"类型#裤\",\"summary\":\"\\ud800\"}\n");
  EXPECT_EQ(findings(result), (Lines{"1 content ATTR_NO_SEPARATOR warn", "1 content ATTR_EMPTY warn", "2  NOT_JSON reject",
                                     "3 content MISSING_REQUIRED reject", "4 content BAD_FIELD reject", "5 content ATTR_NO_SEPARATOR warn",
                                     "5 content MISSING_REQUIRED reject", "6  NOT_JSON reject", "7  ENC_BAD_SEQ reject"}));
  EXPECT_EQ(result.report.rows_kept, 1);
}

TEST(ImportTest, ALongFieldIsNamedWithTheLimitItBreaks) {
  const std::string ascii(100000, 'x');
  std::string chinese;
  for (int i = 0; i < 100000; ++i) chinese += "好";
  const auto result = jsonl("{\"content\":\"备注#" + ascii + "\"}\n{\"content\":\"备注#" + chinese + "\"}\n");
  EXPECT_EQ(findings(result), (Lines{"1 备注 TOO_LARGE reject", "2 content TOO_LARGE reject"}));
  EXPECT_EQ(result.report.entries[1].value, "more than 262144 bytes");
}

TEST(ImportTest, AVeryDeepOrVeryLongRowIsRejectedAlone) {
  const auto result = jsonl("{\"标题\":\"裙\"}\n{\"标题\":" + std::string(100000, '[') + "\n{\"标题\":\"" + std::string(1100000, 'x') + "\"}\n");
  EXPECT_EQ(findings(result), (Lines{"2  TOO_DEEP reject", "3  TOO_LARGE reject"}));
}

TEST(ImportTest, GenericJsonTakesObjectsAndListsOfPairs) {
  const auto result = jsonl(
      R"({"product_id":"x","name":"民宿","属性":{"户型":"两室一厅","wifi":null},"price":288,"设施":["空调","浴缸"],"tags":["a"]})");
  const Product& product = result.products[0];
  EXPECT_EQ(product.id, "x");
  ASSERT_EQ(product.attributes.size(), 3u);
  EXPECT_EQ(product.attributes[0].val, "两室一厅");
  EXPECT_EQ(product.attributes[2].val, "浴缸");
  EXPECT_EQ(product.extra["tags"][0], "a");
  EXPECT_EQ(product.extra["price"]["amount"], 288);
}

TEST(ImportTest, ProductRecordsKeepTheirOrigin) {
  const auto once = csv("id,标题\n1,甲\n");
  const auto again = jsonl(dump_line(to_json(once.products[0])) + "\n{\"title_raw\":\"乙\",\"attributes\":[{\"key_raw\":7}]}\n");
  EXPECT_EQ(dump_line(to_json(again.products[0])), dump_line(to_json(once.products[0])));
  EXPECT_EQ(findings(again), Lines{"2 attributes[0].key_raw BAD_FIELD reject"});
}

TEST(ImportTest, RowsWithoutIdGetTheHashOfTheFileAndTheLine) {
  const auto first = csv("标题\n甲\n甲\n"), second = csv("标题\n甲\n甲\n");
  EXPECT_EQ(first.products[0].id, second.products[0].id);
  EXPECT_NE(first.products[0].id, first.products[1].id);
  EXPECT_EQ(first.products[1].id.size(), 12 + std::string("-3").size());
}

TEST(ImportTest, AnIdOfAnEarlierFileIsRejected) {
  std::unordered_set<std::string> ids;
  auto first = csv("id,标题\n1,甲\n"), second = csv("id,标题\n1,甲\n2,乙\n");
  reject_repeated_ids(first, ids);
  reject_repeated_ids(second, ids);
  EXPECT_EQ(second.products.size(), 1u);
  EXPECT_EQ(findings(second), Lines{"2 id DUP_ID reject"});
  EXPECT_EQ(second.report.rows_kept + second.report.rows_rejected, second.report.rows_in);
}

TEST(ImportTest, AnUnknownColumnCannotHideAFieldOfTheRecord) {
  const auto result = csv("标题,source\n甲,淘宝\n");
  EXPECT_EQ(to_json(result.products[0])["source"]["format"], "csv");
  EXPECT_EQ(result.products[0].extra["source_column"], "淘宝");
}

TEST(ImportTest, TheReportCutsItsValuesAndCountsItsCodes) {
  const auto result = csv("标题,价格\n甲,x\n乙,y\n" + std::string("丙,") + std::string(200, 'z') + "\n");
  EXPECT_EQ(result.report.entries[2].value.size(), 80u);
  EXPECT_EQ(result.report.counts().at("warn BAD_NUMBER"), 3);
  EXPECT_EQ(dump_line(to_json(result.report.entries[0])), R"({"file":"shop.csv","row":2,"column":"价格","code":"BAD_NUMBER","severity":"warn","value":"x"})");
}

TEST(ImportTest, ARejectedRowKeepsItsOwnId) {
  const auto result = jsonl("{\"id\":\"x1\",\"content\":\"裙\"}\n{\"id\":\"x2\",\"content\":\"类型#裙\"}\n");
  EXPECT_EQ(findings(result), (Lines{"1 content ATTR_NO_SEPARATOR warn", "1 content MISSING_REQUIRED reject"}));
  EXPECT_EQ(result.report.entries[1].id, "x1");
  EXPECT_EQ(result.report.entries[1].value, "裙");
}

TEST(ImportTest, AnAttributeBeyondTheLimitRejectsItsRowAndNamesKeyAndLimit) {
  const std::string long_value(kMaxAttributeCodePoints + 1, 'x'), fitting(kMaxAttributeCodePoints, 'x');
  const auto result = jsonl("{\"content\":\"类型#裙*备注#" + long_value + "\"}\n{\"content\":\"类型#裙*备注#" + fitting + "\"}\n");
  EXPECT_EQ(findings(result), Lines{"1 备注 TOO_LARGE reject"});
  EXPECT_EQ(result.report.entries[0].value, "1001 characters, at most 1000");
  EXPECT_EQ(result.products.size(), 1u);
}

TEST(ImportTest, UnsafeMarkupIsRemovedWithAWarning) {
  const auto table = csv("标题,描述\n<b onclick=f()>裙</b>,真丝<script>g()</script>\n");
  EXPECT_EQ(findings(table), (Lines{"2 标题 HTML_UNSAFE warn", "2 描述 HTML_UNSAFE warn"}));
  EXPECT_EQ(table.products[0].title_raw, "<b>裙</b>");
  EXPECT_EQ(table.products[0].description_raw, "真丝");
  const auto record = jsonl("{\"title_raw\":\"裙<script>g()</script>\"}\n");
  EXPECT_EQ(findings(record), Lines{"1 title_raw HTML_UNSAFE warn"});
}

TEST(ImportTest, TwoColumnsOfOneFieldAreNamed) {
  EXPECT_EQ(findings(csv("title,title\n甲,乙\n")), Lines{"1 title DUP_HEADER warn"});
  const auto result = csv("商品标题,title,备注,备注\n甲,乙,丙,丁\n");
  EXPECT_EQ(findings(result), (Lines{"1 title DUP_HEADER warn", "1 备注 DUP_HEADER warn"}));
  EXPECT_EQ(result.report.entries[0].value, "'商品标题' and 'title', columns 1 and 2: both title");
  EXPECT_EQ(findings(csv("标题,属性,属性\n甲,a:b,c:d\n")), Lines{"1 属性 DUP_HEADER warn"});
  EXPECT_TRUE(findings(csv("标题,颜色,材质\n甲,红,棉\n")).empty());
}

TEST(ImportTest, AFileWithoutKnownColumnsIsToldOfSeparatorsAndWorkbooks) {
  const auto refusal = [](std::string_view bytes, std::string_view name) {
    try {
      read_products_from(bytes, name);
    } catch (const ImportRefused& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  EXPECT_NE(refusal("标题;颜色\n甲;红\n", "shop.csv").find("--separator"), std::string::npos);
  EXPECT_NE(refusal("\xd0\xcf\x11\xe0", "shop.xls").find("save it as .xlsx or CSV"), std::string::npos);
}

TEST(ImportTest, TheSummaryNamesTheFirstRejectedRows) {
  std::string rows = "{\"content\":\"类型#裙\"}\n";
  for (int i = 0; i < 7; ++i) rows += std::string(60, static_cast<char>('a' + i)) + "\n";
  const std::string table = jsonl(rows).report.table();
  EXPECT_TRUE(table.starts_with("shop.jsonl row 2: NOT_JSON: '" + std::string(40, 'a') + "…'\n")) << table;
  EXPECT_NE(table.find("and 2 more rejected\nrows in 8, kept 1, rejected 7\n"), std::string::npos) << table;
}

TEST(ImportTest, TheSummaryNamesOddLineEnds) {
  EXPECT_TRUE(csv("标题\r裙\r").report.table().starts_with("shop.csv row 1: CR_LINE_ENDS: 'lines end in a carriage return alone"));
}

TEST(ImportTest, AWrongSettingIsRefused) {
  ImportConfig config;
  config.format = "xlsm";
  EXPECT_THROW(read_products_from("x", "x.csv", config), InvalidInput);
  config.format = "csv";
  config.separator = "ab";
  EXPECT_THROW(read_products_from("x", "x.csv", config), UsageError);
}

}  // namespace
}  // namespace vitrine::data
