// import → export unchanged gives the same bytes, for generated files of every format; one text more
// changes one place.
#include <gtest/gtest.h>

#include "data/preference_file.h"
#include "data/quick_json.h"
#include "data/shop_file.h"
#include "support/shop_tables.h"
#include "support/temporary_directory.h"
#include "support/whole_shop_file.h"
#include "support/workbook.h"
#include "text/encoding.h"
#include "text/utf8.h"

namespace vitrine::data {
namespace {

using text::Encoding;

ShopFileConfig quiet_config() {
  ShopFileConfig config;
  config.reader.mappings = "/nonexistent/columns.json";
  return config;
}

using Generator = test::ShopTables;

void expect_unchanged(const std::string& bytes, const std::string& name) {
  test::WholeShopFile file = test::WholeShopFile::read_from(bytes, name, quiet_config());
  ASSERT_EQ(file.bytes(), bytes) << name;
  if (file.rows().empty()) return;
  // The same texts again are the same bytes, wherever they are written as we write them; other places stay.
  for (const std::string& field : file.fields()) {
    for (size_t row = 0; row < file.rows().size(); ++row) file.text(row, field);
  }
}

/// One text more: what stood before and behind it stays.
void expect_one_change(const std::string& bytes, const std::string& name, Generator& random) {
  test::WholeShopFile file = test::WholeShopFile::read_from(bytes, name, quiet_config());
  if (file.rows().empty() || !file.has_field("description")) return;
  const size_t row = random.below(file.rows().size());
  const std::string stored = file.stored_form("description", "新文案" + random.value());
  file.set(row, "description", stored);
  const test::WholeShopFile before = test::WholeShopFile::read_from(bytes, name, quiet_config());
  const test::WholeShopFile again = test::WholeShopFile::read_from(file.bytes(), name, quiet_config());
  ASSERT_EQ(again.rows().size(), file.rows().size()) << name;
  for (size_t i = 0; i < again.rows().size(); ++i) {
    ASSERT_EQ(again.text(i, "description"), i == row ? stored : before.text(i, "description")) << name << " row " << i;
    ASSERT_EQ(again.rows()[i].product.id, file.rows()[i].product.id);
    ASSERT_EQ(again.rows()[i].product.extra.value("备注", Json()), file.rows()[i].product.extra.value("备注", Json()));
  }
}

TEST(ShopFilesPropertyTest, TablesComeBackByteForByteInEveryEncoding) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    Generator random(seed);
    const bool tabs = random.below(2) == 0;
    std::vector<std::string> headers = {"id", "标题", "备注", "文案", "备注"};
    for (size_t n = random.below(4); n > 0; --n) headers.push_back(random.below(2) == 0 ? "" : "列" + std::to_string(n));
    const std::string table = random.table(headers, 1 + random.below(6), tabs ? '\t' : ',');
    for (const auto encoding : {Encoding::utf8, Encoding::utf8_bom, Encoding::gb18030, Encoding::utf16le, Encoding::utf16be}) {
      const std::string bytes = text::encode(table, encoding);
      expect_unchanged(bytes, tabs ? "a.tsv" : "a.csv");
      expect_one_change(bytes, tabs ? "a.tsv" : "a.csv", random);
    }
  }
}

TEST(ShopFilesPropertyTest, DialectsComeBackByteForByte) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    Generator random(seed);
    const std::string shopify = random.table({"Handle", "Title", "Body (HTML)", "Variant Price", "Image Src", "SEO Title"}, 1 + random.below(5), ',');
    expect_unchanged(shopify, "products_export.csv");
    expect_one_change(shopify, "products_export.csv", random);
    const std::string merchant = random.table({"id", "title", "link", "image_link", "price", "structured_description"}, 1 + random.below(5), '\t');
    expect_unchanged(merchant, "feed.tsv");
    const std::string taobao = "version 1.00\r\n" + random.table({"num_id", "title", "cateProps", "description", "price"}, 1 + random.below(5), '\t');
    for (const auto encoding : {Encoding::utf16le, Encoding::gb18030}) {
      expect_unchanged(text::encode(taobao, encoding), "items.csv");
      expect_one_change(text::encode(taobao, encoding), "items.csv", random);
    }
  }
}

