// data/import.h - any product table to `product` records, with a report of what was rejected or repaired.
//
// Readable: product records, AdvertiseGen, training sets (Alpaca, ShareGPT, messages, preferences), any
// JSON with header-like keys, 淘宝助理, Shopify, Merchant Center (TSV, XML, JSON), schema.org JSON-LD,
// and CSV, TSV, XLSX with a header; UTF-8 (BOM or not), GB18030, UTF-16 with BOM; .gz and .zst by
// name, a .zip that holds one such file; "-" is standard input.
// Columns go by rules/import/columns.tsv; docs/formats/product.md says what each becomes.
#pragma once
#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/config.h"
#include "base/error.h"
#include "data/import_report.h"
#include "data/product.h"

namespace vitrine::data {

/// Formats that can be named, and the help of an option that names one.
inline const std::initializer_list<std::string_view> kReaderFormats = {
    "auto",    "product",  "advertisegen", "jsonl",  "csv",       "tsv",      "xlsx",      "taobao",
    "shopify", "merchant", "schema_org",   "alpaca", "share_gpt", "messages", "preference"};
inline constexpr std::string_view kReaderFormatsHelp =
    "auto = by name and first rows | product | advertisegen | jsonl | csv | tsv | xlsx | taobao | shopify | merchant | schema_org | alpaca | share_gpt | messages | preference";

struct ImportConfig {
  std::string format = "auto";
  std::string separator;
  std::string sheet;
  std::vector<std::string> map;
  std::string shop;
  std::string mappings;
  std::string properties;
  std::string pictures;
  std::string licence;
  int64_t max_file_mib = 2048;

  void describe(FieldVisitor& v) {
    v.field("format", format, kReaderFormatsHelp, kReaderFormats);
    v.field("separator", separator, "cell separator of a table, one character; empty = by format");
    v.field("sheet", sheet, "sheet of a workbook; empty = the first one");
    v.field("map", map, "columns mapped by hand, 商品描述=description,备注=-; remembered for the shop and this header");
    v.field("shop", shop, "name of the shop whose mappings are remembered");
    v.field("mappings", mappings, "file of remembered mappings; empty = ~/.config/vitrine/columns.json, - = none");
    v.field("properties", properties, "names of 淘宝 property ids: columns pid, vid, key, value, parted by tabs");
    v.field("pictures", pictures, "folder of the table's pictures: their sizes are checked");
    v.field("licence", licence, "licence of the rows, kept in each record");
    v.field("max_file_mib", max_file_mib, "largest file, unpacked, MiB", 1, 1 << 20);
  }
  /// Throws InvalidInput for an unknown format, UsageError for a separator of several characters.
  void validate() const;
};

struct ImportResult {
  std::vector<Product> products;  // in file order
  ImportReport report;
  std::string sha256;  // of the file's unpacked bytes
};

/// A file that is refused as a whole: EMPTY_FILE, NO_HEADER, ENC_UNKNOWN, ENC_BAD_SEQ, TOO_LARGE,
/// MIXED_KINDS, ARCHIVE_DAMAGED, ARCHIVE_UNSAFE, NOT_JSON, NOT_XML.
class ImportRefused : public Corrupt {
 public:
  explicit ImportRefused(ImportEntry entry);
  const ImportEntry& entry() const { return entry_; }

 private:
  ImportEntry entry_;
};

/// Reads one file, all of it or nothing. Throws ImportRefused for a fatal finding, Corrupt for damaged packing,
/// NotFound, IoError.
ImportResult read_products(const std::filesystem::path& path, const ImportConfig& config = {});

/// The same for unpacked bytes in memory; `name` stands for the file in records and messages, its ending for the format.
ImportResult read_products_from(std::string_view bytes, std::string_view name, const ImportConfig& config = {});

/// Rejects the rows whose id is in `ids` already (DUP_ID) and adds the others' ids: one set over several files.
void reject_repeated_ids(ImportResult& result, std::unordered_set<std::string>& ids);

}  // namespace vitrine::data
