// The readers of shops' files on any bytes: a report or a refusal, never a fault; and what can be
// written back comes back byte for byte. The first byte chooses the kind of file and the format that is asked for: K = the first of
// kKinds, L the next, … Y the fifteenth, A the sixteenth, … J the last.
#include <array>
#include <map>
#include <string>
#include <string_view>

#include "base/error.h"
#include "data/archive.h"
#include "data/import.h"
#include "data/shop_file.h"
#include "fuzz.h"
#include "support/whole_shop_file.h"

namespace {

using namespace vitrine;

struct Kind {
  std::string_view name, format = "auto";
};

constexpr std::array<Kind, 25> kKinds = {{{"a.csv"},
                                          {"a.tsv"},
                                          {"a.json"},
                                          {"a.jsonl"},
                                          {"a.xml"},
                                          {"a.xlsx"},
                                          {"a.zip"},
                                          {"sheet.xlsx"},
                                          {"inner.zip"},
                                          {"taobao.csv", "taobao"},
                                          {"inner16.zip"},
                                          {"strings.xlsx"},
                                          {"styles.xlsx"},
                                          {"workbook.xlsx"},
                                          {"relations.xlsx"},
                                          {"shopify.csv", "shopify"},
                                          {"merchant.tsv", "merchant"},
                                          {"merchant.json", "merchant"},
                                          {"schema.json", "schema_org"},
                                          {"advertisegen.jsonl", "advertisegen"},
                                          {"product.jsonl", "product"},
                                          {"alpaca.json", "alpaca"},
                                          {"chat.jsonl", "share_gpt"},
                                          {"messages.jsonl", "messages"},
                                          {"preference.jsonl", "preference"}}};

const std::map<std::string, std::string>& sound_parts() {
  static const std::map<std::string, std::string> parts = {
      {"[Content_Types].xml", "<Types/>"},
      {"xl/workbook.xml", "<workbook><sheets><sheet name=\"a\" r:id=\"r1\"/></sheets></workbook>"},
      {"xl/_rels/workbook.xml.rels", "<Relationships><Relationship Id=\"r1\" Type=\"x/worksheet\" Target=\"sheet.xml\"/></Relationships>"},
      {"xl/sharedStrings.xml", "<sst><si><t>标题</t></si><si><t>裙</t></si><si><t>文案</t></si></sst>"},
      {"xl/styles.xml", "<styleSheet><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/></cellXfs></styleSheet>"},
      {"xl/sheet.xml",
       "<sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" t=\"s\"><v>2</v></c></row><row r=\"2\"><c r=\"A2\" t=\"s\"><v>1</v></c><c r=\"C2\" s=\"1\"><v>45292.5</v></c></row></sheetData>"}};
  return parts;
}

/// A workbook one part of which, or an archive whose table, are the bytes.
std::string wrapped(std::string_view name, std::string bytes) {
  if (name == "inner.zip") return data::make_archive({{"a.csv", std::move(bytes)}});
  if (name == "inner16.zip") return data::make_archive({{"taobao.csv", "\xff\xfe" + std::move(bytes)}});
  static const std::map<std::string_view, std::string> kParts = {
      {"sheet.xlsx", "xl/sheet.xml"}, {"strings.xlsx", "xl/sharedStrings.xml"}, {"styles.xlsx", "xl/styles.xml"}, {"workbook.xlsx", "xl/workbook.xml"}, {"relations.xlsx", "xl/_rels/workbook.xml.rels"}};
  const auto part = kParts.find(name);
  if (part == kParts.end()) return bytes;
  auto parts = sound_parts();
  if (name == "sheet.xlsx") bytes.insert(0, "<sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c></row>");
  parts[part->second] = std::move(bytes);
  return data::make_archive(parts);
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (size == 0) return 0;
  const Kind& kind = kKinds[bytes[0] % kKinds.size()];
  const std::string_view name = kind.name;
  data::ShopFileConfig config;
  config.reader.mappings = "/nonexistent/columns.json";
  config.reader.format = kind.format;
  try {
    const std::string file = wrapped(name, std::string(reinterpret_cast<const char*>(bytes) + 1, size - 1));
    const auto result = data::read_products_from(file, name, config.reader);
    FUZZ_CHECK(result.report.rows_in == result.report.rows_kept + result.report.rows_rejected);
    test::WholeShopFile shop = test::WholeShopFile::read_from(file, name, config);
    FUZZ_CHECK(shop.bytes() == file);
    if (!shop.rows().empty() && shop.has_field("description")) {
      if (shop.is_fixed(0, "description")) return 0;
      shop.set(0, "description", shop.stored_form("description", "好,\"裙\"\n😀"));
      FUZZ_CHECK(!shop.bytes().empty());
    }
  } catch (const InternalError& bug) {
    std::fprintf(stderr, "%s\n", bug.what());
    FUZZ_CHECK(false);
  } catch (const Error&) {  // refused
  }
  return 0;
}
