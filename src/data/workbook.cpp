#include "data/workbook.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <map>

#include "base/error.h"
#include "data/import.h"
#include "data/xml_scan.h"

namespace vitrine::data {
namespace {

constexpr uint64_t kMaxPartBytes =
    uint64_t{64} << 20;  // of a part that is read as a whole: styles, relationships
constexpr size_t kMaxElementBytes = size_t{8} << 20;  // of a row's or shared string's XML

[[noreturn]] void refuse(std::string_view file, std::string_view code, std::string value) {
  throw ImportRefused(
      {std::string(file), 0, "", std::string(code), Severity::fatal, std::move(value)});
}

/// Goes over the elements of a name and gives each one's content (between its tags) to `take`, with
/// its start tag.
template <typename Take>
void for_each_element(std::string_view xml, std::string_view local_name, const Take& take) {
  XmlScanner tags(xml);
  std::optional<XmlTag> open;
  int depth = 0;
  while (const auto tag = tags.next()) {
    if (tag->local_name() != local_name) continue;
    if (tag->is_empty && depth == 0) {
      take(*tag, std::string_view());
    } else if (!tag->is_end && !tag->is_empty) {
      if (depth++ == 0) open = tag;
    } else if (tag->is_end && depth > 0 && --depth == 0) {
      take(*open, xml.substr(open->end, tag->begin - open->end));
    }
  }
}

/// The text of a string item: its <t> elements, but not those of readings (<rPh>).
std::string text_of_item(std::string_view item) {
  std::string text;
  XmlScanner tags(item);
  size_t reading = 0, begin = std::string_view::npos;
  while (const auto tag = tags.next()) {
    if (tag->local_name() == "rPh" && !tag->is_empty) {
      tag->is_end ? (reading -= reading > 0) : ++reading;
    } else if (tag->local_name() == "t" && !tag->is_empty) {
      if (!tag->is_end) {
        begin = tag->end;
      } else if (begin != std::string_view::npos) {
        if (reading == 0) text += xml_text(item.substr(begin, tag->begin - begin));
        begin = std::string_view::npos;
      }
    }
  }
  return text;
}

/// Excel writes characters that XML cannot hold as _x000D_. The number of the escape at `at`, if one is there.
std::optional<unsigned> escape_at(std::string_view text, size_t at) {
  unsigned value = 0;
  if (text.substr(at, 2) != "_x" || at + 7 > text.size() || text[at + 6] != '_') return std::nullopt;
  const auto [end, error] = std::from_chars(text.data() + at + 2, text.data() + at + 6, value, 16);
  if (error != std::errc() || end != text.data() + at + 6) return std::nullopt;
  return value;
}

std::string without_escapes(std::string text) {
  for (size_t at = text.find("_x"); at != std::string::npos; at = text.find("_x", at + 1)) {
    const auto value = escape_at(text, at);
    if (value && *value < 0x80) text.replace(at, 7, 1, static_cast<char>(*value));
  }
  return text;
}

std::optional<double> parse_double(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

std::optional<size_t> parse_index(std::string_view text) {
  size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value)
                                                                  : std::nullopt;
}

/// A number without the noise of its last binary digits: 0.1, 12.5, 6901234567892.
std::string number_text(double value) {
  std::array<char, 40> text;
  const bool whole = value == std::floor(value) && std::fabs(value) < 1e15;
  std::snprintf(text.data(), text.size(), whole ? "%.0f" : "%.15g", value);
  return text.data() == std::string_view("-0") ? "0" : text.data();
}

/// Digits that a double does not hold: an id that was typed as a number.
bool is_long_integer(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return text.size() > 15 && text.front() != '0' &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string directory_of(std::string_view entry) {
  const size_t slash = entry.rfind('/');
  return slash == std::string_view::npos ? "" : std::string(entry.substr(0, slash + 1));
}

/// A relationship's target beside `base`, `..` resolved.
std::string resolved_target(const std::string& base, std::string_view target) {
  if (target.starts_with('/')) return std::string(target.substr(1));
  std::string path = base;
  while (target.starts_with("../")) {
    target.remove_prefix(3);
    if (!path.empty()) path = directory_of(std::string_view(path).substr(0, path.size() - 1));
  }
  return path + std::string(target);
}

}  // namespace

bool looks_like_archive(std::string_view head) {
  return head.starts_with("PK\x03\x04") || head.starts_with("PK\x05\x06");
}
bool looks_like_old_workbook(std::string_view head) { return head.starts_with("\xd0\xcf\x11\xe0"); }

std::optional<size_t> column_of_reference(std::string_view reference) {
  size_t column = 0, letters = 0;
  for (; letters < reference.size() && letters < 4; ++letters) {
    char c = reference[letters];
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
    if (c < 'A' || c > 'Z') break;
    column = column * 26 + static_cast<size_t>(c - 'A') + 1;
  }
  return letters == 0 || column > kMaxSheetColumns ? std::nullopt : std::optional(column - 1);
}

std::string escaped_cell_text(std::string_view text) {
  std::string escaped(text);
  for (size_t at = escaped.find("_x"); at != std::string::npos; at = escaped.find("_x", at + 1)) {
    if (!escape_at(escaped, at)) continue;
    escaped.replace(at, 1, "_x005F_");
    at += 6;
  }
  return escaped;
}

std::string column_letters(size_t column_idx) {
  std::string letters;
  for (size_t n = column_idx + 1; n > 0; n = (n - 1) / 26)
    letters.insert(letters.begin(), static_cast<char>('A' + (n - 1) % 26));
  return letters;
}

std::optional<std::string> date_of_serial(double serial, bool since_1904) {
  constexpr double kDays9999 = 2958466;  // behind 9999-12-31
  if (!(serial >= 0) || serial >= kDays9999) return std::nullopt;
  auto seconds = static_cast<int64_t>(std::llround(serial * 86400));
  int64_t days = seconds / 86400;
  seconds %= 86400;
  // Day 60 of the 1900 system is 1900-02-29, which never was; behind it the count is one too high.
  if (!since_1904 && days == 60) return std::nullopt;
  days += since_1904 ? -24107 : (days < 60 ? 1 : 0) - 25569;  // since 1970-01-01
  // Days since 1970-01-01 to a civil date: H. Hinnant's algorithm.
  days += 719468;
  const int64_t era = days / 146097, day_of_era = days - era * 146097;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t month_shifted = (5 * day_of_year + 2) / 153;
  const int64_t day = day_of_year - (153 * month_shifted + 2) / 5 + 1;
  const int64_t month = month_shifted < 10 ? month_shifted + 3 : month_shifted - 9;
  const int64_t year = year_of_era + era * 400 + (month <= 2);
  std::array<char, 128> text;
  const auto put = [&](const char* format, auto... values) {
    std::snprintf(text.data(), text.size(), format, values...);
  };
  if (seconds == 0)
    put("%04lld-%02lld-%02lld", static_cast<long long>(year), static_cast<long long>(month),
        static_cast<long long>(day));
  else
    put("%04lld-%02lld-%02lld %02lld:%02lld:%02lld", static_cast<long long>(year),
        static_cast<long long>(month), static_cast<long long>(day),
        static_cast<long long>(seconds / 3600), static_cast<long long>(seconds / 60 % 60),
        static_cast<long long>(seconds % 60));
  return std::string(text.data());
}

bool is_date_format(int format_id, std::string_view format_code) {
  // 14 to 22 and 45 to 47 are built in; 27 to 36 and 50 to 58 are dates of Chinese and Japanese
  // locales.
  if ((format_id >= 14 && format_id <= 22) || (format_id >= 45 && format_id <= 47) ||
      (format_id >= 27 && format_id <= 36) || (format_id >= 50 && format_id <= 58))
    return true;
  for (size_t i = 0; i < format_code.size(); ++i) {
    const char c = format_code[i];
    if (c == '"') {
      i = format_code.find('"', i + 1);
      if (i == std::string_view::npos) return false;
    } else if (c == '\\' || c == '_' || c == '*') {
      ++i;  // the next character stands for itself
    } else if (c == '[') {
      const size_t close = format_code.find(']', i);
      if (close == std::string_view::npos) return false;
      const std::string_view inner = format_code.substr(i + 1, close - i - 1);
      if (!inner.empty() && inner.find_first_not_of("hHmMsS") == std::string_view::npos)
        return true;  // [h]:mm
      i = close;
    } else if (std::string_view("yYdDhH").find(c) != std::string_view::npos) {
      return true;
    } else if (c == 'm' || c == 'M' || c == 's' || c == 'S') {
      return true;
    }
  }
  return false;
}

/// The texts that cells name by their number, in one piece of memory.
class SharedStrings {
 public:
  void add(std::string_view text) {
    text_ += text;
    ends_.push_back(text_.size());
  }
  size_t size() const { return ends_.size(); }
  size_t size_bytes() const { return text_.size() + ends_.size() * sizeof(ends_[0]); }
  std::string_view operator[](size_t i) const {
    const size_t begin = i == 0 ? 0 : ends_[i - 1];
    return std::string_view(text_).substr(begin, ends_[i] - begin);
  }

