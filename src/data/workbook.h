// data/workbook.h - XLSX workbooks: the cells of one sheet as text.
//
// Shared and inline strings, numbers as a person would read them, dates by the style table
// (YYYY-MM-DD, with a time where there is one), booleans as TRUE and FALSE. A formula gives the
// value that the program that saved the file stored beside it. Sheets are read while they are
// unpacked; the packed file and the shared strings are in memory. Source: ECMA-376 part 1,
// SpreadsheetML.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/archive.h"
#include "data/delimited.h"

namespace vitrine::data {

/// Shared strings a workbook may have, bytes; beyond it is refused (TOO_LARGE).
inline constexpr size_t kMaxSharedStringBytes = size_t{192} << 20;

struct WorkbookSheet {
  std::string name, entry;  // entry of the archive
};

/// An opened workbook. Not thread-safe.
class Workbook {
 public:
  /// `name` is the file in messages. Throws ImportRefused: what Archive refuses, and NO_HEADER when
  /// the archive is no workbook.
  Workbook(std::string bytes, std::string name);
  ~Workbook();
  Workbook(Workbook&&) noexcept;

  const std::vector<WorkbookSheet>& sheets() const;
  /// The sheet of that name, the first one when it is empty. Throws ImportRefused (NO_HEADER)
  /// naming the sheets there are.
  const WorkbookSheet& sheet(std::string_view name) const;
  const Archive& archive() const;

  /// Rows of a sheet that hold a cell with text, gaps filled with empty cells. The workbook must
  /// outlive the source, which throws ImportRefused (ARCHIVE_DAMAGED), naming the sheet, for XML
  /// that is cut or not well-formed, a document type, and two rows or cells of one place.
  std::unique_ptr<CellSource> rows(const WorkbookSheet& sheet) const;
  /// Ranges of the sheet's tables, as they are stated ("A1:C9").
  std::vector<std::string> table_ranges(const WorkbookSheet& sheet) const;
  /// Whether the archive holds pictures.
  bool has_pictures() const;

 private:
  friend class SheetRows;
  struct State;
  std::unique_ptr<State> state_;
};

/// Whether these bytes start as a zip archive, or as the OLE file of older workbooks.
bool looks_like_archive(std::string_view head);
bool looks_like_old_workbook(std::string_view head);

/// Columns of a sheet, a limit of the format.
inline constexpr size_t kMaxSheetColumns = 16384;

/// Column number from 0 of a cell reference ("B5" gives 1); nothing when it is none, or beyond
/// column 16,384.
std::optional<size_t> column_of_reference(std::string_view reference);
/// The letters of a column: 0 gives "A", 27 "AB".
std::string column_letters(size_t column_idx);

/// Text for a cell of a workbook: what would be read as an escape there ("_x0041_" means "A") begins with
/// the escape of its underscore.
std::string escaped_cell_text(std::string_view text);

/// A serial date number of a workbook as YYYY-MM-DD, or with HH:MM:SS where it has a fraction;
/// nothing outside of years 1900 to 9999. since_1904: the other of the two date systems.
std::optional<std::string> date_of_serial(double serial, bool since_1904);
/// Whether a number format shows a date or a time.
bool is_date_format(int format_id, std::string_view format_code);

}  // namespace vitrine::data
