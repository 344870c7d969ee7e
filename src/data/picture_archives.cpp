// WebDataset: a tar archive in which the members of one sample share a name up to its first dot.
#include <map>

#include "base/error.h"
#include "data/delimited.h"
#include "data/json_rows.h"
#include "data/picture_set_run.h"
#include "io/tar.h"

namespace vitrine::data {
namespace fs = std::filesystem;
namespace {

struct Sample {
  std::string key;
  std::vector<PictureFile> members;
};

/// Name up to the first dot behind the last slash.
std::string key_of(std::string_view name) {
  const size_t base = name.rfind('/') == std::string_view::npos ? 0 : name.rfind('/') + 1;
  return std::string(name.substr(0, name.find('.', base)));
}

/// In the order in which their first members lie in the archive.
std::vector<Sample> samples_of(const fs::path& archive) {
  std::vector<Sample> samples;
  std::map<std::string, size_t> places;
  for (const io::TarMember& member : io::read_tar_index(archive)) {
    const std::string key = key_of(member.name);
    const auto [place, is_new] = places.emplace(key, samples.size());
    if (is_new) samples.push_back({key, {}});
    samples[place->second].members.push_back({.file = archive, .member = member.name, .offset = member.offset, .size_bytes = member.size});
  }
  return samples;
}

/// The row of key.json; no object is a warning, and nothing.
Json json_of(const PictureFile& member, const ImportEntry& place, ImportReport& report) {
  if (member.size_bytes <= static_cast<int64_t>(kMaxRowBytes)) {
    ParsedJsonRow parsed = parse_json_row(read_picture_bytes(member));
    if (parsed.code.empty()) return parsed.json;
    report.add({place.file, place.row, member.member, parsed.code, Severity::warn, ""});
  } else {
    report.add({place.file, place.row, member.member, "TOO_LARGE", Severity::warn, ""});
  }
  return Json::object();
}

void apply_json_member(Json row, const ImportEntry& place, PictureRecord& record, ImportReport& report) {
  for (const char* name : {"text", "caption"}) {
    if (record.text.empty() && row.contains(name) && row[name].is_string()) record.text = row[name].get<std::string>();
    row.erase(name);
  }
  apply_fields(row, place, record, report);
}

PictureRecord record_of(const Sample& sample, const ImportEntry& place, ImportReport& report) {
  PictureRecord record;
  record.product.source = {.file = place.file, .row = place.row, .format = {}, .licence = {}, .extra = {}};
  Json row = Json::object();
  for (const PictureFile& member : sample.members) {
    const fs::path name(member.member);
    if (has_picture_name(name)) record.pictures.push_back(member);
    else if (name.extension() == ".txt") record.text = clean_caption(read_picture_bytes(member), place, report);
    else if (name.extension() == ".json") row = json_of(member, place, report);
    else report.add({place.file, place.row, member.member, "ORPHAN_MEMBER", Severity::warn, ""});
  }
  apply_json_member(std::move(row), place, record, report);
  if (record.product.id.empty()) record.product.id = sample.key;
  return record;
}

}  // namespace

PictureSet read_webdataset(const fs::path& archive) {
  PictureSet set;
  int64_t row = 0;
  for (const Sample& sample : samples_of(archive)) {
    const ImportEntry place{.file = archive.string(), .row = ++row, .column = {}, .code = {}, .value = {}};
    PictureRecord record = record_of(sample, place, set.report);
    if (record.pictures.empty()) {
      for (const PictureFile& member : sample.members) set.report.add({place.file, row, member.member, "ORPHAN_MEMBER", Severity::warn, ""});
      continue;
    }
    ++set.report.rows_in;
    if (text_of(record).empty()) set.report.add({place.file, row, "text", "CAPTION_MISSING", Severity::warn, sample.key});
    set.records.push_back(std::move(record));
  }
  return set;
}

}  // namespace vitrine::data
