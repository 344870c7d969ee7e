// Sets whose rows name their pictures: Hugging Face's imagefolder, MUGE's tables, our own curated sets,
// listings of a shop.
#include <algorithm>
#include <map>

#include "base/base64.h"
#include "base/error.h"
#include "base/file.h"
#include "data/delimited.h"
#include "data/import.h"
#include "data/json_rows.h"
#include "data/picture_set_run.h"

namespace vitrine::data {
namespace fs = std::filesystem;
namespace {

/// Takes a text field out of the row; "" when it has none.
std::string take_text(Json& row, std::string_view name) {
  const auto field = row.find(name);
  if (field == row.end() || !field->is_string()) return "";
  std::string text = field->get<std::string>();
  row.erase(field);
  return text;
}

std::string take_caption(Json& row) {
  std::string text = take_text(row, "text");
  return text.empty() ? take_text(row, "caption") : text;
}

void add_metadata(const fs::path& file, const fs::path& root, const std::string& split, PictureSet& set) {
  ImportReport report;
  for (JsonRow& row : read_json_rows(file, report)) {
    const std::string name = take_text(row.json, "file_name");
    const fs::path picture = file.parent_path() / name;
    const auto reject = [&](const char* code) { reject_row(report, file.string(), row.row, {code, "file_name", name}); };
    if (name.empty()) reject("MISSING_REQUIRED");
    else if (!stays_inside(name)) reject("BAD_PATH");
    else if (!fs::is_regular_file(picture)) reject("IMG_MISSING");
    else {
      PictureRecord record{.product = {}, .pictures = {{.file = picture, .member = {}}}, .text = take_caption(row.json), .label = {}, .split = split, .signals = {}};
      record.product.source = {.file = file.string(), .row = row.row, .format = {}, .licence = {}, .extra = {}};
      apply_fields(row.json, {.file = file.string(), .row = row.row, .column = {}, .code = {}, .value = {}}, record, report);
      if (record.product.id.empty()) record.product.id = picture.lexically_relative(root).generic_string();
      if (text_of(record).empty()) report.add({file.string(), row.row, "text", "CAPTION_MISSING", Severity::warn, name});
      set.records.push_back(std::move(record));
    }
  }
  set.report.merge(report);
}

/// Where the pictures of a table of "id, tab, base64" lie.
std::map<std::string, PictureFile> pictures_of(const fs::path& table, ImportReport& report) {
  std::map<std::string, PictureFile> pictures;
  const MappedFile mapped(table);
  const std::string_view bytes(reinterpret_cast<const char*>(mapped.bytes().data()), mapped.bytes().size());
  int64_t row = 0;
  for (size_t at = 0; at < bytes.size();) {
    const size_t end = std::min(bytes.size(), bytes.find('\n', at));
    std::string_view line = bytes.substr(at, end - at);
    if (line.ends_with('\r')) line.remove_suffix(1);
    ++row;
    const size_t tab = line.find('\t');
    const std::string id(line.substr(0, tab));
    const auto warn = [&](const char* code) { report.add({table.string(), row, "imgs", code, Severity::warn, id}); };
    if (tab == std::string_view::npos) {
      if (!line.empty()) warn("COLS_MISMATCH");
    } else if (!from_base64(line.substr(tab + 1))) {
      warn("BAD_BASE64");
      pictures[id] = {};
    } else {
      pictures[id] = {.file = table, .member = id, .offset = static_cast<int64_t>(at + tab + 1), .size_bytes = static_cast<int64_t>(line.size() - tab - 1), .is_base64 = true};
    }
    at = end + 1;
  }
  return pictures;
}

std::string id_text(const Json& id) { return id.is_string() ? id.get<std::string>() : dump_line(id); }

/// One record for each picture of a text.
void add_pairs(const JsonRow& row, const fs::path& file, const std::string& split, const std::map<std::string, PictureFile>& pictures, PictureSet& set,
               ImportReport& report) {
  const auto reject = [&](const char* code, const char* column, std::string value) {
    reject_row(report, file.string(), row.row, {code, column, std::move(value)});
  };
  const std::string text = row.json.contains("text") && row.json["text"].is_string() ? row.json["text"].get<std::string>() : "";
  const Json ids = row.json.value("image_ids", Json::array());
  if (text.empty()) return reject("MISSING_REQUIRED", "text", "");
  if (!ids.is_array() || ids.empty()) return reject("MISSING_REQUIRED", "image_ids", "");
  report.rows_in += static_cast<int64_t>(ids.size()) - 1;
  for (const Json& id : ids) {
    const auto picture = pictures.find(id_text(id));
    if (picture == pictures.end()) reject("IMG_MISSING", "image_ids", id_text(id));
    else if (picture->second.file.empty()) reject("BAD_BASE64", "image_ids", id_text(id));
    else {
      PictureRecord record{.product = {}, .pictures = {picture->second}, .text = text, .label = {}, .split = split, .signals = {}};
      record.product.id = concat(id_text(row.json.value("text_id", Json(row.row))), "-", id_text(id));
      record.product.source = {.file = file.string(), .row = row.row, .format = {}, .licence = {}, .extra = {}};
      set.records.push_back(std::move(record));
    }
  }
}

void add_muge_split(const fs::path& texts, const fs::path& images, const std::string& split, PictureSet& set) {
  ImportReport report;
  const auto rows = read_json_rows(texts, report);
  if (!fs::exists(images)) refuse_set(images, "IMG_MISSING", concat("the pictures of ", texts.filename().string()));
  const auto pictures = pictures_of(images, report);
  for (const JsonRow& row : rows) add_pairs(row, texts, split, pictures, set, report);
  set.report.merge(report);
}

/// The pictures of a listing that lie on this machine, the main ones first; others are reported.
std::vector<PictureFile> listed_pictures(const Product& product, const fs::path& base, const ImportEntry& place, ImportReport& report) {
  std::vector<PictureFile> main, others;
  const auto media = product.extra.find("media");
  if (media == product.extra.end() || !media->is_array()) return main;
  for (const Json& entry : *media) {
    const std::string path = entry.is_object() && entry.contains("path") && entry["path"].is_string() ? entry["path"].get<std::string>() : "";
    const bool remote = path.starts_with("http://") || path.starts_with("https://");
    if (path.empty() || remote || !fs::is_regular_file(base / path)) {
      report.add({place.file, place.row, "media", remote ? "IMG_REMOTE" : "IMG_MISSING", Severity::warn, path});
      continue;
    }
    const bool is_main = !entry.contains("role") || entry["role"] == "main";
    (is_main ? main : others).push_back({.file = base / path, .member = {}});
  }
  main.insert(main.end(), others.begin(), others.end());
  return main;
}

/// The record of a row of kept.jsonl. Returns what is wrong with it, or nothing.
std::optional<FieldProblem> read_kept_row(Json row, PictureRecord& record) {
  const auto picture = row.contains("picture") ? picture_file_from(row["picture"]) : std::nullopt;
  if (!picture) return FieldProblem{"MISSING_REQUIRED", "picture", ""};
  if (!fs::is_regular_file(picture->file)) return FieldProblem{"IMG_MISSING", "picture", picture->file.string()};
  record.pictures = {*picture};
  for (const Json& more : row.value("more_pictures", Json::array())) {
    if (auto file = picture_file_from(more)) record.pictures.push_back(std::move(*file));
  }
  record.text = take_text(row, "text");
  record.label = take_text(row, "class");
  record.split = take_text(row, "split");
  if (row.contains("repeats") && row["repeats"].is_number_integer()) record.repeats = std::max(1, row["repeats"].get<int>());
  row["title_raw"] = take_text(row, "title");
  for (const char* name : {"picture", "more_pictures", "repeats"}) row.erase(name);
  const auto problem = read_product(row, record.product);
  record.signals = signals_of(record.product);
  return problem;
}

}  // namespace

PictureSet read_curated(const fs::path& path) {
  const fs::path file = fs::is_directory(path) ? path / "kept.jsonl" : path;
  PictureSet set;
  for (JsonRow& row : read_json_rows(file, set.report)) {
    PictureRecord record;
    if (const auto problem = read_kept_row(std::move(row.json), record)) reject_row(set.report, file.string(), row.row, *problem);
    else set.records.push_back(std::move(record));
  }
  return set;
}

PictureSet read_imagefolder(const fs::path& root) {
  PictureSet set;
  if (fs::exists(root / "metadata.jsonl")) add_metadata(root / "metadata.jsonl", root, "", set);
  for (const fs::path& folder : sorted_folders(root)) {
    if (fs::exists(folder / "metadata.jsonl")) add_metadata(folder / "metadata.jsonl", root, split_of_folder(folder.filename().string()), set);
  }
  return set;
}

PictureSet read_muge(const fs::path& root) {
  PictureSet set;
  constexpr std::string_view kTexts = "texts.jsonl";
  for (const fs::path& texts : sorted_entries(root)) {
    const std::string name = texts.filename().string();
    if (!name.ends_with(kTexts)) continue;
    const std::string prefix = name.substr(0, name.size() - kTexts.size());  // "train_"
    const std::string split = split_of_folder(prefix.substr(0, prefix.find_last_not_of("_-.") + 1));
    add_muge_split(texts, root / (prefix + "imgs.tsv"), split, set);
  }
  return set;
}

PictureSet read_listings(const fs::path& table) {
  auto rows = read_products(table);
  PictureSet set{.records = {}, .report = std::move(rows.report)};
  for (Product& product : rows.products) {
    PictureRecord record;
    const ImportEntry place{.file = table.string(), .row = product.source.row, .column = {}, .code = {}, .value = {}};
    record.pictures = listed_pictures(product, table.parent_path(), place, set.report);
    if (record.pictures.empty()) {
      reject_row(set.report, place.file, place.row, {"IMG_MISSING", "media", product.id});
      continue;
    }
    record.signals = signals_of(product);
    if (const auto split = product.extra.find("split"); split != product.extra.end() && split->is_string()) record.split = split->get<std::string>();
    record.product = std::move(product);
    set.records.push_back(std::move(record));
  }
  return set;
}

}  // namespace vitrine::data
