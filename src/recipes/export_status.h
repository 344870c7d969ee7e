// recipes/export_status.h - what becomes of a text that is offered to a shop's file.
#pragma once
#include <array>
#include <cstddef>
#include <string_view>

#include "base/json.h"

namespace vitrine::recipes {

enum class ExportStatus {
  written,
  would_write,     // a dry run
  filled,          // the cell had a text, which stays
  not_needed,      // an earlier text of the cell was taken
  blocked,         // by the checks
  no_room,         // no clause and the label fit the platform, or the text with the label that it holds
  too_long,        // a title over the length of Merchant Center, a text over that of a workbook's cell
  no_description,  // a title without a labelled description
  no_field,        // the file has no place for it
  no_row,          // the file has no such product
  no_text,         // a line without candidates, or without a text that can be seen
};
inline constexpr size_t kExportStatuses = 11;

/// As manifests write it.
std::string_view to_string(ExportStatus status);
/// Chinese, for people.
std::string_view chinese_name(ExportStatus status);
/// Whether the text was one that should have gone into the file and could not.
bool is_refusal(ExportStatus status);

/// How many texts came to each.
class ExportCounts {
 public:
  size_t operator[](ExportStatus status) const { return counts_[static_cast<size_t>(status)]; }
  void add(ExportStatus status, size_t count = 1) { counts_[static_cast<size_t>(status)] += count; }
  void add(const ExportCounts& other);
  /// "已写入 3, 原有内容保留 2": those that are not 0.
  std::string to_line() const;

 private:
  std::array<size_t, kExportStatuses> counts_{};
};

/// {"written":3,…}, those that are not 0.
Json to_json(const ExportCounts& counts);
/// Throws Corrupt for another name.
ExportCounts export_counts_from_json(const Json& json);

}  // namespace vitrine::recipes
