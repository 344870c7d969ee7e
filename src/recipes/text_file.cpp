#include "recipes/text_file.h"

#include <algorithm>

#include "base/compressed.h"
#include "base/error.h"
#include "base/hash.h"
#include "checks/text_label.h"
#include "data/delimited.h"
#include "text/utf8.h"

namespace vitrine::recipes {
namespace {

std::string format_by_name(const std::filesystem::path& path) {
  const std::string end = without_compression_suffix(path).extension().string();
  if (end == ".jsonl" || end == ".ndjson") return "jsonl";
  if (end == ".csv" || end == ".tsv" || end == ".txt") return end.substr(1);
  if (end == ".html" || end == ".htm") return "html";
  throw UsageError(
      concat(path.string(), ": expected .jsonl, .csv, .tsv, .txt or .html, or --format"));
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == text.npos; }

/// Lines without their ends; the last one may lack its line feed.
template <typename Take>
void for_each_line(std::string_view text, Take take) {
  int64_t number = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    take(line, ++number);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::string as_text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

}  // namespace

Json to_json(const TextReject& reject) {
  return {{"row", reject.line},
          {"id", reject.id},
          {"field", reject.field},
          {"code", reject.code},
          {"message", reject.message}};
}

TextFile TextFile::read(const std::filesystem::path& path, const TextFileConfig& config) {
  TextFile file;
  file.config_ = config;
  file.name_ = path.string();
  if (config.format == "auto" && path == "-") throw UsageError("-: standard input needs --format");
  file.format_ = config.format == "auto" ? format_by_name(path) : config.format;
  const std::string bytes = read_file_unpacked(path);
  file.sha256_ = sha256_hex(bytes);
  const auto encoding = text::detect_encoding(bytes);
  if (!encoding)
    throw Corrupt(concat("[TextFile] ", file.name_, ": ENC_UNKNOWN: neither UTF-8 nor GB18030"));
  file.encoding_ = *encoding;
  const std::string text = text::decode(bytes, *encoding);
  if (text.find("\r\n") != text.npos) file.line_end_ = "\r\n";
  if (file.format_ == "jsonl") file.read_jsonl(text);
  if (file.format_ == "csv" || file.format_ == "tsv") file.read_table(text);
  if (file.format_ == "txt") file.read_lines(text);
  if (file.format_ == "html" && !is_blank(text)) {
    file.records_.push_back({.line = 1, .values = {text}});
    file.add_cell(0, "", "page", "page");
  }
  if (file.cells_.empty() && file.rejects_.empty())
    throw Corrupt(concat("[TextFile] ", file.name_, ": EMPTY_FILE: no texts"));
  return file;
}

void TextFile::read_jsonl(std::string_view text) {
  for_each_line(text, [&](std::string_view line, int64_t number) {
    if (is_blank(line)) return;
    Json object = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!object.is_object())
      return reject_line(number, "", "BAD_JSON", "not a JSON object in UTF-8");
    records_.push_back({.line = number, .object = std::move(object)});
    add_record_cells(records_.size() - 1);
  });
}

void TextFile::read_table(std::string_view text) {
  data::TextWindow window(text);
  data::DelimitedReader reader(window, format_ == "csv" ? ',' : '\t');
  data::DelimitedRow row;
  while (reader.next(row)) {
    if (header_.empty()) {
      header_ = row.cells;
      const bool there = std::find(header_.begin(), header_.end(), config_.column) != header_.end();
      if (!there)
        throw Corrupt(
            concat("[TextFile] ", name_, ": no column ", config_.column, "; name one by --column"));
      continue;
    }
    const bool bad = std::any_of(row.cells.begin(), row.cells.end(), [](const std::string& cell) {
      return !text::is_valid_utf8(cell);
    });
    if (!row.problem.empty() || bad) {
      reject_line(row.line, std::to_string(row.line),
                  bad ? "ENC_BAD_SEQ" : std::string(row.problem), "a row that cannot be read");
      continue;
    }
    records_.push_back({.line = row.line, .values = row.cells});
    records_.back().values.resize(std::max(header_.size(), row.cells.size()));
    add_record_cells(records_.size() - 1);
  }
}

void TextFile::read_lines(std::string_view text) {
  for_each_line(text, [&](std::string_view line, int64_t number) {
    records_.push_back({.line = number, .values = {std::string(line)}, .blank = is_blank(line)});
    if (records_.back().blank) return;
    if (!text::is_valid_utf8(line)) {
      records_.back().rejected = true;
      return reject_line(number, std::to_string(number), "ENC_BAD_SEQ",
                         "not valid in the file's encoding");
    }
    add_cell(records_.size() - 1, "", std::to_string(number), "description");
  });
}

const std::string* TextFile::value(const Record& record, const std::string& column) const {
  if (format_ == "jsonl") {
    const auto found = record.object.find(column);
    return found == record.object.end() || !found->is_string()
               ? nullptr
               : found->get_ptr<const std::string*>();
  }
  if (header_.empty()) return &record.values.front();
  const auto found = std::find(header_.begin(), header_.end(), column);
  return found == header_.end() ? nullptr
                                : &record.values[static_cast<size_t>(found - header_.begin())];
}

void TextFile::add_record_cells(size_t index) {
  const Record& record = records_[index];
  std::string id = std::to_string(record.line);
  if (format_ == "jsonl" && record.object.contains(config_.id_column))
    id = as_text(record.object.at(config_.id_column));
  if (const auto* stated = value(record, config_.id_column); stated != nullptr && !stated->empty())
    id = *stated;
  const std::string* text = value(record, config_.column);
  const bool good = text != nullptr && !is_blank(*text) && text::is_valid_utf8(*text);
  const bool foreign =
      format_ == "jsonl" ? record.object.contains("AIGC") : value(record, "AIGC") != nullptr;
  if (!good || foreign) {
    records_[index].rejected = true;
    if (foreign)
      return reject_line(
          record.line, id, "FOREIGN_LABEL",
          "the row carries an AIGC field of another program; a second label would be one too many");
    return reject_line(record.line, id, "MISSING_REQUIRED",
                       concat(config_.column, ": expected a text"));
  }
  const std::string* field = value(record, config_.field_column);
  const std::string implied =
      checks::is_adjacent_field(config_.column) ? config_.column : "description";
  add_cell(index, config_.column, id, field == nullptr || field->empty() ? implied : *field);
  for (const std::string& column : config_.adjacent_columns) {
    const std::string* adjacent = value(record, column);
    if (adjacent != nullptr && !is_blank(*adjacent)) add_cell(index, column, id, column);
  }
}

void TextFile::add_cell(size_t record, const std::string& column, const std::string& id,
                        const std::string& field) {
  cells_.push_back({.record = record,
                    .line = records_[record].line,
                    .column = column,
                    .id = id,
                    .field = field,
                    .text = *value(records_[record], column)});
}

void TextFile::reject_line(int64_t line, const std::string& id, const std::string& code,
                           const std::string& message) {
  rejects_.push_back({.line = line, .id = id, .field = {}, .code = code, .message = message});
}

void TextFile::set_text(size_t index, std::string text) {
  TextCell& cell = cells_[index];
  VITRINE_REQUIRE(format_ != "txt" || text.find('\n') == text.npos, "[TextFile] ", name_, " line ",
                  cell.line, ": a line end inside a text");
  Record& record = records_[cell.record];
  if (format_ == "jsonl") {
    record.object[cell.column] = text;
  } else {
    const size_t place =
        header_.empty()
            ? 0
            : static_cast<size_t>(std::find(header_.begin(), header_.end(), cell.column) -
                                  header_.begin());
    record.values[place] = text;
  }
  cell.text = std::move(text);
}

void TextFile::reject(size_t index, const std::string& code, const std::string& message) {
  const TextCell& cell = cells_[index];
  rejects_.push_back(
      {.line = cell.line, .id = cell.id, .field = cell.field, .code = code, .message = message});
  records_[cell.record].rejected = true;
}

std::string TextFile::table_line(const std::vector<std::string>& values) const {
  const char separator = format_ == "csv" ? ',' : '\t';
  std::string line;
  for (size_t i = 0; i < values.size(); ++i) {
    if (i > 0) line += separator;
    if (values[i].find_first_of("\"\r\n") == std::string::npos &&
        values[i].find(separator) == std::string::npos) {
      line += values[i];
      continue;
    }
    line += '"';
    for (const char c : values[i]) line += c == '"' ? std::string("\"\"") : std::string(1, c);
    line += '"';
  }
  return line + line_end_;
}

std::string TextFile::bytes() const {
  std::string text;
  if (!header_.empty()) text += table_line(header_);
  for (const Record& record : records_) {
    if (record.rejected) continue;
    if (format_ == "jsonl")
      text += dump_line(record.object) + line_end_;
    else if (format_ == "html")
      text += record.values.front();
    else if (format_ == "txt")
      text += record.values.front() + line_end_;
    else
      text += table_line(record.values);
  }
  return text::encode(text, encoding_);
}

}  // namespace vitrine::recipes
