#include "data/json_rows.h"

#include <algorithm>
#include <functional>
#include <set>

#include "base/compressed.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "data/columns.h"
#include "data/delimited.h"
#include "data/import.h"
#include "data/json_spans.h"
#include "data/quick_json.h"
#include "data/text_window.h"
#include "text/encoding.h"
#include "text/utf8.h"

namespace vitrine::data {
namespace {

constexpr int kMaxDepth = 64;
constexpr size_t kMaxFileBytes = size_t{2} << 30;  // unpacked
constexpr size_t kShownBytes = 400;

/// Depth of brackets outside strings; stops counting behind the limit.
int nesting_depth(std::string_view json) {
  int depth = 0, deepest = 0;
  bool in_string = false;
  for (size_t i = 0; i < json.size() && deepest <= kMaxDepth; ++i) {
    const char c = json[i];
    if (in_string && c == '\\')
      ++i;
    else if (c == '"')
      in_string = !in_string;
    else if (!in_string && (c == '{' || c == '['))
      deepest = std::max(deepest, ++depth);
    else if (!in_string && (c == '}' || c == ']'))
      --depth;
  }
  return deepest;
}

[[noreturn]] void refuse(std::string_view name, std::string_view code, std::string value) {
  throw ImportRefused(
      {std::string(name), 0, "", std::string(code), Severity::fatal, std::move(value)});
}

/// Notes keys that an object holds twice while it is parsed.
class KeyWatcher {
 public:
  bool operator()(int, Json::parse_event_t event, const Json& value) {
    if (event == Json::parse_event_t::object_start) objects_.emplace_back();
    if (event == Json::parse_event_t::object_end) objects_.pop_back();
    if (event == Json::parse_event_t::key) see(value.get_ref<const std::string&>());
    return true;
  }
  std::vector<std::string> doubled;

 private:
  struct Object {
    std::set<std::string> keys;
    std::string last;
  };

  void see(const std::string& key) {
    objects_.back().last = key;
    if (objects_.back().keys.insert(key).second) return;
    std::string path;
    for (const Object& object : objects_) path += (path.empty() ? "" : ".") + object.last;
    doubled.push_back(std::move(path));
  }

  std::vector<Object> objects_;
};

/// Parses what is JSON. Throws what Json::parse throws.
ParsedJsonRow parse_watched(std::string_view text) {
  KeyWatcher watcher;
  Json json = Json::parse(text, std::ref(watcher));
  return {std::move(json), "", std::move(watcher.doubled)};
}

/// Reads the rows of one file into the report and the result.
class RowCollector {
 public:
  RowCollector(std::string_view name, ImportReport& report) : name_(name), report_(report) {}

  void add(int64_t row, ParsedJsonRow parsed, std::string_view shown) {
    ++report_.rows_in;
    if (!parsed.code.empty())
      return reject_row(report_, name_, row,
                        {parsed.code, "", std::string(shown.substr(0, kShownBytes))});
    for (const std::string& key : parsed.doubled_keys) warn(row, key, "DUP_KEY", kLastOfKeys);
    const std::string too_large = clean(parsed.json, "", row);
    if (!too_large.empty()) {
      return reject_row(report_, name_, row,
                        {"TOO_LARGE", too_large, concat("more than ", kMaxFieldBytes, " bytes")});
    }
    rows_.push_back({row, std::move(parsed.json)});
  }
  void warn(int64_t row, std::string_view column, std::string_view code, std::string_view value) {
    report_.add({name_, row, std::string(column), std::string(code), Severity::warn, std::string(value)});
  }
  std::vector<JsonRow> take() { return std::move(rows_); }

 private:
  /// Cleans every string in place. Returns the name of the field that is too large, or nothing.
  std::string clean(Json& json, const std::string& column, int64_t row) {
    if (json.is_string()) {
      const std::string text = json.get<std::string>();
      if (text.size() > kMaxFieldBytes) return column;
      bool removed = false;
      json = clean_text(text, removed);
      if (removed)
        report_.add(
            {name_, row, column, "CTRL_REMOVED", Severity::repair, shown_removal(text)});
    } else if (json.is_structured()) {
      for (const auto& [name, value] : json.items()) {
        const std::string inner = json.is_object() ? (column.empty() ? name : column + "." + name)
                                                   : concat(column, "[", name, "]");
        std::string too_large = clean(value, inner, row);
        if (!too_large.empty()) return too_large;
      }
    }
    return "";
  }