 private:
  std::string text_;
  std::vector<size_t> ends_;
};

struct Workbook::State {
  State(std::string bytes, std::string file)
      : name(file), archive(std::move(bytes), std::move(file)) {
    const std::string main = main_entry();
    read_sheets(main);
    read_strings();
    read_styles();
  }

  std::string optional_entry(const std::string& entry) const {
    return archive.contains(entry) ? archive.read(entry, kMaxPartBytes) : "";
  }

  /// Targets of a part's relationships by id, with the end of their type.
  std::map<std::string, std::pair<std::string, std::string>> relationships(
      const std::string& part) const {
    const std::string folder = directory_of(part);
    std::map<std::string, std::pair<std::string, std::string>> targets;
    const std::string xml =
        optional_entry(folder + "_rels/" + part.substr(folder.size()) + ".rels");
    for_each_element(xml, "Relationship", [&](const XmlTag& tag, std::string_view) {
      const auto id = xml_attribute(tag.attributes, "Id"),
                 target = xml_attribute(tag.attributes, "Target"),
                 type = xml_attribute(tag.attributes, "Type");
      if (!id || !target) return;
      const std::string kind = type ? std::string(type->substr(type->rfind('/') + 1)) : "";
      targets[std::string(*id)] = {resolved_target(folder, xml_unescape(*target)), kind};
    });
    return targets;
  }

