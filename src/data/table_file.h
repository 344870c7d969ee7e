// data/table_file.h - the tab-separated tables under rules/, and names as these tables compare them.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace vitrine::data {

struct TableRow {
  int64_t line = 0;  // from 1
  std::vector<std::string> cells;
};

/// Rows of a UTF-8 table; lines that are empty or start with # are passed over, the first other line is the header.
/// Missing cells at the end of a row are empty. Throws NotFound; Corrupt naming file and line when the header is not
/// `columns` or a row has more cells.
std::vector<TableRow> read_table(const std::filesystem::path& path, const std::vector<std::string>& columns);

/// The form in which headers, keys and values are compared: NFKC, ASCII letters lower, no spaces, no zero-width
/// characters. "商品 ＩＤ" gives "商品id".
std::string fold_name(std::string_view utf8);

/// Without white space (Unicode) at both ends.
std::string trim_space(std::string_view utf8);

/// Parts at any of the code points in `separators`, trimmed, empty ones left out.
std::vector<std::string> split_any(std::string_view utf8, std::u32string_view separators);

}  // namespace vitrine::data
