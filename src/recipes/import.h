// recipes/import.h - shop tables of any readable format to one file of product records.
#pragma once
#include <span>
#include <string>

#include "data/import.h"

namespace vitrine::recipes {

struct ImportRecipeConfig {
  data::ImportConfig reader;
  std::string output = "-";
  std::string rejects;
  bool strict = false;
  bool normalize = false;
  std::string duplicates;
  double min_similarity = 0.8;

  void describe(FieldVisitor& v) {
    reader.describe(v);
    v.field("output", output, "product records, JSONL (.gz, .zst by name); - = standard output");
    v.field("rejects", rejects, "findings with file, row, column and code, JSONL; empty = none");
    v.field("strict", strict, "refuse everything when one row is rejected");
    v.field("normalize", normalize, "map attribute keys, values and units to their canonical names");
    v.field("duplicates", duplicates, "rows whose title or text is nearly that of an earlier row, JSONL; empty = none are looked for");
    v.field("min_similarity", min_similarity, "share of common 5-grams from which two texts are nearly the same", 0.3, 1);
  }
};

/// What an import of any size found.
struct ImportTotals {
  data::ImportSummary summary;
  int64_t rows_in = 0, rows_kept = 0, rows_rejected = 0, without_licence = 0;  // the last of those kept

  /// As ImportSummary::table.
  std::string table() const { return summary.table(rows_in, rows_rejected); }
};

/// Reads the files in order, row by row, and writes the kept rows to config.output, which appears whole or not at all.
/// An id that an earlier file had is DUP_ID. With normalize, pairs the tables do not have are listed as KEY_UNMAPPED and
/// VALUE_UNMAPPED (warn). config.rejects is written in every case, also when the import then fails. Mappings by hand are
/// remembered when all went well. config.duplicates gets {id, field, like, similarity} of each pair found by MinHash,
/// estimated (data/near_duplicates.h): about 500 bytes of memory a row.
/// Returns the totals over all files. Throws UsageError (an output that is an input or a folder), ImportRefused for a fatal
/// finding; Corrupt under strict, naming the first rejected row; both leave config.output untouched.
ImportTotals import_files(std::span<const std::string> files, const ImportRecipeConfig& config);

}  // namespace vitrine::recipes
