// Each format in each encoding over generated files: what is read, and whether the file comes back byte for byte. Prints the table that
// docs/formats/README.md holds, and sees that it is that one.
#include <gtest/gtest.h>

#include <functional>
#include <iostream>

#include "base/file.h"
#include "base/json.h"
#include "data/shop_file.h"
#include "data/xml_scan.h"
#include "support/shop_tables.h"
#include "support/whole_shop_file.h"
#include "support/workbook.h"
#include "text/encoding.h"

namespace vitrine::data {
namespace {

using test::ShopTables;
using text::Encoding;

constexpr uint64_t kFilesACell = 25;
constexpr Encoding kEncodings[] = {Encoding::utf8, Encoding::utf8_bom, Encoding::gb18030, Encoding::utf16le, Encoding::utf16be};

struct Format {
  std::string name, file_name, found_as;
  std::function<std::string(ShopTables&)> make;  // UTF-8, or a packed file
  bool is_packed = false;
};

ShopFileConfig quiet_config() {
  ShopFileConfig config;
  config.reader.mappings = "/nonexistent/columns.json";
  return config;
}

std::string json_lines(ShopTables& random, const std::function<Json(size_t)>& row) {
  std::string lines;
  for (size_t n = 1 + random.below(5); n > 0; --n) lines += dump_line(row(n)) + (random.below(4) == 0 ? " \r\n" : "\n");
  return lines;
}

std::string advertisegen(ShopTables& random) {
  return json_lines(random, [&](size_t) {
    Json row = {{"content", "类型#裙*风格#简约"}};
    if (random.below(2) == 0) row["summary"] = random.value();
    return row;
  });
}

std::string header_json(ShopTables& random) {
  return json_lines(random, [&](size_t n) { return Json{{"商品ID", std::to_string(n)}, {"标题", "连衣裙" + random.value()}, {"备注", random.value()}, {"文案", random.value()}}; });
}

std::string alpaca(ShopTables& random) {
  return json_lines(random, [&](size_t n) { return Json{{"instruction", "写文案" + std::to_string(n)}, {"input", "类型#裙" + random.value()}, {"output", "好" + random.value()}}; });
}

std::string product_records(ShopTables& random) {
  return json_lines(random, [&](size_t n) {
    return Json{{"id", "p" + std::to_string(n)}, {"source", {{"file", "f"}, {"row", n}, {"format", "csv"}}}, {"locale", "zh-CN"}, {"title_raw", "连衣裙" + random.value()}, {"attributes", Json::array()}};
  });
}

std::string schema_org(ShopTables& random) {
  Json graph = Json::array({{{"@type", "WebSite"}, {"name", "店"}}});
  for (size_t n = 1 + random.below(4); n > 0; --n) {
    Json product = {{"@type", "Product"}, {"name", "连衣裙" + random.value()}, {"sku", std::to_string(n)}, {"备注", random.value()}};
    if (random.below(2) == 0) product["description"] = random.value();
    graph.push_back(std::move(product));
  }
  return Json{{"@context", "https://schema.org"}, {"@graph", graph}}.dump(static_cast<int>(random.below(3)));
}

std::string merchant_json(ShopTables& random) {
  return json_lines(random, [&](size_t n) { return Json{{"offerId", std::to_string(n)}, {"title", "连衣裙" + random.value()}, {"link", "http://s/1"}, {"imageLink", "http://i/1.jpg"}, {"备注", random.value()}}; });
}

std::string merchant_feed(ShopTables& random) {
  std::string items;
  for (size_t n = 1 + random.below(5); n > 0; --n)
    items += concat("<item>\n<g:id>", n, "</g:id>\n<title>裙", xml_escape(random.value()), "</title><g:price>12.99 CNY</g:price>\n<备注>", xml_escape(random.value()), "</备注></item>\n");
  return "<?xml version=\"1.0\"?>\n<rss version=\"2.0\" xmlns:g=\"http://base.google.com/ns/1.0\"><channel><title>店</title>\n" + items + "</channel></rss>\n";
}

std::string workbook(ShopTables& random) {
  const std::vector<std::string> headers = {"商品ID", "标题", "备注", "文案"};
  std::string rows;
  for (size_t row = 1, last = 2 + random.below(5); row <= last; ++row) {
    rows += concat("<row r=\"", row, "\">");
    for (size_t column = 0; column < headers.size(); ++column) {
      const std::string text = row == 1 ? headers[column] : column == 0 ? concat("id", row) : column == 1 ? "连衣裙" + random.value() : random.value();
      if (!text.empty()) rows += concat("<c r=\"", static_cast<char>('A' + column), row, "\" t=\"inlineStr\"><is><t xml:space=\"preserve\">", xml_escape(text), "</t></is></c>");
    }
    rows += "</row>";
  }
  return test::workbook("<sheetData>" + rows + "</sheetData>");
}

const std::vector<Format>& formats() {
  const auto table = [](std::vector<std::string> headers, char separator, std::string before = "") {
    return [=](ShopTables& random) { return before + random.table(headers, 1 + random.below(5), separator); };
  };
  static const std::vector<Format> kFormats = {
      {"CSV with Chinese headers (1688, 京东, 拼多多, 抖店)", "a.csv", "csv", table({"商品ID", "商品标题", "备注", "文案", "", "备注"}, ',')},
      {"TSV", "a.tsv", "tsv", table({"商品ID", "标题", "备注", "文案"}, '\t')},
      {"XLSX", "a.xlsx", "xlsx", workbook, true},
      {"淘宝助理", "items.csv", "taobao", table({"num_id", "title", "cateProps", "description", "price"}, '\t', "version 1.00\r\n")},
      {"Shopify", "products_export.csv", "shopify", table({"Handle", "Title", "Body (HTML)", "Variant Price", "Image Src", "SEO Title"}, ',')},
      {"Merchant Center, TSV", "feed.tsv", "merchant", table({"id", "title", "link", "image_link", "price", "structured_description"}, '\t')},
      {"Merchant Center, XML", "feed.xml", "merchant", merchant_feed},
      {"Merchant Center, JSON", "feed.jsonl", "merchant", merchant_json},
      {"schema.org, JSON-LD", "page.jsonld", "schema_org", schema_org},
      {"AdvertiseGen", "rows.jsonl", "advertisegen", advertisegen},
      {"JSON with keys like headers", "rows.jsonl", "jsonl", header_json},
      {"product records", "products.jsonl", "product", product_records},
      {"Alpaca", "set.jsonl", "alpaca", alpaca},
  };
  return kFormats;
}

/// "" or what is wrong after one text more.
std::string fault_of_one_change(const std::string& bytes, const Format& format, ShopTables& random) {
  test::WholeShopFile file = test::WholeShopFile::read_from(bytes, format.file_name, quiet_config());
  const test::WholeShopFile before = test::WholeShopFile::read_from(bytes, format.file_name, quiet_config());
  if (file.rows().empty() || !file.has_field("description")) return "no place for a text";
  const size_t changed = random.below(file.rows().size());
  const std::string stored = file.stored_form("description", "新文案" + random.value());
  file.set(changed, "description", stored);
  const test::WholeShopFile again = test::WholeShopFile::read_from(file.bytes(), format.file_name, quiet_config());
  if (again.rows().size() != before.rows().size()) return "another number of rows";
  for (size_t row = 0; row < again.rows().size(); ++row) {
    if (again.text(row, "description") != (row == changed ? stored : before.text(row, "description"))) return concat("row ", row, ": another text");
    if (again.rows()[row].product.extra.value("备注", Json()) != before.rows()[row].product.extra.value("备注", Json())) return concat("row ", row, ": another remark");
  }
  return "";
}

/// What one file shows of its cell of the table.
std::string shown(const std::string& bytes, const Format& format, ShopTables& random) {
  try {
    const auto imported = read_products_from(bytes, format.file_name, quiet_config().reader);
    if (imported.products.empty() || imported.products.front().source.format.empty()) return "no product";
    const test::WholeShopFile file = test::WholeShopFile::read_from(bytes, format.file_name, quiet_config());
    if (file.format() != format.found_as) return "read as " + file.format();
    if (file.bytes() != bytes) return "OTHER BYTES";
    const std::string fault = fault_of_one_change(bytes, format, random);
    return fault.empty() ? "same bytes" : fault;
  } catch (const ImportRefused& refused) {
    return "refused: " + refused.entry().code;
  } catch (const UsageError&) {
    return "read";
  }
}

std::string cell_of(const Format& format, Encoding encoding) {
  if (format.is_packed && encoding != Encoding::utf8) return "-";
  std::string cell;
  for (uint64_t seed = 0; seed < kFilesACell; ++seed) {
    ShopTables random(seed);
    const std::string text = format.make(random);
    const std::string bytes = format.is_packed ? text : text::encode(text, encoding);
    const std::string one = shown(bytes, format, random);
    if (!cell.empty() && one != cell) return concat(cell, " but ", one, " (seed ", seed, ")");
    cell = one;
  }
  return cell;
}

TEST(FormatTableTest, TheTableOfFormatsAndEncodingsIsTheOneOfThePage) {
  std::string table = "| format |";
  for (const Encoding encoding : kEncodings) table += concat(" ", to_string(encoding), " |");
  table += "\n|---|---|---|---|---|---|\n";
  for (const Format& format : formats()) {
    table += concat("| ", format.name, " |");
    for (const Encoding encoding : kEncodings) table += concat(" ", cell_of(format, encoding), " |");
    table += "\n";
  }
  std::cout << table;
  EXPECT_NE(read_file("docs/formats/README.md").find(table), std::string::npos) << "docs/formats/README.md holds another table";
}

}  // namespace
}  // namespace vitrine::data