TEST(ShopFilesPropertyTest, JsonAndFeedsComeBackByteForByte) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    Generator random(seed);
    std::string lines, elements, items;
    for (size_t row = 1 + random.below(5); row > 0; --row) {
      Json object = {{"id", std::to_string(row)}, {"content", "类型#裙"}, {"备注", random.value()}};
      if (random.below(2) == 0) object["summary"] = random.value();
      const std::string text = random.below(2) == 0 ? object.dump() : object.dump(2);
      lines += object.dump() + "\n";
      elements += (elements.empty() ? "" : " ,\n") + text;
      items += "<item>\n <g:id>" + std::to_string(row) + "</g:id><title>" + xml_escape(random.value()) + "x</title>\n<g:price>1 CNY</g:price></item>";
    }
    for (const auto& [bytes, name] : {std::pair(lines, "a.jsonl"), {"[" + elements + "]\n", "a.json"}, {"<rss xmlns:g=\"http://base.google.com/ns/1.0\">" + items + "</rss>\n", "a.xml"}}) {
      expect_unchanged(bytes, name);
      expect_one_change(bytes, name, random);
    }
  }
}

TEST(ShopFilesPropertyTest, AtomFeedsComeBackByteForByte) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    Generator random(seed);
    const std::string prefix = random.below(2) == 0 ? "g" : "c";
    const std::string end = random.below(2) == 0 ? "\n" : "\r\n";
    std::string feed = "<?xml version=\"1.0\"?>" + end + "<feed xmlns=\"http://www.w3.org/2005/Atom\" xmlns:" + prefix + "=\"http://base.google.com/ns/1.0\">" + end + "<title>店</title>";
    const auto element = [&](const std::string& name, const std::string& content) { return "<" + prefix + ":" + name + ">" + content + "</" + prefix + ":" + name + ">" + end; };
    for (size_t row = 1 + random.below(5); row > 0; --row) {
      feed += "<entry>" + end + element("id", std::to_string(row)) + "<title>标题" + xml_escape(random.value()) + "</title>";
      if (random.below(2) == 0) feed += "<!-- <entry> -->" + end;
      if (random.below(2) == 0) feed += "<summary><![CDATA[<b>" + std::to_string(random.below(9)) + "</entry>]]></summary>";
      if (random.below(2) == 0) feed += element("structured_description", element("digital_source_type", "default") + element("content", xml_escape(random.value())));
      feed += "<link href=\"http://s/1\"/>" + end + "</entry>" + end;
    }
    feed += "</feed>" + end;
    ASSERT_FALSE(test::WholeShopFile::read_from(feed, "feed.atom", quiet_config()).rows().empty()) << feed;
    expect_unchanged(feed, "feed.atom");
    expect_one_change(feed, "feed.atom", random);
  }
}

/// A product of Merchant Center with its attributes beside its id, or in an object of their own.
Json merchant_product(Generator& random, size_t id) {
  Json attributes = {{"title", "标题" + random.value()}, {"link", "http://s/" + std::to_string(id)}, {"imageLink", "http://i/1.jpg"}, {"备注", random.value()}};
  if (random.below(2) == 0) attributes["description"] = random.value();
  if (random.below(2) == 0) attributes["structuredDescription"] = {{"digitalSourceType", "default"}, {"content", random.value()}};
  if (random.below(2) == 0) attributes["price"] = {{"value", "12.99"}, {"currency", "CNY"}};
  Json product = {{"offerId", std::to_string(id)}};
  if (random.below(2) == 0) product["attributes"] = std::move(attributes);
  else product.update(attributes);
  return product;
}

TEST(ShopFilesPropertyTest, MerchantJsonComesBackByteForByte) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    Generator random(seed);
    std::string lines;
    Json list = Json::array();
    for (size_t row = 1 + random.below(5); row > 0; --row) {
      list.push_back(merchant_product(random, row));
      lines += list.back().dump() + (random.below(4) == 0 ? " \r\n" : "\n");
    }
    const int indent = static_cast<int>(random.below(4)) - 1;  // -1 = one line
    const std::string document = Json{{"kind", "content#productsListResponse"}, {"resources", list}}.dump(indent == -1 ? 1 : indent);
    for (const auto& [bytes, name] : {std::pair(lines, "p.jsonl"), {list.dump(indent), "p.json"}, {document, "p.json"}}) {
      ASSERT_EQ(test::WholeShopFile::read_from(bytes, name, quiet_config()).rows().size(), list.size()) << bytes;
      expect_unchanged(bytes, name);
      expect_one_change(bytes, name, random);
    }
  }
}

TEST(ShopFilesPropertyTest, WorkbooksComeBackByteForByte) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Generator random(seed);
    std::string rows;
    const size_t count = 1 + random.below(5);
    for (size_t row = 1; row <= count + 1; ++row) {
      rows += concat("<row r=\"", row, "\">");
      for (size_t column = 0; column < 4; ++column) {
        if (row > 1 && column > 1 && random.below(3) == 0) continue;  // gaps
        const std::string text = row == 1 ? std::vector<std::string>{"id", "标题", "备注", "文案"}[column] : column == 0 ? "id" + std::to_string(row) : random.value() + "x";
        rows += concat("<c r=\"", static_cast<char>('A' + column), row, "\" t=\"inlineStr\"><is><t>", xml_escape(text), "</t></is></c>");
      }
      rows += "</row>";
    }
    const std::string bytes = test::workbook("<sheetData>" + rows + "</sheetData>");
    expect_unchanged(bytes, "a.xlsx");
    expect_one_change(bytes, "a.xlsx", random);
  }
}