  std::string main_entry() const {
    for (const auto& [id, target] : relationships("")) {
      if (target.second == "officeDocument" && archive.contains(target.first)) return target.first;
    }
    if (archive.contains("xl/workbook.xml")) return "xl/workbook.xml";
    refuse(name, "NO_HEADER", "a zip archive that is no workbook (.xlsx)");
  }

  void read_sheets(const std::string& main) {
    const std::string xml = archive.read(main, kMaxPartBytes);
    const auto targets = relationships(main);
    for (const auto& [id, target] : targets) {
      if (target.second == "sharedStrings") strings_entry = target.first;
      if (target.second == "styles") styles_entry = target.first;
    }
    for_each_element(xml, "workbookPr", [&](const XmlTag& tag, std::string_view) {
      const auto flag = xml_attribute(tag.attributes, "date1904");
      since_1904 = flag && (*flag == "1" || *flag == "true");
    });
    for_each_element(xml, "sheet", [&](const XmlTag& tag, std::string_view) {
      const auto sheet_name = xml_attribute(tag.attributes, "name");
      auto id = xml_attribute(tag.attributes, "r:id");
      if (!id) id = xml_attribute(tag.attributes, "d3p1:id");
      const auto target = id ? targets.find(std::string(*id)) : targets.end();
      if (sheet_name && target != targets.end() && archive.contains(target->second.first) &&
          target->second.second == "worksheet")
        sheets.push_back({xml_unescape(*sheet_name), target->second.first});
    });
    if (sheets.empty()) refuse(name, "NO_HEADER", "a workbook without a sheet of cells");
  }

  void read_strings() {
    if (!archive.contains(strings_entry)) return;
    const auto reader = archive.open(strings_entry);
    TextWindow window(*reader);
    XmlElements items(window, "si", kMaxElementBytes);
    while (const auto item = items.next()) {
      // One that is too large is too large for any cell.
      strings.add(item->is_too_large
                      ? item->text.substr(0, kMaxFieldBytes + 1)
                      : std::string_view(without_escapes(text_of_item(item->content()))));
      if (strings.size_bytes() > kMaxSharedStringBytes)
        refuse(name, "TOO_LARGE",
               concat("shared strings of more than ", kMaxSharedStringBytes >> 20,
                      " MiB: save the sheet as CSV"));
    }
    if (items.is_broken())
      refuse(name, "ARCHIVE_DAMAGED", concat(strings_entry, ": the XML is cut"));
  }

