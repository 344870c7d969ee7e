// data/import_run.h - the state of one file's import, shared by the readers of its row formats. Internal to the room.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "data/columns.h"
#include "data/id_set.h"
#include "data/product_reader.h"
#include "data/text_window.h"

namespace vitrine::data {

class ImportRun {
 public:
  ImportRun(std::string file, std::string file_sha256, std::string licence)
      : file_(std::move(file)), file_sha256_(std::move(file_sha256)), licence_(std::move(licence)) {}

  const std::string& file() const { return file_; }
  void set_format(std::string format) { format_ = std::move(format); }

  /// Each row ends in one of these two; keep rejects what is no product.
  ProductRow keep(RowTarget target);
  ProductRow reject(int64_t row, std::string_view column, std::string_view code,
                    std::string_view value, std::string_view id = "") const;

  /// About a row that is no product, such as the header.
  void warn(int64_t row, std::string_view column, std::string_view code, std::string_view value);
  const std::vector<ImportEntry>& warnings() const { return warnings_; }

 private:
  ProductRow reject(RowTarget target, std::string_view column, std::string_view code,
                    std::string_view value) const;
  std::vector<ImportEntry> filed(std::vector<ImportEntry> notes) const;

  std::string file_, file_sha256_, licence_, format_;
  std::vector<ImportEntry> warnings_;
  IdSet ids_;
};

/// The rows of one format, in order of the text.
class RowReader {
 public:
  virtual ~RowReader() = default;
  /// Nothing at the end.
  virtual std::optional<ProductRow> next() = 0;
};

/// Rows of JSON objects, one a line. format: product | advertisegen | jsonl, or auto = by the first
/// row that is JSON. `window` and `run` must outlive the reader.
std::unique_ptr<RowReader> json_rows(TextWindow& window, std::string_view format, ImportRun& run);

/// A table whose first row is the header. Throws ImportRefused (NO_HEADER).
std::unique_ptr<RowReader> table_rows(TextWindow& window, char separator, ImportRun& run);

}  // namespace vitrine::data
