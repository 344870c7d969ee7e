#include "serve/upload_reader.h"

#include <algorithm>
#include <set>

#include "base/file.h"
#include "data/column_mapping.h"
#include "data/workbook.h"
#include "serve/problem.h"
#include "text/encoding.h"

namespace vitrine::serve {
namespace fs = std::filesystem;
namespace {

constexpr int64_t kMaxUnpackedMib = 1024;
constexpr size_t kMaxFindings = 10000, kSampleProducts = 5;
constexpr int kSampledRows = 50;
constexpr size_t kSamples = 3;
constexpr size_t kEncodingBytes = size_t{1} << 20;

/// What `read` gives; what it throws about the file names the client's, not where it lies here.
template <typename Read>
auto naming_file(const UploadForm& form, Read read) {
  try {
    return read();
  } catch (const data::ImportRefused& refused) {
    data::ImportEntry entry = refused.entry();
    entry.file = form.file_name;
    throw data::ImportRefused(entry);
  } catch (const Corrupt&) {
    throw Refusal("unreadable_file", form.file_name + ": damaged");
  }
}

/// Fields that only some shops' files have, as the API calls what becomes of them.
std::string target_of(const std::string& field) {
  if (field.empty()) return "kept";
  if (field == "content" || field == "taobao_properties" || field == "product_detail") return "attributes";
  if (field == "media_one" || field == "taobao_pictures") return "media_main";
  const bool is_known = std::find(std::begin(kImportTargets), std::end(kImportTargets), field) != std::end(kImportTargets);
  return is_known ? field : "kept";
}

std::string origin_of(const UploadForm& form, const data::Column& column) {
  if (form.map.contains(column.header)) return "hand";
  if (column.field.empty()) return "unknown";
  return column.field == "attribute" ? "attribute" : "rule";
}

/// Values of each column: the file is read with all columns as they are, but one that makes a row
/// a product.
std::map<std::string, std::vector<std::string>> samples_of(const UploadForm& form,
                                                           const std::vector<data::Column>& columns) {
  std::map<std::string, std::vector<std::string>> samples;
  if (columns.empty()) return samples;
  const auto title = std::find_if(columns.begin(), columns.end(), [](const auto& c) { return c.field == "title"; });
  const std::string title_header = (title == columns.end() ? columns.front() : *title).header;
  UploadForm plain = form;
  plain.map.clear();
  for (const auto& column : columns) plain.map[column.header] = column.header == title_header ? "title" : "kept";
  UploadReader reader(plain);
  const auto add = [&](const std::string& header, const std::string& value) {
    auto& values = samples[header];
    if (values.size() < kSamples && !value.empty() && std::find(values.begin(), values.end(), value) == values.end()) {
      values.push_back(value);
    }
  };
  for (int rows = 0; rows < kSampledRows; ++rows) {
    const auto row = reader.next();
    if (!row) break;
    if (!row->product) continue;
    add(title_header, row->product->title_raw);
    for (const auto& [name, value] : row->product->extra.items()) {
      if (value.is_string()) add(name, value.get<std::string>());
    }
  }
  return samples;
}

Json columns_json(const UploadForm& form, const std::vector<data::Column>& columns) {
  const auto samples = samples_of(form, columns);
  Json json = Json::array();
  for (const auto& column : columns) {
    const auto hand = form.map.find(column.header);
    const auto values = samples.find(column.header);
    json.push_back({{"header", column.header},
                    {"target", hand == form.map.end() ? target_of(column.field) : hand->second},
                    {"origin", origin_of(form, column)},
                    {"samples", values == samples.end() ? std::vector<std::string>() : values->second}});
  }
  return json;
}

std::string encoding_of(const fs::path& path) {
  const std::string bytes = read_file(path);
  const auto encoding = text::detect_encoding(std::string_view(bytes).substr(0, kEncodingBytes));
  return std::string(encoding ? text::to_string(*encoding) : "binary");
}

bool is_workbook(const UploadForm& form) { return fs::path(form.file_name).extension() == ".xlsx"; }

std::vector<std::string> headers_of(const std::vector<data::Column>& columns) {
  std::vector<std::string> headers;
  for (const auto& column : columns) headers.push_back(column.header);
  return headers;
}

/// What is found while all rows are read.
class PreviewBuilder {
 public:
  explicit PreviewBuilder(const data::AttributeNormalizer& normalizer) : normalizer_(normalizer) {}