  void read_styles() {
    const std::string xml = optional_entry(styles_entry);
    std::map<int, std::string> codes;
    for_each_element(xml, "numFmt", [&](const XmlTag& tag, std::string_view) {
      const auto id = xml_attribute(tag.attributes, "numFmtId"),
                 code = xml_attribute(tag.attributes, "formatCode");
      const auto number = id ? parse_index(*id) : std::nullopt;
      if (number && code && *number < 100000)
        codes[static_cast<int>(*number)] = xml_unescape(*code);
    });
    for_each_element(xml, "cellXfs", [&](const XmlTag&, std::string_view formats) {
      for_each_element(formats, "xf", [&](const XmlTag& tag, std::string_view) {
        const auto id = xml_attribute(tag.attributes, "numFmtId");
        const auto number = id ? parse_index(*id) : std::nullopt;
        const int format_id = number && *number < 100000 ? static_cast<int>(*number) : 0;
        const auto code = codes.find(format_id);
        date_styles.push_back(is_date_format(format_id, code == codes.end() ? "" : code->second));
      });
    });
  }

  std::string name;
  Archive archive;
  std::vector<WorkbookSheet> sheets;
  std::string strings_entry = "xl/sharedStrings.xml", styles_entry = "xl/styles.xml";
  SharedStrings strings;
  std::vector<bool> date_styles;
  bool since_1904 = false;
};

/// Cells of a sheet's XML, row by row as it is unpacked.
class SheetRows : public CellSource {
 public:
  SheetRows(const Workbook::State& book, std::string sheet, std::unique_ptr<ByteReader> xml)
      : book_(book),
        sheet_(std::move(sheet)),
        xml_(std::move(xml)),
        window_(*xml_),
        rows_(window_, "row", kMaxElementBytes) {}

  bool next(DelimitedRow& row) override {
    while (read_row(row)) {
      const bool has_text = std::any_of(row.cells.begin(), row.cells.end(),
                                        [](const std::string& cell) { return !cell.empty(); });
      if (has_text || !row.problem.empty()) return true;
    }
    return false;
  }

 private:
  /// The next row element; false at the end.
  bool read_row(DelimitedRow& row) {
    row = {};
    const auto element = rows_.next();
    if (rows_.is_broken()) refuse_sheet(concat("the XML is cut behind row ", line_));
    if (rows_.has_document_type()) refuse_sheet("a document type, which no sheet may have");
    if (!element) return false;
    const auto number = xml_attribute(element->tag.attributes, "r");
    const auto stated = number ? parse_index(*number) : std::nullopt;
    const int64_t before = line_;
    line_ = stated && *stated > 0 && *stated < (size_t{1} << 40) ? static_cast<int64_t>(*stated)
                                                                 : line_ + 1;
    if (line_ == before) refuse_sheet(concat("two rows with the number ", line_));
    row.line = line_;
    const auto problem = element->is_too_large ? std::nullopt : xml_problem(element->text);
    if (problem) refuse_sheet(concat("row ", line_, ": ", problem->what));
    if (element->is_too_large)
      row.problem = "TOO_LARGE";
    else
      read_cells(element->content(), row);
    return true;
  }

  [[noreturn]] void refuse_sheet(std::string_view what) const {
    refuse(book_.name, "ARCHIVE_DAMAGED", concat("sheet ", sheet_, ": ", what));
  }

  void read_cells(std::string_view content, DelimitedRow& row) const {
    XmlScanner tags(content);
    std::vector<bool> is_seen;  // by column
    size_t next_column = 0, row_bytes = 0;
    while (const auto tag = tags.next()) {
      if (tag->is_end || tag->local_name() != "c") continue;
      const auto reference = xml_attribute(tag->attributes, "r");
      const size_t column =
          (reference ? column_of_reference(*reference) : std::nullopt).value_or(next_column);
      const std::string_view inner =
          tag->is_empty ? std::string_view() : content_of_cell(content, tags);
      if (column >= kMaxSheetColumns) row.problem = "TOO_LARGE";
      if (column >= kMaxSheetColumns) continue;
      if (is_seen.size() <= column) is_seen.resize(column + 1);
      if (is_seen[column])
        refuse_sheet(concat("two cells ", column_letters(column), row.line));
      is_seen[column] = true;
      next_column = column + 1;
      std::string text = tag->is_empty ? "" : cell_text(*tag, inner, column, row);
      row_bytes += text.size();
      if (text.size() > kMaxFieldBytes || row_bytes > kMaxRowBytes) row.problem = "TOO_LARGE";
      if (text.empty()) continue;
      if (row.cells.size() <= column) row.cells.resize(column + 1);
      row.cells[column] = std::move(text);
    }
  }

