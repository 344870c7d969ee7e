// data/column_mapping.h - columns that a person mapped by hand, remembered for each shop and kind of
// file.
//
// A kind of file is its header: the fingerprint is the SHA-256 of the folded header cells in order.
// File: JSON, {"shops":{"SHOP":{"FINGERPRINT":{"header":"field"}}}}; docs/formats/shop_files.md.
#pragma once
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vitrine::data {

/// Folded header -> field of rules/import/columns.tsv; "" = the column is kept and means nothing.
using ColumnMapping = std::map<std::string, std::string, std::less<>>;

std::string header_fingerprint(std::span<const std::string> headers);

/// "标题=title" and such; "列=-" for a column that means nothing. Throws UsageError naming the argument.
ColumnMapping parse_column_mapping(std::span<const std::string> arguments);

/// What is remembered; empty when nothing is, or when there is no such file. Throws Corrupt, IoError.
ColumnMapping remembered_mapping(const std::filesystem::path& file, std::string_view shop, std::string_view fingerprint);
/// Replaces what is remembered for this shop and header; the file appears whole. Throws Corrupt, IoError.
void remember_mapping(const std::filesystem::path& file, std::string_view shop, std::string_view fingerprint, const ColumnMapping& mapping);

/// $XDG_CONFIG_HOME/vitrine/columns.json, else ~/.config/vitrine/columns.json.
std::filesystem::path default_mapping_file();

}  // namespace vitrine::data
