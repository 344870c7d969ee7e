// Sets whose pictures lie in folders that say what they show: class folders, kohya's folders, and
// the dataset_config file that points to such folders.
#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "base/file.h"
#include "base/toml.h"
#include "data/picture_set_run.h"

namespace vitrine::data {
namespace fs = std::filesystem;
namespace {

PictureRecord record_of(const fs::path& picture, const fs::path& root) {
  PictureRecord record;
  record.product.id = picture.lexically_relative(root).generic_string();
  record.product.source.file = picture.string();
  record.pictures.push_back({.file = picture, .member = {}});
  return record;
}

void add_class(const fs::path& folder, const fs::path& root, const std::string& split, PictureSet& set) {
  for (const fs::path& picture : sorted_pictures(folder)) {
    PictureRecord record = record_of(picture, root);
    record.label = folder.filename().string();
    record.split = split;
    set.records.push_back(std::move(record));
    ++set.report.rows_in;
  }
}

/// The repeats of "10_name" and the place of its name. Throws ImportRefused BAD_REPEATS.
std::pair<int, std::string> repeats_of(const fs::path& folder) {
  const std::string name = folder.filename().string();
  const size_t line = name.find('_');
  int repeats = 0;
  const char* const end = name.data() + std::min(line, name.size());
  const auto [stop, code] = std::from_chars(name.data(), end, repeats);
  const bool good = line != std::string::npos && code == std::errc() && stop == end && repeats >= 1;
  if (!good) refuse_set(folder, "BAD_REPEATS", concat("'", name, "': expected <repeats>_<name>, repeats a whole number from 1"));
  return {repeats, name.substr(line + 1)};
}

/// Whose captions lie beside the pictures. `fallback`: for a picture without one.
struct CaptionedFolder {
  fs::path folder;
  int repeats = 1;
  std::vector<std::string> endings = {".txt", ".caption"};
  std::string fallback;
  Json metadata = Json::object();  // by the picture's path or its name without ending: {"caption","tags"}
};

std::string caption_of_metadata(const Json& metadata, const fs::path& picture) {
  for (const std::string& key : {picture.string(), picture.filename().string(), picture.stem().string()}) {
    const auto entry = metadata.find(key);
    if (entry == metadata.end() || !entry->is_object()) continue;
    for (const char* field : {"caption", "tags"}) {
      if (entry->contains(field) && (*entry)[field].is_string()) return (*entry)[field].get<std::string>();
    }
  }
  return "";
}

std::string caption_of(const fs::path& picture, const CaptionedFolder& set, ImportReport& report) {
  std::string caption = caption_of_metadata(set.metadata, picture);
  for (const std::string& ending : set.endings) {
    if (caption.empty()) caption = caption_in(fs::path(picture).replace_extension(ending), report);
  }
  if (!caption.empty()) return caption;
  report.add({picture.string(), 0, "text", "CAPTION_MISSING", Severity::warn, set.fallback});
  return set.fallback;
}

void add_captioned(const CaptionedFolder& folder, const fs::path& root, PictureSet& set) {
  for (const fs::path& picture : sorted_pictures(folder.folder)) {
    PictureRecord record = record_of(picture, root);
    record.text = caption_of(picture, folder, set.report);
    record.repeats = folder.repeats;
    set.records.push_back(std::move(record));
    ++set.report.rows_in;
  }
}

/// The field of the subset, else of its dataset, else of [general].
template <typename T>
T setting(const Json& config, const Json& dataset, const Json& subset, const char* name, T fallback) {
  const Json general = config.value("general", Json::object());
  for (const Json* level : {&subset, &dataset, &general}) {
    const auto found = level->find(name);
    if (found == level->end()) continue;
    try {
      return found->get<T>();
    } catch (const nlohmann::json::exception&) {
      throw InvalidInput(concat("[read_picture_set] dataset_config: ", name, ": ", found->dump(), " has another type"));
    }
  }
  return fallback;
}

/// The tables of [[name]]; none when there is no such name.
Json tables_of(const Json& parent, const char* name, const fs::path& toml) {
  Json tables = parent.value(name, Json::array());
  const bool good = tables.is_array() && std::all_of(tables.begin(), tables.end(), [](const Json& t) { return t.is_object(); });
  if (!good) refuse_set(toml, "BAD_FIELD", concat(name, ": expected tables"));
  return tables;
}

CaptionedFolder subset_of(const Json& config, const Json& dataset, const Json& subset, const fs::path& base, const fs::path& toml) {
  const auto folder = setting<std::string>(config, dataset, subset, "image_dir", "");
  if (folder.empty()) refuse_set(toml, "MISSING_REQUIRED", "a subset without image_dir");
  CaptionedFolder captioned{.folder = base / folder, .fallback = setting<std::string>(config, dataset, subset, "class_tokens", "")};
  captioned.repeats = setting<int>(config, dataset, subset, "num_repeats", 1);
  if (captioned.repeats < 1) refuse_set(toml, "BAD_REPEATS", concat("num_repeats ", captioned.repeats, " of ", folder));
  const auto ending = setting<std::string>(config, dataset, subset, "caption_extension", "");
  if (!ending.empty()) captioned.endings = {ending.starts_with('.') ? ending : "." + ending};
  const auto metadata = setting<std::string>(config, dataset, subset, "metadata_file", "");
  if (!metadata.empty()) captioned.metadata = read_json_file(base / metadata);
  return captioned;
}

}  // namespace

PictureSet read_class_folders(const fs::path& root) {
  PictureSet set;
  for (const fs::path& folder : sorted_folders(root)) {
    const std::string split = split_of_folder(folder.filename().string());
    if (split.empty()) add_class(folder, root, "", set);
    if (split.empty()) continue;
    for (const fs::path& inner : sorted_folders(folder)) add_class(inner, root, split, set);
  }
  return set;
}

PictureSet read_kohya_folders(const fs::path& root) {
  PictureSet set;
  for (const fs::path& folder : sorted_folders(root)) {
    const auto [repeats, name] = repeats_of(folder);
    add_captioned({.folder = folder, .repeats = repeats, .fallback = name}, root, set);
  }
  return set;
}

PictureSet read_kohya_config(const fs::path& toml) {
  const Json config = parse_toml(read_file(toml), toml.string());
  const fs::path base = toml.parent_path();
  PictureSet set;
  for (const Json& dataset : tables_of(config, "datasets", toml)) {
    for (const Json& subset : tables_of(dataset, "subsets", toml)) {
      add_captioned(subset_of(config, dataset, subset, base, toml), base, set);
    }
  }
  return set;
}

}  // namespace vitrine::data
