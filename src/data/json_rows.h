// data/json_rows.h - files whose rows are JSON objects that are no products: preferences, picks,
// feedback.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "data/import_report.h"
#include "data/product.h"

namespace vitrine::data {

struct ParsedJsonRow {
  Json json;
  std::string
      code;  // empty, or why the row is rejected: TOO_LARGE, ENC_BAD_SEQ, TOO_DEEP, NOT_JSON
  std::vector<std::string> doubled_keys = {};  // "price.amount": keys that stood before in their object
};

/// What a finding DUP_KEY (warn) says of them.
inline constexpr std::string_view kLastOfKeys = "stands more than once in its object, the last one is taken";

/// One line as an object.
ParsedJsonRow parse_json_row(std::string_view line);

struct JsonRow {
  int64_t row = 0;  // line, from 1; of an array the place in it, from 1
  Json json;        // an object; its strings are NFC without control characters
};

/// The objects of a file, one a line or in one array. UTF-8 (BOM or not), GB18030, UTF-16 with BOM.
/// Adds to the report: rows_in, the rows that are no object or have a field over the limit
/// (reject), removed control characters (repair), keys that stand twice and lines that end in a
/// carriage return alone (warn). Throws ImportRefused (EMPTY_FILE, ENC_UNKNOWN),
/// Corrupt for an array that is not JSON.
std::vector<JsonRow> read_json_rows(std::string_view bytes, std::string_view name,
                                    ImportReport& report);

/// The same for a file (.gz, .zst by name; "-" = standard input). Throws NotFound, IoError too.
std::vector<JsonRow> read_json_rows(const std::filesystem::path& path, ImportReport& report);

/// Adds a rejected row to the report.
void reject_row(ImportReport& report, std::string_view name, int64_t row,
                const FieldProblem& problem);

/// Entries in the order of the rows, and rows_kept.
void finish_report(ImportReport& report);

}  // namespace vitrine::data