TEST(ShopFilesPropertyTest, TenThousandColumnsComeBackByteForByte) {
  Generator random(7);
  std::vector<std::string> headers = {"id", "标题"};
  for (size_t i = 2; i < 10000; ++i) headers.push_back(i % 3 == 0 ? "" : "列" + std::to_string(i % 500));
  const std::string table = random.table(headers, 3, ',');
  expect_unchanged(table, "wide.csv");
  expect_one_change(table, "wide.csv", random);
}

/// A list with ties, texts that were not judged, and fields of others.
RankedList any_list(Generator& random, size_t id) {
  RankedList list;
  list.product_id = "p" + std::to_string(id);
  list.prompt = "类型#裙*备注#" + std::to_string(random.below(1000));
  const size_t texts = 2 + random.below(4);
  for (size_t i = 0; i < texts; ++i) list.candidates.push_back("文" + std::to_string(i) + "\"😀\\\n" + std::to_string(random.below(99)));
  for (size_t i = 0; i < texts; ++i) {
    if (i > 1 && random.below(4) == 0) continue;
    const bool tied = i > 1 && random.below(3) == 0;
    if (!tied) list.order.emplace_back();
    list.order.back().push_back(static_cast<int>(i));
  }
  list.source = "human";
  list.weight = 0.25 * static_cast<double>(1 + random.below(8));
  if (random.below(2) == 0) list.extra["operator"] = "甲\t" + std::to_string(random.below(9));
  return list;
}

TEST(ShopFilesPropertyTest, PreferencesKeepPromptsTextsOrderAndWeightsOnTheWayThereAndBack) {
  const test::TemporaryDirectory folder;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    Generator random(seed);
    std::vector<RankedList> lists;
    for (size_t n = 1 + random.below(4); n > 0; --n) lists.push_back(any_list(random, n));
    const std::string own = to_own_lines(lists);
    ASSERT_EQ(to_own_lines(read_preferences_from(own, "own.jsonl").lists), own);
    for (const auto& [format, name] : {std::pair(PreferenceFormat::trl, "trl.jsonl"), {PreferenceFormat::trl, "trl.jsonl.gz"}, {PreferenceFormat::llama_factory, "lf.jsonl"}, {PreferenceFormat::llama_factory, "array.json"}}) {
      write_preferences(folder.path() / name, lists, format);
      const PreferenceFile back = read_preferences(folder.path() / name);
      ASSERT_EQ(to_own_lines(back.lists), own) << name << " seed " << seed;
      ASSERT_EQ(back.report.rows_rejected, 0) << name;
    }
  }
}

/// Any JSON value of a few levels.
Json any_json(Generator& random, int depth) {
  switch (random.below(depth > 3 ? 6 : 8)) {
    case 0: return nullptr;
    case 1: return random.below(2) == 0;
    case 2: return random.below(1000000);
    case 3: return -static_cast<int64_t>(random.below(1000000));
    case 4: return static_cast<double>(random.below(100000)) / 7 * (random.below(2) == 0 ? 1e-9 : 1e12);
    case 5: return random.value();
    case 6: {
      Json array = Json::array();
      for (size_t n = random.below(4); n > 0; --n) array.push_back(any_json(random, depth + 1));
      return array;
    }
    default: {
      Json object = Json::object();
      for (size_t n = random.below(4); n > 0; --n) object[random.value()] = any_json(random, depth + 1);
      return object;
    }
  }
}

TEST(ShopFilesPropertyTest, TheQuickReaderOfJsonReadsWhatTheSlowOneReads) {
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    Generator random(seed);
    const Json object = {{"a", any_json(random, 0)}, {"b", any_json(random, 0)}};
    std::string text = random.below(2) == 0 ? object.dump() : object.dump(1);
    if (const auto quick = quick_parse_object(text)) {
      ASSERT_EQ(*quick, object) << text;
    }
    text[random.below(text.size())] = "{}[]\",:0e-+. x\n"[random.below(16)];  // damaged somewhere
    if (!text::is_valid_utf8(text)) continue;
    const Json slow = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (const auto quick = quick_parse_object(text)) {
      ASSERT_EQ(*quick, slow) << text;
    }
  }
}

}  // namespace
}  // namespace vitrine::data
