#include "recipes/label_sidecar.h"

#include "base/error.h"
#include "base/file.h"

namespace vitrine::recipes {
namespace fs = std::filesystem;
namespace {

constexpr const char* kKind = "aigc_sidecar";

Json columns_json(const TextFileConfig& columns) {
  return {{"format", columns.format},
          {"text", columns.column},
          {"id", columns.id_column},
          {"field", columns.field_column},
          {"adjacent", columns.adjacent_columns}};
}

TextFileConfig read_columns(const Json& json) {
  return {.format = json.at("format").get<std::string>(),
          .column = json.at("text").get<std::string>(),
          .id_column = json.at("id").get<std::string>(),
          .field_column = json.at("field").get<std::string>(),
          .adjacent_columns = json.at("adjacent").get<std::vector<std::string>>()};
}

Json row_json(const SidecarRow& row) {
  Json json = {{"id", row.id}, {"field", row.field}, {"explicit", row.explicit_label}};
  if (!row.described_by.empty()) json["described_by"] = row.described_by;
  if (!row.request.empty()) json["request"] = row.request;
  json.update(checks::annex_e_object(row.label));
  return json;
}

SidecarRow read_row(const Json& json, std::string& problem) {
  SidecarRow row;
  row.id = json.at("id").get<std::string>();
  row.field = json.at("field").get<std::string>();
  row.explicit_label = json.at("explicit").get<std::string>();
  row.described_by = json.value("described_by", "");
  row.request = json.value("request", "");
  const auto reading = checks::read_annex_e(json.value("AIGC", Json()));
  if (reading.label)
    row.label = *reading.label;
  else if (problem.empty())
    problem = concat(row.id, "/", row.field, ": ", reading.problem);
  return row;
}

std::string ascii(const Json& json) { return json.dump(-1, ' ', /*ensure_ascii=*/true); }

}  // namespace

fs::path sidecar_of(const fs::path& file) { return fs::path(file).concat(".aigc.json"); }

std::string sidecar_row(const SidecarRow& row) { return ascii(row_json(row)); }

SidecarWriter::SidecarWriter(const Sidecar& sidecar, std::function<void(std::string_view)> out)
    : out_(std::move(out)) {
  Json head = {{"kind", kKind},
               {"version", 1},
               {"file", sidecar.file},
               {"file_sha256", sidecar.file_sha256},
               {"columns", columns_json(sidecar.columns)},
               {"reminder", kPublishReminder}};
  if (!sidecar.shop_file.is_null()) head["shop_file"] = sidecar.shop_file;
  std::string text = ascii(head);
  text.back() = ',';
  out_(text + "\"rows\":[");
}

void SidecarWriter::add(std::string_view row) {
  out_(has_rows_ ? ",\n" : "\n");
  out_(row);
  has_rows_ = true;
}

void SidecarWriter::finish() { out_("\n]}\n"); }

std::string sidecar_text(const Sidecar& sidecar) {
  std::string text;
  SidecarWriter writer(sidecar, [&](std::string_view piece) { text += piece; });
  for (const SidecarRow& row : sidecar.rows) writer.add(sidecar_row(row));
  writer.finish();
  return text;
}

SidecarReading parse_sidecar(const Json& json, const std::string& where) {
  SidecarReading reading;
  try {
    if (json.at("kind") != kKind)
      throw Corrupt(concat("[read_sidecar] ", where, ": kind: expected ", kKind, ", got ",
                           json.at("kind").dump()));
    reading.sidecar.file = json.at("file").get<std::string>();
    reading.sidecar.file_sha256 = json.at("file_sha256").get<std::string>();
    reading.sidecar.columns = read_columns(json.at("columns"));
    reading.sidecar.shop_file = json.value("shop_file", Json());
    for (const Json& row : json.at("rows"))
      reading.sidecar.rows.push_back(read_row(row, reading.problem));
  } catch (const Json::exception& e) {
    throw Corrupt(concat("[read_sidecar] ", where, ": ", e.what()));
  }
  const auto& rows = reading.sidecar.rows;
  for (size_t i = 0; i < rows.size(); ++i)
    reading.places.emplace(std::pair(rows[i].id, rows[i].field), i);
  return reading;
}

std::optional<SidecarReading> read_sidecar(const fs::path& file) {
  const fs::path path = sidecar_of(file);
  if (file == "-" || !fs::exists(path)) return std::nullopt;
  return parse_sidecar(read_json_file(path), path.string());
}

}  // namespace vitrine::recipes
