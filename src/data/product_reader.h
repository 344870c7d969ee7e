// data/product_reader.h - the rows of a product table one by one, so that a file of any size needs
// little memory.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/input_file.h"
#include "data/import.h"

namespace vitrine::data {

/// One row of a file: a product, or why there is none.
struct ProductRow {
  int64_t row = 0;                    // line where the row starts, from 1
  std::optional<Product> product;     // none = rejected
  std::vector<ImportEntry> findings;  // of a rejected row the last one says why

  /// The finding for which the row was rejected. REQUIRES: !product.
  const ImportEntry& rejection() const { return findings.back(); }
};

/// Reads what read_products reads, with the same findings. The file is read twice: at first for its
/// hash (rows without an id get one of it) and its encoding. Memory does not grow with the file,
/// but for 32 to 64 bytes an id and with two exceptions: GB18030 and UTF-16 are turned into UTF-8
/// as a whole, and standard input is kept as InputFile says. Call order: (next)*. Not thread-safe.
class ProductReader {
 public:
  /// Throws as read_products does, for all but EMPTY_FILE of a table that has no rows.
  explicit ProductReader(const std::filesystem::path& path, const ImportConfig& config = {});
  /// The same for unpacked bytes in memory; `name` as in read_products_from.
  static ProductReader in_memory(std::string bytes, std::string_view name,
                                 const ImportConfig& config = {});
  ~ProductReader();
  ProductReader(ProductReader&&) noexcept;
  ProductReader& operator=(ProductReader&&) noexcept;

  /// Nothing at the end. Throws ImportRefused (EMPTY_FILE) when there was no row at all, Corrupt
  /// when the file is another one than at first.
  std::optional<ProductRow> next();

  /// Findings about no row but the file, such as doubled headers.
  const std::vector<ImportEntry>& file_findings() const;
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
