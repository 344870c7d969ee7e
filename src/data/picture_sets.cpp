#include "data/picture_sets.h"

#include <algorithm>

#include "data/id_set.h"
#include "data/import.h"
#include "data/json_rows.h"
#include "data/picture_set_run.h"

namespace vitrine::data {
namespace fs = std::filesystem;
namespace {

using Reader = PictureSet (*)(const fs::path&);

bool has_file_like(const fs::path& folder, std::string_view ending) {
  const auto entries = sorted_entries(folder);
  return std::any_of(entries.begin(), entries.end(), [&](const fs::path& p) { return p.filename().string().ends_with(ending); });
}

bool has_metadata(const fs::path& root) {
  if (fs::exists(root / "metadata.jsonl")) return true;
  const auto folders = sorted_folders(root);
  return std::any_of(folders.begin(), folders.end(), [](const fs::path& p) { return fs::exists(p / "metadata.jsonl"); });
}

bool starts_with_repeats(const fs::path& folder) {
  const std::string name = folder.filename().string();
  const size_t digits = name.find_first_not_of("0123456789");
  return digits != 0 && digits != std::string::npos && name[digits] == '_';
}

bool is_kohya(const fs::path& root) {
  const auto folders = sorted_folders(root);
  return !folders.empty() && std::all_of(folders.begin(), folders.end(), starts_with_repeats);
}

std::string format_of_folder(const fs::path& root) {
  if (fs::exists(root / "kept.jsonl")) return "curated";
  if (has_metadata(root)) return "imagefolder";
  if (has_file_like(root, "imgs.tsv") && has_file_like(root, "texts.jsonl")) return "muge";
  if (is_kohya(root)) return "kohya";
  if (!sorted_folders(root).empty()) return "folders";
  refuse_set(root, "UNKNOWN_LAYOUT", "no class folders, metadata.jsonl, or tables of pictures in it");
}

std::string format_of_set(const fs::path& path) {
  if (fs::is_directory(path)) return format_of_folder(path);
  if (path.filename() == "kept.jsonl") return "curated";
  if (path.extension() == ".tar") return "webdataset";
  if (path.extension() == ".toml") return "kohya";
  return "listings";
}

Reader reader_of(std::string_view format, const fs::path& path) {
  if (format == "kohya" && !fs::is_directory(path)) return read_kohya_config;
  constexpr std::pair<std::string_view, Reader> kReaders[] = {
      {"folders", read_class_folders}, {"kohya", read_kohya_folders}, {"imagefolder", read_imagefolder},
      {"webdataset", read_webdataset}, {"muge", read_muge},           {"curated", read_curated},
      {"listings", read_listings}};
  for (const auto& [name, reader] : kReaders) {
    if (name == format) return reader;
  }
  throw InternalError(concat("[read_picture_set] format ", format));
}

void reject_repeated_ids(PictureSet& set) {
  IdSet ids;
  std::vector<PictureRecord> kept;
  kept.reserve(set.records.size());
  for (PictureRecord& record : set.records) {
    if (ids.insert(record.product.id)) {
      kept.push_back(std::move(record));
      continue;
    }
    const Source& source = record.product.source;
    reject_row(set.report, source.file, source.row, {"DUP_ID", "id", record.product.id});
  }
  set.records = std::move(kept);
}

}  // namespace

PictureSet read_picture_set(const fs::path& path, const PictureSetConfig& config) {
  config.validate();
  if (!fs::exists(path)) throw NotFound(concat("[read_picture_set] ", path.string(), ": not there"));
  const std::string format = config.format == "auto" ? format_of_set(path) : config.format;
  PictureSet set = reader_of(format, path)(path);
  if (set.report.rows_in == 0) refuse_set(path, "EMPTY_FILE", concat("no picture in it, read as ", format));
  reject_repeated_ids(set);
  finish_report(set.report);
  for (PictureRecord& record : set.records) {
    if (record.product.source.licence.empty()) record.product.source.licence = config.licence;
    if (record.product.source.format.empty()) record.product.source.format = format;
  }
  if (config.split.empty()) return set;
  std::erase_if(set.records, [&](const PictureRecord& r) { return r.split != config.split; });
  const auto kept = static_cast<int64_t>(set.records.size());
  set.report.rows_in -= set.report.rows_kept - kept;  // other splits were not asked for
  set.report.rows_kept = kept;
  return set;
}

}  // namespace vitrine::data
