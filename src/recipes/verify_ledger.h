// recipes/verify_ledger.h - `vitrine verify ledger`: which claims of accepted texts are still
// proved by the records.
#pragma once
#include <string>

#include "base/config.h"
#include "base/utc_time.h"

namespace vitrine::recipes {

struct VerifyLedgerConfig {
  std::string evidence, documents;
  bool files = true;
  std::string format = "auto", output = "-";

  void describe(FieldVisitor& v) {
    v.field("evidence", evidence, "product records as they are now");
    v.field("documents", documents, "folder of the documents' files; empty = that of --evidence");
    v.field("files", files, "look at the documents' files, too");
    v.field("format", format, "table | jsonl | auto = table on a terminal",
            {"auto", "table", "jsonl"});
    v.field("output", output, "file (.gz, .zst by name); - = standard output");
  }
};

struct LedgerCounts {
  size_t green = 0, grey = 0, red = 0;
};

/// Writes one line a claim, in order of the ledger: {text_id, product_id, claim, span, type,
/// colour, reasons}, or a table (in colour on a terminal). Throws NotFound, Corrupt, InvalidInput,
/// UsageError, IoError.
LedgerCounts verify_ledger(const std::string& ledger, const VerifyLedgerConfig& config,
                           UtcSeconds now);

}  // namespace vitrine::recipes
