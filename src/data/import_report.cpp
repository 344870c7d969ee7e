#include "data/import_report.h"

#include <algorithm>
#include <iomanip>
#include <sstream>

#include "base/error.h"
#include "base/log.h"

namespace vitrine::data {
namespace {

constexpr size_t kMaxValueCodePoints = 80, kMaxLineCodePoints = 40;
constexpr int kRejectLines = 5;

/// Start of `text` up to so many code points. A damaged text is cut at lead bytes; dump_line marks its bad bytes.
std::string cut_value(std::string text, size_t max_code_points) {
  size_t code_points = 0;
  for (size_t byte_idx = 0; byte_idx < text.size(); ++byte_idx) {
    if ((static_cast<unsigned char>(text[byte_idx]) & 0xc0) == 0x80) continue;
    if (++code_points > max_code_points) {
      text.resize(byte_idx);
      break;
    }
  }
  return text;
}

}  // namespace

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::fatal: return "fatal";
    case Severity::reject: return "reject";
    case Severity::repair: return "repair";
    case Severity::warn: return "warn";
  }
  throw InternalError("[to_string] severity out of range");
}

Json to_json(const ImportEntry& entry) {
  Json json = {{"file", entry.file}, {"row", entry.row}, {"column", entry.column},
               {"code", entry.code}, {"severity", to_string(entry.severity)}, {"value", entry.value}};
  if (!entry.id.empty()) json["id"] = entry.id;
  return json;
}

std::string to_line(const ImportEntry& entry) {
  std::string value = cut_value(entry.value, kMaxLineCodePoints);
  if (value.size() < entry.value.size()) value += "…";
  return escaped_line(concat(entry.file, " row ", entry.row, entry.column.empty() ? "" : ", " + entry.column, ": ", entry.code,
                             value.empty() ? "" : ": '" + value + "'"));
}

std::string escaped_line(std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') out += "\\n";
    else if (c == '\r') out += "\\r";
    else if (c == '\t') out += "\\t";
    else if (byte < 0x20) out += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    else out += c;
  }
  return out;
}

void log_table(std::string_view who, std::string_view table, bool is_warning) {
  for (size_t at = 0; at < table.size();) {
    const size_t end = std::min(table.find('\n', at), table.size());
    log_line(is_warning ? LogLevel::warn : LogLevel::info, concat(who, " ", table.substr(at, end - at)));
    at = end + 1;
  }
}

ImportEntry with_short_value(ImportEntry entry) {
  entry.value = cut_value(std::move(entry.value), kMaxValueCodePoints);
  return entry;
}

void ImportReport::add(ImportEntry entry) { entries.push_back(with_short_value(std::move(entry))); }

void ImportReport::merge(const ImportReport& other) {
  entries.insert(entries.end(), other.entries.begin(), other.entries.end());
  rows_in += other.rows_in;
  rows_kept += other.rows_kept;
  rows_rejected += other.rows_rejected;
}

std::map<std::string, int64_t> ImportReport::counts() const {
  ImportSummary summary;
  for (const ImportEntry& entry : entries) summary.add(entry);
  return summary.counts();
}

std::string ImportReport::to_jsonl() const {
  std::string lines;
  for (const ImportEntry& entry : entries) lines += dump_line(to_json(entry)) + "\n";
  return lines;
}

std::string ImportReport::table() const {
  ImportSummary summary;
  for (const ImportEntry& entry : entries) summary.add(entry);
  return summary.table(rows_in, rows_rejected);
}

void ImportSummary::add(const ImportEntry& entry) {
  ++counts_[concat(to_string(entry.severity), " ", entry.code)];
  const bool is_reject = entry.severity == Severity::reject;
  const bool is_about_file = entry.code == "DUP_HEADER" || entry.code == "CR_LINE_ENDS";
  if (is_about_file || (is_reject && rejects_ < kRejectLines))
    first_lines_ += to_line(entry) + "\n";
  rejects_ += is_reject;
}

std::string ImportSummary::table(int64_t rows_in, int64_t rows_rejected) const {
  std::ostringstream out;
  out << first_lines_;
  if (rejects_ > kRejectLines) out << "and " << rejects_ - kRejectLines << " more rejected\n";
  out << "rows in " << rows_in << ", kept " << rows_in - rows_rejected << ", rejected "
      << rows_rejected;
  for (const auto& [code, count] : counts_)
    out << "\n  " << std::left << std::setw(32) << code << count;
  return out.str();
}

}  // namespace vitrine::data
