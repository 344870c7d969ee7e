// The readers of shops' files on any bytes: a report or a refusal, never a fault; and what can be
// written back comes back byte for byte. The first byte chooses the kind of file.
#include <array>
#include <string>
#include <string_view>

#include "base/error.h"
#include "data/archive.h"
#include "data/import.h"
#include "data/shop_file.h"
#include "fuzz.h"

namespace {

using namespace vitrine;

constexpr std::array<std::string_view, 10> kNames = {"a.csv", "a.tsv", "a.json", "a.jsonl", "a.xml", "a.xlsx", "a.zip", "sheet.xlsx", "inner.zip", "taobao.csv"};

/// A workbook whose sheet, and an archive whose table, are the bytes.
std::string wrapped(std::string_view name, std::string bytes) {
  if (name == "inner.zip") return data::make_archive({{"a.csv", std::move(bytes)}});
  if (name != "sheet.xlsx") return bytes;
  return data::make_archive(
      {{"[Content_Types].xml", "<Types/>"},
       {"xl/workbook.xml", "<workbook><sheets><sheet name=\"a\" r:id=\"r1\"/></sheets></workbook>"},
       {"xl/_rels/workbook.xml.rels", "<Relationships><Relationship Id=\"r1\" Type=\"x/worksheet\" Target=\"sheet.xml\"/></Relationships>"},
       {"xl/sharedStrings.xml", "<sst><si><t>标题</t></si><si><t>裙</t></si></sst>"},
       {"xl/sheet.xml", "<sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c></row>" + std::move(bytes)}});
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (size == 0) return 0;
  const std::string_view name = kNames[bytes[0] % kNames.size()];
  data::ShopFileConfig config;
  config.reader.mappings = "/nonexistent/columns.json";
  if (name == "taobao.csv") config.reader.format = "taobao";
  try {
    const std::string file = wrapped(name, std::string(reinterpret_cast<const char*>(bytes) + 1, size - 1));
    const auto result = data::read_products_from(file, name, config.reader);
    FUZZ_CHECK(result.report.rows_in == result.report.rows_kept + result.report.rows_rejected);
    data::ShopFile shop = data::ShopFile::read_from(file, name, config);
    FUZZ_CHECK(shop.bytes() == file);
    if (!shop.rows().empty() && shop.has_field("description")) {
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