  /// Up to the cell's end tag, which is passed, or to the end of the row.
  static std::string_view content_of_cell(std::string_view content, XmlScanner& tags) {
    const size_t begin = tags.position();
    while (const auto tag = tags.next()) {
      if (tag->is_end && tag->local_name() == "c") return content.substr(begin, tag->begin - begin);
    }
    return content.substr(begin);
  }

  std::string cell_text(const XmlTag& cell, std::string_view content, size_t column,
                        DelimitedRow& row) const {
    const std::string type(xml_attribute(cell.attributes, "t").value_or("n"));
    std::string value, formula;
    bool has_formula = false;
    for_each_element(content, "v",
                     [&](const XmlTag&, std::string_view inner) { value = xml_text(inner); });
    for_each_element(content, "f", [&](const XmlTag&, std::string_view inner) {
      has_formula = true;
      formula = "=" + xml_text(inner);
    });
    if (type == "inlineStr") {
      for_each_element(content, "is", [&](const XmlTag&, std::string_view inner) {
        value = without_escapes(text_of_item(inner));
      });
    } else if (type == "s") {
      const auto index = parse_index(value);
      if (!index || *index >= book_.strings.size()) {
        row.notes.push_back(
            {column, "CELL_ERROR", Severity::warn, concat("no shared string ", value)});
        return "";
      }
      value = book_.strings[*index];
    } else if (type == "b") {
      value = value == "1" ? "TRUE" : "FALSE";
    } else if (type == "e") {
      row.notes.push_back({column, "CELL_ERROR", Severity::warn, value});
      return "";
    } else if (type == "n") {
      value = number_of(cell, value);
    } else if (type == "str") {
      value = without_escapes(std::move(value));
    }
    if (has_formula) row.notes.push_back({column, "FORMULA", Severity::warn, formula});
    return value;
  }

  std::string number_of(const XmlTag& cell, const std::string& value) const {
    const auto number = parse_double(value);
    if (!number) return value;
    const auto style = xml_attribute(cell.attributes, "s");
    const auto index = style ? parse_index(*style) : std::nullopt;
    const bool is_date = index && *index < book_.date_styles.size() && book_.date_styles[*index];
    return (is_date ? date_of_serial(*number, book_.since_1904) : std::nullopt)
        .value_or(is_long_integer(value) ? value : number_text(*number));
  }

  const Workbook::State& book_;
  std::string sheet_;  // its name
  std::unique_ptr<ByteReader> xml_;
  TextWindow window_;
  XmlElements rows_;
  int64_t line_ = 0;
};

Workbook::Workbook(std::string bytes, std::string name)
    : state_(std::make_unique<State>(std::move(bytes), std::move(name))) {}
Workbook::~Workbook() = default;
Workbook::Workbook(Workbook&&) noexcept = default;

const std::vector<WorkbookSheet>& Workbook::sheets() const { return state_->sheets; }
const Archive& Workbook::archive() const { return state_->archive; }

const WorkbookSheet& Workbook::sheet(std::string_view name) const {
  if (name.empty()) return state_->sheets.front();
  std::string names;
  for (const WorkbookSheet& sheet : state_->sheets) {
    if (sheet.name == name) return sheet;
    names += (names.empty() ? "" : ", ") + sheet.name;
  }
  refuse(state_->name, "NO_HEADER", concat("no sheet ", name, "; there are: ", names));
}

std::unique_ptr<CellSource> Workbook::rows(const WorkbookSheet& sheet) const {
  return std::make_unique<SheetRows>(*state_, sheet.name, state_->archive.open(sheet.entry));
}

std::vector<std::string> Workbook::table_ranges(const WorkbookSheet& sheet) const {
  std::vector<std::string> ranges;
  for (const auto& [id, target] : state_->relationships(sheet.entry)) {
    if (target.second != "table") continue;
    for_each_element(state_->optional_entry(target.first), "table",
                     [&](const XmlTag& tag, std::string_view) {
                       const auto range = xml_attribute(tag.attributes, "ref");
                       if (range) ranges.emplace_back(*range);
                     });
  }
  return ranges;
}

bool Workbook::has_pictures() const {
  const auto& entries = state_->archive.entries();
  return std::any_of(entries.begin(), entries.end(),
                     [](const ArchiveEntry& entry) { return entry.name.starts_with("xl/media/"); });
}

}  // namespace vitrine::data
