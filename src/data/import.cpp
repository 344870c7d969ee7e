#include "data/import.h"

#include <algorithm>

#include "base/byte_reader.h"
#include "data/column_mapping.h"
#include "data/import_run.h"
#include "data/picture_size.h"
#include "data/product_reader.h"
#include "data/table_file.h"
#include "text/utf8.h"

namespace vitrine::data {
namespace fs = std::filesystem;
namespace {

ImportResult all_rows(ProductReader reader) {
  ImportResult result;
  result.sha256 = reader.sha256();
  result.report.entries = reader.file_findings();
  const size_t at_first = result.report.entries.size();
  while (auto row = reader.next()) {
    ++result.report.rows_in;
    ++(row->product ? result.report.rows_kept : result.report.rows_rejected);
    std::move(row->findings.begin(), row->findings.end(),
              std::back_inserter(result.report.entries));
    if (row->product) result.products.push_back(std::move(*row->product));
  }
  const auto& findings = reader.file_findings();
  result.report.entries.insert(result.report.entries.end(), findings.begin() + static_cast<std::ptrdiff_t>(at_first), findings.end());
  return result;
}

}  // namespace

ImportRefused::ImportRefused(ImportEntry entry)
    : Corrupt(escaped_line(concat("[import] ", entry.file, entry.row > 0 ? concat(" row ", entry.row) : "", ": ", entry.code,
                                  entry.value.empty() ? "" : ": " + entry.value))),
      entry_(std::move(entry)) {}

void ImportConfig::validate() const {
  check_config(*this, "import");
  if (separator.size() > 1 && separator != "\\t") {
    throw UsageError(concat("--separator: expected one character, got '", separator, "'"));
  }
  parse_column_mapping(map);
}

ImportResult read_products(const fs::path& path, const ImportConfig& config) {
  return all_rows(ProductReader(path, config));
}

ImportResult read_products_from(std::string_view bytes, std::string_view name, const ImportConfig& config) {
  return all_rows(ProductReader::in_memory(std::string(bytes), name, config));
}

void reject_repeated_ids(ImportResult& result, std::unordered_set<std::string>& ids) {
  std::vector<Product> kept;
  for (Product& product : result.products) {
    if (ids.insert(product.id).second) {
      kept.push_back(std::move(product));
      continue;
    }
    result.report.add({product.source.file, product.source.row, "id", "DUP_ID", Severity::reject, product.id, product.id});
    --result.report.rows_kept;
    ++result.report.rows_rejected;
  }
  result.products = std::move(kept);
}

namespace {

constexpr int64_t kMaxPictureMegapixels = 64, kMinPictureSide = 320;  // px; the latter for listings
constexpr size_t kPictureHeadBytes = size_t{1} << 20;

/// The start of a file; empty when it cannot be read.
std::string head_of(const fs::path& file) {
  std::string head(kPictureHeadBytes, '\0');
  try {
    const auto reader = open_bytes(file);
    size_t filled = 0;
    while (filled < head.size()) {
      const size_t size = reader->read({head.data() + filled, head.size() - filled});
      if (size == 0) break;
      filled += size;
    }
    head.resize(filled);
  } catch (const NotFound&) {  // an unreadable picture is a finding, no failure
    head.clear();
  } catch (const IoError&) {
    head.clear();
  }
  return head;
}

/// Whether the picture may stay; notes what is wrong with it.
bool check_picture(const fs::path& folder, const std::string& path, RowTarget& target) {
  if (path.find("://") != std::string::npos) return true;
  const fs::path relative = fs::path(path).lexically_normal();
  const bool inside = relative.is_relative() && relative.begin() != relative.end() && *relative.begin() != "..";
  const auto size = inside ? picture_size(head_of(folder / relative)) : std::nullopt;
  if (!size) target.note("media", "IMG_UNREADABLE", Severity::reject, path);
  else if (size->width * size->height > kMaxPictureMegapixels * 1'000'000) target.note("media", "TOO_LARGE", Severity::reject, concat(path, ": ", size->width, "x", size->height));
  else if (std::min(size->width, size->height) < kMinPictureSide) target.note("media", "IMG_TOO_SMALL", Severity::warn, concat(path, ": ", size->width, "x", size->height));
  return size && size->width * size->height <= kMaxPictureMegapixels * 1'000'000;
}

/// Media that cannot be read are left out; the row stays.
void check_pictures(const fs::path& folder, RowTarget& target) {
  const auto media = target.product.extra.find("media");
  if (media == target.product.extra.end() || !media->is_array()) return;
  Json kept = Json::array();
  for (const Json& one : *media) {
    const auto path = one.is_object() && one.contains("path") && one["path"].is_string() ? one["path"].get<std::string>() : "";
    if (path.empty() || check_picture(folder, path, target)) kept.push_back(one);
  }
  *media = std::move(kept);
}

/// Empty = nothing is remembered.
fs::path mapping_file(const std::string& mappings) {
  if (mappings == "-") return {};
  return mappings.empty() ? default_mapping_file() : fs::path(mappings);
}

}  // namespace

ImportRun::ImportRun(std::string file, std::string file_sha256, const ImportConfig& config)
    : file_(std::move(file)),
      file_sha256_(std::move(file_sha256)),
      licence_(config.licence),
      shop_(config.shop),
      mappings_(mapping_file(config.mappings)),
      pictures_(config.pictures),
      mapping_(parse_column_mapping(config.map)) {
  if (!config.properties.empty()) properties_ = PropertyTable::load(config.properties);
}

ColumnMapping ImportRun::mapping_for(std::span<const std::string> headers) {
  fingerprint_ = header_fingerprint(headers);
  ColumnMapping mapping = remembered_mapping(mappings_, shop_, fingerprint_);
  for (const auto& [header, field] : mapping_) {
    const bool there = std::any_of(headers.begin(), headers.end(), [&](const std::string& h) { return fold_name(h) == header; });
    if (!there) throw InvalidInput(concat("[import] --map: ", file_, " has no column '", header, "'"));
    mapping[header] = field;
  }
  used_mapping_ = mapping;
  return mapping;
}

ColumnMapping ImportRun::mapping_for_search(std::span<const std::string> headers) const {
  ColumnMapping mapping = remembered_mapping(mappings_, shop_, header_fingerprint(headers));
  for (const auto& [header, field] : mapping_) mapping[header] = field;
  return mapping;
}

void ImportRun::remember_mapping() const {
  if (!mapping_.empty() && !fingerprint_.empty() && !mappings_.empty()) data::remember_mapping(mappings_, shop_, fingerprint_, used_mapping_);
}

std::string ImportRun::header_of(std::string_view field) const { return data::header_of(columns_, field); }

ProductRow ImportRun::keep(RowTarget target) {
  Product& product = target.product;
  if (product.title_raw.empty() && product.attributes.empty() && product.description_raw.empty()) {
    // A piece that is no pair says more than that there is none.
    const auto bad_pair = std::find_if(target.notes.begin(), target.notes.end(), [](const ImportEntry& e) { return e.code.starts_with("ATTR_"); });
    const std::string column = bad_pair != target.notes.end() ? bad_pair->column : format_ == "advertisegen" ? "content" : header_of("title");
    const std::string value = bad_pair != target.notes.end() ? bad_pair->value : "";
    return reject(std::move(target), column, "MISSING_REQUIRED", value);
  }
  for (const Attribute& a : product.attributes) {
    const size_t longest = std::max(text::count_code_points(a.key_raw), text::count_code_points(a.val_raw));
    if (longest <= kMaxAttributeCodePoints) continue;
    const bool is_value = text::count_code_points(a.key_raw) <= kMaxAttributeCodePoints;
    const std::string column = is_value ? a.key_raw : "attribute key";
    return reject(std::move(target), column, "TOO_LARGE",
                  concat(longest, " characters, at most ", kMaxAttributeCodePoints));
  }
  if (!pictures_.empty()) check_pictures(pictures_, target);
  if (product.id.empty()) product.id = stable_id(file_sha256_, target.row);
  if (!ids_.insert(product.id)) {
    const std::string id = product.id;
    return reject(std::move(target), header_of("id"), "DUP_ID", id);
  }
  Source& source = product.source;
  if (source.file.empty()) {
    source.file = file_;
    source.row = target.row;
    source.format = format_;
  }
  if (source.licence.empty()) source.licence = licence_;
  return {target.row, std::move(product), filed(std::move(target.notes))};
}

std::vector<ImportEntry> ImportRun::filed(std::vector<ImportEntry> notes) const {
  for (ImportEntry& note : notes) {
    note.file = file_;
    note = with_short_value(std::move(note));
  }
  return notes;
}

ProductRow ImportRun::reject(RowTarget target, std::string_view column, std::string_view code,
                             std::string_view value) const {
  ProductRow row = reject(target.row, column, code, value, target.product.id);
  auto notes = filed(std::move(target.notes));
  row.findings.insert(row.findings.begin(), std::make_move_iterator(notes.begin()),
                      std::make_move_iterator(notes.end()));
  return row;
}

ProductRow ImportRun::reject(int64_t row, std::string_view column, std::string_view code,
                             std::string_view value, std::string_view id) const {
  ImportEntry entry{file_,
                    row,
                    std::string(column),
                    std::string(code),
                    Severity::reject,
                    std::string(value),
                    std::string(id)};
  return {row, std::nullopt, {with_short_value(std::move(entry))}};
}

void ImportRun::warn(int64_t row, std::string_view column, std::string_view code,
                     std::string_view value) {
  warnings_.push_back(with_short_value(
      {file_, row, std::string(column), std::string(code), Severity::warn, std::string(value)}));
}

}  // namespace vitrine::data
