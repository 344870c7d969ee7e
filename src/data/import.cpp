#include "data/import.h"

#include <algorithm>

#include "data/import_run.h"
#include "data/product_reader.h"
#include "text/utf8.h"

namespace vitrine::data {
namespace fs = std::filesystem;
namespace {

ImportResult all_rows(ProductReader reader) {
  ImportResult result;
  result.sha256 = reader.sha256();
  result.report.entries = reader.file_findings();
  while (auto row = reader.next()) {
    ++result.report.rows_in;
    ++(row->product ? result.report.rows_kept : result.report.rows_rejected);
    std::move(row->findings.begin(), row->findings.end(),
              std::back_inserter(result.report.entries));
    if (row->product) result.products.push_back(std::move(*row->product));
  }
  return result;
}

}  // namespace

ImportRefused::ImportRefused(ImportEntry entry)
    : Corrupt(concat("[import] ", entry.file, entry.row > 0 ? concat(" row ", entry.row) : "", ": ", entry.code,
                     entry.value.empty() ? "" : ": " + entry.value)),
      entry_(std::move(entry)) {}

void ImportConfig::validate() const {
  check_config(*this, "import");
  if (separator.size() > 1 && separator != "\\t") {
    throw UsageError(concat("--separator: expected one character, got '", separator, "'"));
  }
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

ProductRow ImportRun::keep(RowTarget target) {
  Product& product = target.product;
  if (product.title_raw.empty() && product.attributes.empty() && product.description_raw.empty()) {
    // A piece that is no pair says more than that there is none.
    const auto bad_pair = std::find_if(target.notes.begin(), target.notes.end(), [](const ImportEntry& e) { return e.code.starts_with("ATTR_"); });
    const std::string column = bad_pair != target.notes.end() ? bad_pair->column : format_ == "advertisegen" ? "content" : "title";
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
  if (product.id.empty()) product.id = stable_id(file_sha256_, target.row);
  if (!ids_.insert(product.id)) {
    const std::string id = product.id;
    return reject(std::move(target), "id", "DUP_ID", id);
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