  void take(const data::ImportEntry& entry) {
    const auto severity = store::from_word<store::Severity>(data::to_string(entry.severity));
    ++counts_[{entry.code, std::string(data::to_string(entry.severity))}];
    if (findings_.size() >= kMaxFindings) return;
    findings_.push_back({.row = std::max<int64_t>(entry.row, 1), .column = entry.column, .code = entry.code,
                         .severity = severity.value_or(store::Severity::warn), .value = entry.value,
                         .product_id = entry.id});
  }
  void take(data::ProductRow& row) {
    for (const auto& finding : row.findings) take(data::with_short_value(finding));
    ++rows_;
    kept_ += row.product ? 1 : 0;
    if (!row.product || sample_.size() >= kSampleProducts) return;
    normalizer_.normalize(*row.product);
    sample_.push_back(data::to_json(*row.product));
  }
  void fill(UploadPreview& preview, Json& document) {
    document["counts"] = Json::array();
    for (const auto& [key, count] : counts_) {
      document["counts"].push_back({{"code", key.first}, {"severity", key.second}, {"count", count}});
    }
    document["sample"] = std::move(sample_);
    preview.import.rows = rows_;
    preview.import.kept = kept_;
    preview.import.rejected = rows_ - kept_;
    preview.findings = std::move(findings_);
  }

 private:
  const data::AttributeNormalizer& normalizer_;
  std::map<std::pair<std::string, std::string>, int64_t> counts_;  // by code and severity
  std::vector<store::Finding> findings_;
  Json sample_ = Json::array();
  int64_t rows_ = 0, kept_ = 0;
};

}  // namespace

data::ImportConfig reader_config(const UploadForm& form) {
  data::ImportConfig config;
  config.sheet = form.sheet;
  config.licence = form.licence;
  config.max_file_mib = kMaxUnpackedMib;
  config.mappings = "-";  // the store remembers
  for (const auto& [header, target] : form.map) {
    const bool means_nothing = target == "kept" || target == "ignored";
    config.map.push_back(header + "=" + (means_nothing ? "-" : target));
  }
  return config;
}

UploadReader::UploadReader(const UploadForm& form)
    : file_name_(form.file_name), reader_(form.path, reader_config(form)) {
  for (const auto& [header, target] : form.map) {
    if (target == "ignored") ignored_.push_back(header);
  }
}

/// The client's names: of the file, and of the column that a field (id) was read from.
void UploadReader::rename(data::ImportEntry& finding) const {
  finding.file = file_name_;
  for (const auto& column : reader_.columns()) {
    if (column.field.empty() || column.field != finding.column) continue;
    finding.column = column.header;
    return;
  }
}

std::optional<data::ProductRow> UploadReader::next() {
  auto row = reader_.next();
  if (!row) return row;
  for (auto& finding : row->findings) rename(finding);
  if (row->product) {
    row->product->source.file = file_name_;
    for (const auto& header : ignored_) row->product->extra.erase(header);
  }
  return row;
}

namespace {

UploadPreview preview_of(const UploadForm& form, const data::AttributeNormalizer& normalizer) {
  UploadPreview preview;
  Json document = Json::object();
  UploadReader upload(form);
  PreviewBuilder builder(normalizer);
  while (auto row = upload.next()) builder.take(*row);
  const data::ProductReader& reader = upload.reader();
  for (const auto& finding : reader.file_findings()) builder.take(data::with_short_value(finding));
  if (is_workbook(form)) {
    document["sheets"] = Json::array();
    for (const auto& sheet : data::Workbook(read_file(form.path), form.file_name).sheets()) {
      document["sheets"].push_back(sheet.name);
    }
  }
  document["columns"] = columns_json(form, reader.columns());
  builder.fill(preview, document);
  store::Import& import = preview.import;
  import.file = form.file_name;
  import.format = reader.format();
  import.encoding = is_workbook(form) ? "UTF-8" : encoding_of(form.path);
  import.sheet = form.sheet;
  import.header_sha256 = data::header_fingerprint(headers_of(reader.columns()));
  import.mapping = dump_line(Json(form.map));
  import.preview = dump_line(document);
  return preview;
}

}  // namespace

UploadPreview preview_upload(const UploadForm& form, const data::AttributeNormalizer& normalizer) {
  return naming_file(form, [&] { return preview_of(form, normalizer); });
}

std::vector<std::string> headers_of_upload(const UploadForm& form) {
  return naming_file(form, [&] { return headers_of(data::ProductReader(form.path, reader_config(form)).columns()); });
}

}  // namespace vitrine::serve
