#include "data/import.h"

#include <algorithm>
#include <optional>

#include "base/compressed.h"
#include "base/hash.h"
#include "data/import_run.h"
#include "text/encoding.h"
#include "text/utf8.h"

namespace vitrine::data {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kUtf32leBom("\xff\xfe\0\0", 4);

[[noreturn]] void refuse(std::string_view file, std::string_view code, std::string value) {
  throw ImportRefused({std::string(file), 0, "", std::string(code), Severity::fatal, std::move(value)});
}

/// Workbooks are zip archives, older ones OLE files: neither is text.
void refuse_workbook(std::string_view bytes, std::string_view file) {
  if (!bytes.starts_with("PK\x03\x04") && !bytes.starts_with("\xd0\xcf\x11\xe0")) return;
  refuse(file, "NO_HEADER", "this is a workbook or an archive (.xlsx, .xls, .zip), which this version does not read: save it as CSV");
}

std::string to_utf8_text(std::string_view bytes, std::string_view file) {
  refuse_workbook(bytes, file);
  const auto encoding = bytes.starts_with(kUtf32leBom) ? std::nullopt : text::detect_encoding(bytes);
  if (!encoding) refuse(file, "ENC_UNKNOWN", "neither UTF-8, GB18030 nor UTF-16 with BOM");
  const bool is_utf16 = *encoding == text::Encoding::utf16le || *encoding == text::Encoding::utf16be;
  if (is_utf16 && bytes.size() % 2 != 0) refuse(file, "ENC_BAD_SEQ", concat("odd byte count ", bytes.size(), " of ", to_string(*encoding)));
  return text::decode(bytes, *encoding);
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

/// By the ending of the name, else by the first line.
std::string guess_format(std::string_view text, std::string_view name) {
  const std::string ending = without_compression_suffix(name).extension().string();
  if (ending == ".csv") return "csv";
  if (ending == ".tsv" || ending == ".tab") return "tsv";
  if (ending == ".jsonl" || ending == ".ndjson" || ending == ".json") return "json";
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (text[begin] == '{') return "json";
  const std::string_view line = text.substr(begin, text.find('\n', begin) - begin);
  return line.find('\t') != std::string_view::npos ? "tsv" : "csv";
}

char separator_of(const ImportConfig& config, std::string_view format) {
  if (config.separator == "\\t") return '\t';
  if (!config.separator.empty()) return config.separator.front();
  return format == "tsv" ? '\t' : ',';
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
  config.validate();
  const auto max_bytes = static_cast<size_t>(config.max_file_mib) << 20;
  return read_products_from(read_file_unpacked(path, max_bytes), path.string(), config);
}

ImportResult read_products_from(std::string_view bytes, std::string_view name, const ImportConfig& config) {
  config.validate();
  const std::string utf8 = to_utf8_text(bytes, name);
  if (is_blank(utf8)) refuse(name, "EMPTY_FILE", "");
  const std::string format = config.format == "auto" ? guess_format(utf8, name) : config.format;
  ImportRun run(std::string(name), sha256_hex(bytes), config.licence);
  if (format == "csv" || format == "tsv") {
    run.set_format(format);
    import_table(utf8, separator_of(config, format), run);
  } else {
    import_json_lines(utf8, config.format, run);
  }
  ImportResult result = run.finish();
  result.sha256 = run.file_sha256();
  if (result.report.rows_in == 0) refuse(name, "EMPTY_FILE", "a header and no rows");
  return result;
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

void ImportRun::keep(RowTarget target) {
  Product& product = target.product;
  if (product.title_raw.empty() && product.attributes.empty() && product.description_raw.empty()) {
    // A piece that is no pair says more than that there is none.
    const auto bad_pair = std::find_if(target.notes.begin(), target.notes.end(), [](const ImportEntry& e) { return e.code.starts_with("ATTR_"); });
    const std::string column = bad_pair != target.notes.end() ? bad_pair->column : format_ == "advertisegen" ? "content" : "title";
    const std::string value = bad_pair != target.notes.end() ? bad_pair->value : "";
    add_notes(target);
    return reject(target.row, column, "MISSING_REQUIRED", value, product.id);
  }
  for (const Attribute& a : product.attributes) {
    const size_t longest = std::max(text::count_code_points(a.key_raw), text::count_code_points(a.val_raw));
    if (longest <= kMaxAttributeCodePoints) continue;
    add_notes(target);
    const bool is_value = text::count_code_points(a.key_raw) <= kMaxAttributeCodePoints;
    return reject(target.row, is_value ? a.key_raw : "attribute key", "TOO_LARGE",
                  concat(longest, " characters, at most ", kMaxAttributeCodePoints), product.id);
  }
  if (product.id.empty()) product.id = stable_id(file_sha256_, target.row);
  if (!ids_.insert(product.id).second) {
    add_notes(target);
    return reject(target.row, "id", "DUP_ID", product.id, product.id);
  }
  Source& source = product.source;
  if (source.file.empty()) {
    source.file = file_;
    source.row = target.row;
    source.format = format_;
  }
  if (source.licence.empty()) source.licence = licence_;
  add_notes(target);
  ++result_.report.rows_in;
  ++result_.report.rows_kept;
  result_.products.push_back(std::move(product));
}

void ImportRun::add_notes(RowTarget& target) {
  for (ImportEntry& note : target.notes) {
    note.file = file_;
    result_.report.add(std::move(note));
  }
  target.notes.clear();
}

void ImportRun::reject(int64_t row, std::string_view column, std::string_view code, std::string_view value,
                       std::string_view id) {
  ++result_.report.rows_in;
  ++result_.report.rows_rejected;
  result_.report.add({file_, row, std::string(column), std::string(code), Severity::reject, std::string(value), std::string(id)});
}

void ImportRun::warn(int64_t row, std::string_view column, std::string_view code, std::string_view value) {
  result_.report.add({file_, row, std::string(column), std::string(code), Severity::warn, std::string(value)});
}

ImportResult ImportRun::finish() { return std::move(result_); }

}  // namespace vitrine::data
