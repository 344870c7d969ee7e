// recipes/shop_findings.h - what is found while a shop's file is read: its list for --rejects and
// its summary.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/compressed.h"
#include "data/import_report.h"
#include "data/shop_file.h"

namespace vitrine::recipes {

/// Call order: (add)* finish, or refuse.
class ShopFindings {
 public:
  /// rejects: the file of the list; empty = none.
  explicit ShopFindings(const std::string& rejects);

  /// A row of the file, and what was found about the file before it.
  void add(const data::ShopFile& file, const data::ShopRow& row);
  /// All rows are read: the list appears.
  void finish(const data::ShopFile& file);
  /// The file is refused as a whole: the list appears and says so.
  void refuse(const data::ImportRefused& refused);

  int64_t rows_rejected() const { return rows_rejected_; }
  /// As of ImportSummary.
  std::string table() const { return summary_.table(rows_in_, rows_rejected_); }

 private:
  void add(const data::ImportEntry& finding);
  void add_file_findings(const data::ShopFile& file);

  std::optional<OutputFile> list_;
  data::ImportSummary summary_;
  size_t num_file_findings_ = 0;  // that were added
  int64_t rows_in_ = 0, rows_rejected_ = 0;
};

}  // namespace vitrine::recipes
