#include "data/picture_set_run.h"

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "data/columns.h"
#include "data/delimited.h"
#include "data/import.h"
#include "data/table_file.h"
#include "text/utf8.h"

namespace vitrine::data {
namespace fs = std::filesystem;
namespace {

std::string lower_ascii(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

template <typename Keep>
std::vector<fs::path> entries_where(const fs::path& folder, Keep keep) {
  auto entries = sorted_entries(folder);
  std::erase_if(entries, [&](const fs::path& p) { return !keep(p); });
  return entries;
}

}  // namespace

bool has_picture_name(const fs::path& path) {
  constexpr std::string_view kEndings[] = {".jpg", ".jpeg", ".png", ".webp", ".gif"};
  return std::find(std::begin(kEndings), std::end(kEndings), lower_ascii(path.extension().string())) != std::end(kEndings);
}

std::vector<fs::path> sorted_entries(const fs::path& folder) {
  std::vector<fs::path> entries;
  try {
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (!entry.path().filename().string().starts_with('.')) entries.push_back(entry.path());
    }
  } catch (const fs::filesystem_error& e) {
    throw IoError(concat("[read_picture_set] ", folder.string(), ": ", e.code().message()));
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

std::vector<fs::path> sorted_folders(const fs::path& folder) {
  return entries_where(folder, [](const fs::path& p) { return fs::is_directory(p); });
}

std::vector<fs::path> sorted_pictures(const fs::path& folder) {
  return entries_where(folder, [](const fs::path& p) { return has_picture_name(p) && fs::is_regular_file(p); });
}

std::string split_of_folder(std::string_view name) {
  const std::string folded = lower_ascii(std::string(name));
  if (folded == "train" || folded == "test") return folded;
  const bool validation = folded == "validation" || folded == "val" || folded == "valid" || folded == "dev";
  return validation ? "validation" : "";
}

bool stays_inside(std::string_view path) {
  const fs::path parts(path);
  return !path.empty() && !parts.is_absolute() && std::find(parts.begin(), parts.end(), "..") == parts.end();
}

void apply_fields(const Json& row, const ImportEntry& place, PictureRecord& record, ImportReport& report) {
  static const ColumnRules kRules = ColumnRules::load();
  RowTarget target;
  target.row = place.row;
  target.product = std::move(record.product);
  for (const auto& [header, value] : row.items()) {
    const std::string field = kRules.field_of(header);
    if (header == "split" && value.is_string()) record.split = value.get<std::string>();
    else if (header == "signals" && value.is_object()) target.product.extra["signals"] = value;
    else apply_json(field, header, value, target);
  }
  for (ImportEntry& note : target.notes) {
    note.file = place.file;
    report.add(std::move(note));
  }
  record.product = std::move(target.product);
  record.signals = signals_of(record.product);
}

std::string clean_caption(std::string_view bytes, const ImportEntry& place, ImportReport& report) {
  const auto warn = [&](std::string_view code, std::string value) {
    report.add({place.file, place.row, "text", std::string(code), Severity::warn, std::move(value)});
  };
  if (bytes.size() > kMaxFieldBytes) return warn("TOO_LARGE", concat("more than ", kMaxFieldBytes, " bytes")), "";
  if (!text::is_valid_utf8(bytes)) return warn("ENC_BAD_SEQ", std::string(bytes.substr(0, 80))), "";
  bool removed = false;
  return trim_space(clean_text(bytes, removed));
}

std::string caption_in(const fs::path& file, ImportReport& report) {
  if (!fs::exists(file)) return "";
  return clean_caption(read_file(file), {.file = file.string(), .column = {}, .code = {}, .value = {}}, report);
}

void refuse_set(const fs::path& path, std::string_view code, std::string value) {
  throw ImportRefused({path.string(), 0, "", std::string(code), Severity::fatal, std::move(value)});
}

}  // namespace vitrine::data
