// recipes/export_parts.h - what an export keeps on disk while it goes through the rows, part by
// part.
#pragma once
#include <cstddef>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "base/byte_reader.h"
#include "base/json.h"
#include "data/text_window.h"
#include "recipes/export_status.h"
#include "recipes/write_parts.h"

namespace vitrine::recipes {

/// The files of a part, JSON lines; docs/formats/write_parts.md.
enum class ExportForm : size_t { texts, manifest, labels, log_entries };
/// Their endings in this order.
std::vector<std::string> export_endings();

/// What was counted in some rows.
struct ExportTotals {
  ExportCounts counts;
  size_t rows = 0;      // of the file
  size_t products = 0;  // that have places
  size_t cells_refused = 0, log_entries = 0;
  std::set<size_t> fields;  // that got texts

  void add(const ExportTotals& other);
};
Json to_json(const ExportTotals& totals);
/// Throws Corrupt, Json::exception for what to_json did not write.
ExportTotals export_totals_from_json(const Json& json);

/// The lines of one form, from the first part to the last.
class PartLines {
 public:
  /// `parts` must outlive it.
  PartLines(const WriteParts& parts, size_t num_parts, ExportForm form)
      : parts_(parts), num_parts_(num_parts), form_(form) {}
  /// False at the end; `line` until the next call.
  bool next(std::string_view& line);

 private:
  const WriteParts& parts_;
  size_t num_parts_, next_part_ = 0;
  ExportForm form_;
  std::unique_ptr<ByteReader> bytes_;
  std::optional<data::TextWindow> window_;
  std::optional<data::LineReader> lines_;
};

}  // namespace vitrine::recipes
