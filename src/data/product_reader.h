// data/product_reader.h - the rows of a product table one by one, so that a file of any size needs
// little memory.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/input_file.h"
#include "data/import.h"
#include "text/encoding.h"

namespace vitrine::data {

/// One column of a table.
struct Column {
  std::string header;
  std::string field;  // of ColumnRules, or mapped by hand; "" = kept and no more
  std::string kept_as = {};  // name of what is kept: the header, or 备注_2 where it stood there before; empty = the header
};

/// The header of the column that holds a field; the field's name where there is none.
std::string header_of(const std::vector<Column>& columns, std::string_view field);

/// The most that a file may unpack to: `max_bytes`, and of .gz and .zst not over the limit of archives
/// (ArchiveLimits::max_expansion).
size_t max_unpacked_bytes(const std::filesystem::path& path, size_t max_bytes);
/// Throws ImportRefused for what unpacking said of a file: ARCHIVE_DAMAGED, TOO_LARGE.
[[noreturn]] void refuse_damaged(std::string_view name, const Corrupt& damaged);

/// One row of a file: a product, or why there is none.
struct ProductRow {
  int64_t row = 0;                    // line where the row starts, from 1
  std::optional<Product> product;     // none = rejected
  std::vector<ImportEntry> findings;  // of a rejected row the last one says why

  /// The finding for which the row was rejected. REQUIRES: !product.
  const ImportEntry& rejection() const { return findings.back(); }
};

/// Reads what read_products reads, with the same findings. The file is read twice: at first for its
/// hash (rows without an id get one of it) and its encoding; of UTF-16 the first line, and all of GB18030,
/// once more. Memory does not grow with the file, but for 32 to 64 bytes an id and with two exceptions:
/// workbooks and archives are in memory packed as they are, a workbook's shared strings besides
/// (kMaxSharedStringBytes), and standard input is kept as InputFile says. Call order: (next)*. Not thread-safe.
class ProductReader {
 public:
  /// Throws as read_products does, for all but EMPTY_FILE of a table that has no rows.
  explicit ProductReader(const std::filesystem::path& path, const ImportConfig& config = {});
  /// The same for unpacked bytes in memory; `name` as in read_products_from.
  static ProductReader in_memory(std::string bytes, std::string_view name,
                                 const ImportConfig& config = {});
  /// The same for an input that others read too; `name` is its file, whose unpacked bytes may be at most
  /// max_bytes.
  ProductReader(std::shared_ptr<const InputFile> input, std::string_view name,
                const ImportConfig& config, size_t max_bytes);
  ~ProductReader();
  ProductReader(ProductReader&&) noexcept;
  ProductReader& operator=(ProductReader&&) noexcept;

  /// Nothing at the end. Throws ImportRefused (EMPTY_FILE) when there was no row at all, Corrupt
  /// when the file is another one than at first.
  std::optional<ProductRow> next();

  /// Findings about no row but the file, such as doubled headers; things that are no products come
  /// while rows are read.
  const std::vector<ImportEntry>& file_findings() const;
  /// Of a table its columns and the last line of its header; else none and 0.
  const std::vector<Column>& columns() const;
  int64_t header_line() const;
  /// Of a table of text what parts its cells, else '\0'.
  char separator() const;
  /// Of the text that the rows stand in; of a workbook UTF-8.
  text::Encoding encoding() const;
  /// Of a workbook the archive's entry of its sheet, of an archive the entry of its table.
  const std::string& entry() const;
  /// The format that was found.
  const std::string& format() const;
  /// Keeps what --map said for the next file of this header. Throws IoError, Corrupt.
  void remember_mapping() const;
  /// Of the file's unpacked bytes.
  const std::string& sha256() const;
  uint64_t size_bytes() const;
  /// How much of the file is used up, 0..1.
  double fraction() const;

 private:
  struct State;
  explicit ProductReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace vitrine::data