  std::string name_;
  ImportReport& report_;
  std::vector<JsonRow> rows_;
};

void read_array(std::string_view utf8, std::string_view name, RowCollector& rows) {
  const Json array = parse_json(utf8, name);
  const auto spans = json_elements(utf8, {utf8.find('['), utf8.size()});
  for (size_t i = 0; i < array.size(); ++i) {
    const auto row = static_cast<int64_t>(i + 1);
    const std::string_view text = spans.at(i).of(utf8);
    if (!array[i].is_object()) rows.add(row, {nullptr, "NOT_JSON"}, dump_line(array[i]));
    else if (quick_parse_object(text)) rows.add(row, {array[i], ""}, "");
    else rows.add(row, parse_watched(text), "");
  }
}

void read_lines(std::string_view utf8, RowCollector& rows) {
  TextWindow window(utf8);
  LineReader lines(window, kMaxRowBytes);
  std::string_view line;
  while (lines.next(line)) {
    throw_if_interrupted("nothing was written");
    if (!lines.is_blank()) rows.add(lines.number(), parse_json_row(line), line);
  }
  if (lines.first_return() > 0) rows.warn(lines.first_return(), "", "CR_LINE_ENDS", kReturnsAlone);
}

}  // namespace

ParsedJsonRow parse_json_row(std::string_view line) {
  if (line.size() > kMaxRowBytes) return {nullptr, "TOO_LARGE"};
  if (!text::is_valid_utf8(line)) return {nullptr, "ENC_BAD_SEQ"};
  if (auto quick = quick_parse_object(line)) return {std::move(*quick), ""};
  if (nesting_depth(line) > kMaxDepth) return {nullptr, "TOO_DEEP"};
  try {
    ParsedJsonRow parsed = parse_watched(line);
    if (!parsed.json.is_object()) return {nullptr, "NOT_JSON"};
    return parsed;
  } catch (const nlohmann::json::exception& e) {
    // A lone surrogate is an escape that no encoding can hold.
    const bool surrogate = std::string_view(e.what()).find("surrogate") != std::string_view::npos;
    return {nullptr, surrogate ? "ENC_BAD_SEQ" : "NOT_JSON"};
  }
}

std::vector<JsonRow> read_json_rows(std::string_view bytes, std::string_view name,
                                    ImportReport& report) {
  const auto encoding = text::detect_encoding(bytes);
  if (!encoding) refuse(name, "ENC_UNKNOWN", "neither UTF-8 nor GB18030");
  const std::string utf8 = text::decode(bytes, *encoding);
  const size_t first = utf8.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) refuse(name, "EMPTY_FILE", "no rows");
  RowCollector rows(name, report);
  if (utf8[first] == '[')
    read_array(utf8, name, rows);
  else
    read_lines(utf8, rows);
  if (report.rows_in == 0) refuse(name, "EMPTY_FILE", "no rows");
  return rows.take();
}

std::vector<JsonRow> read_json_rows(const std::filesystem::path& path, ImportReport& report) {
  return read_json_rows(read_file_unpacked(path, kMaxFileBytes), path.string(), report);
}

void reject_row(ImportReport& report, std::string_view name, int64_t row,
                const FieldProblem& problem) {
  report.add(
      {std::string(name), row, problem.column, problem.code, Severity::reject, problem.value});
  ++report.rows_rejected;
}

void finish_report(ImportReport& report) {
  std::stable_sort(report.entries.begin(), report.entries.end(),
                   [](const ImportEntry& a, const ImportEntry& b) { return a.row < b.row; });
  report.rows_kept = report.rows_in - report.rows_rejected;
}

}  // namespace vitrine::data
