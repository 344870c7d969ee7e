// data/import_run.h - the state of one file's import, shared by the readers of its row formats. Internal to the room.
#pragma once
#include <string>
#include <string_view>

#include "data/columns.h"
#include "data/import.h"

namespace vitrine::data {

class ImportRun {
 public:
  ImportRun(std::string file, std::string file_sha256, std::string licence)
      : file_(std::move(file)), file_sha256_(std::move(file_sha256)), licence_(std::move(licence)) {}

  const std::string& file() const { return file_; }
  const std::string& file_sha256() const { return file_sha256_; }
  void set_format(std::string format) { format_ = std::move(format); }

  /// Each row ends in one of these two; both count it.
  void keep(RowTarget target);
  void reject(int64_t row, std::string_view column, std::string_view code, std::string_view value, std::string_view id = "");

  /// About a row that is no product, such as the header.
  void warn(int64_t row, std::string_view column, std::string_view code, std::string_view value);

  ImportResult finish();

 private:
  void add_notes(RowTarget& target);

  std::string file_, file_sha256_, licence_, format_;
  ImportResult result_;
  std::unordered_set<std::string> ids_;
};

/// Rows of JSON objects, one a line. format: product | advertisegen | jsonl, or auto = by the first row that is JSON.
void import_json_lines(std::string_view utf8, std::string_view format, ImportRun& run);

/// A table whose first row is the header. Throws ImportRefused (NO_HEADER).
void import_table(std::string_view utf8, char separator, ImportRun& run);

}  // namespace vitrine::data
