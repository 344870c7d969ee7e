// data/import.h - any product table to `product` records, with a report of what was rejected or repaired.
//
// Readable: product records (JSONL), AdvertiseGen (JSONL), any JSONL with header-like keys, CSV and TSV with a header;
// UTF-8 (BOM or not), GB18030, UTF-16 with BOM; .gz and .zst by name; "-" is standard input.
// Columns go by rules/import/columns.tsv; docs/formats/product.md says what each becomes.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"
#include "data/import_report.h"
#include "data/product.h"

namespace vitrine::data {

struct ImportConfig {
  std::string format = "auto";     // auto | product | advertisegen | jsonl | csv | tsv
  std::string separator;           // of a table; empty = by format; one character or \t
  bool strict = false;             // any rejected row refuses the file
  std::string licence;             // written into each record's source
  int64_t max_file_mib = 2048;     // after unpacking

  void describe(FieldVisitor& v) {
    v.field("format", format, "auto | product | advertisegen | jsonl | csv | tsv");
    v.field("separator", separator, "cell separator of a table, empty = by format");
    v.field("strict", strict, "refuse the whole file when a row is rejected");
    v.field("licence", licence, "licence of the rows, kept in each record");
    v.field("max_file_mib", max_file_mib, "largest file, unpacked, MiB", 1, 1 << 20);
  }
  /// Throws InvalidInput for an unknown format or a separator of several characters.
  void validate() const;
};

struct ImportResult {
  std::vector<Product> products;  // in file order
  ImportReport report;
};

/// Reads one file. All of it or nothing: a fatal finding throws Corrupt with file and code (EMPTY_FILE, NO_HEADER,
/// ENC_UNKNOWN, ENC_BAD_SEQ, TOO_LARGE), and so does a rejected row under config.strict. Throws NotFound, IoError.
ImportResult read_products(const std::filesystem::path& path, const ImportConfig& config = {});

/// The same for bytes in memory; `name` stands for the file in records, messages and format detection.
ImportResult read_products_from(std::string_view bytes, std::string_view name, const ImportConfig& config = {});

}  // namespace vitrine::data
