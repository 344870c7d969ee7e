#include "data/shop_file.h"

#include <algorithm>
#include <set>

#include "base/compressed.h"
#include "base/error.h"
#include "base/hash.h"
#include "data/archive.h"
#include "data/delimited.h"
#include "data/product_reader.h"
#include "data/shop_layout.h"
#include "data/structured_text.h"
#include "data/table_file.h"
#include "data/workbook.h"
#include "data/xml_scan.h"
#include "text/encoding.h"
#include "text/utf8.h"

namespace vitrine::data {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kBomUtf8 = "\xef\xbb\xbf", kBomUtf16le = "\xff\xfe", kBomUtf16be = "\xfe\xff";

TextForm form_of(text::Encoding encoding) {
  switch (encoding) {
    case text::Encoding::utf8: return TextForm::utf8;
    case text::Encoding::utf8_bom: return TextForm::utf8_bom;
    case text::Encoding::gb18030: return TextForm::gb18030;
    case text::Encoding::utf16le: return TextForm::utf16le;
    case text::Encoding::utf16be: return TextForm::utf16be;
  }
  throw InternalError("[form_of] encoding out of range");
}

std::string_view bom_of(TextForm form) {
  if (form == TextForm::utf8_bom) return kBomUtf8;
  if (form == TextForm::utf16le) return kBomUtf16le;
  return form == TextForm::utf16be ? kBomUtf16be : std::string_view();
}

bool is_utf16(TextForm form) { return form == TextForm::utf16le || form == TextForm::utf16be; }

std::map<std::string, std::string, std::less<>> parse_columns(const std::vector<std::string>& arguments) {
  std::map<std::string, std::string, std::less<>> columns;
  for (const std::string& argument : arguments) {
    const size_t equals = argument.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == argument.size()) throw UsageError(concat("--columns: expected FIELD=COLUMN, got '", argument, "'"));
    columns[argument.substr(0, equals)] = argument.substr(equals + 1);
  }
  return columns;
}

/// The separator of a table's bytes, as the reader found it.
char separator_of(std::string_view text, const ProductReader& reader, const ShopFileConfig& config) {
  if (config.reader.separator == "\\t") return '\t';
  if (!config.reader.separator.empty()) return config.reader.separator.front();
  // The one that gives the header its number of columns.
  for (const char separator : {',', '\t'}) {
    TextWindow window(text);
    DelimitedReader rows(window, separator);
    DelimitedRow row;
    while (rows.next(row) && row.line <= reader.header_line()) {
      if (row.line == reader.header_line() && row.cells.size() == reader.columns().size()) return separator;
    }
  }
  return ',';
}

/// Cells of the rows that the reader keeps, for the sheet's layout.
std::map<int64_t, std::vector<std::string>> cells_of(const Workbook& book, const WorkbookSheet& sheet) {
  std::map<int64_t, std::vector<std::string>> values;
  const auto rows = book.rows(sheet);
  DelimitedRow row;
  while (rows->next(row)) values.try_emplace(row.line, std::move(row.cells));
  return values;
}

void append_utf16(std::string& out, uint32_t unit, bool big_endian) {
  const char high = static_cast<char>(unit >> 8 & 0xff), low = static_cast<char>(unit & 0xff);
  out += big_endian ? high : low;
  out += big_endian ? low : high;
}

/// UTF-8's bytes for a value, also for a lone surrogate.
void append_utf8(std::string& out, uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xc0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xe0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (c & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | c >> 18);
    out += static_cast<char>(0x80 | (c >> 12 & 0x3f));
    out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (c & 0x3f));
  }
}

bool starts_formula(std::string_view text) { return !text.empty() && std::string_view("=+-@").find(text.front()) != std::string_view::npos; }

std::string one_line(std::string text) {
  for (const char c : {'\n', '\r', '\t'}) std::replace(text.begin(), text.end(), c, ' ');
  return text;
}

}  // namespace

std::string utf16_to_text(std::string_view bytes, bool big_endian) {
  std::string out;
  const auto unit_at = [&](size_t i) {
    const auto first = static_cast<unsigned char>(bytes[i]), second = static_cast<unsigned char>(bytes[i + 1]);
    return static_cast<uint32_t>(big_endian ? first << 8 | second : second << 8 | first);
  };
  for (size_t i = 0; i + 1 < bytes.size(); i += 2) {
    const uint32_t unit = unit_at(i);
    const bool pair = unit >= 0xd800 && unit < 0xdc00 && i + 3 < bytes.size() && unit_at(i + 2) >= 0xdc00 && unit_at(i + 2) < 0xe000;
    if (!pair) {
      append_utf8(out, unit);
      continue;
    }
    append_utf8(out, 0x10000 + ((unit - 0xd800) << 10) + (unit_at(i + 2) - 0xdc00));
    i += 2;
  }
  return out;
}

std::string text_to_utf16(std::string_view text, bool big_endian) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    uint32_t c = length == 1 ? lead : lead & (0x7fU >> length);
    for (size_t k = 1; k < length && i + k < text.size(); ++k) c = c << 6 | (static_cast<unsigned char>(text[i + k]) & 0x3fU);
    i += length;
    if (c < 0x10000) {
      append_utf16(out, c, big_endian);
    } else {
      append_utf16(out, 0xd800 + ((c - 0x10000) >> 10), big_endian);
      append_utf16(out, 0xdc00 + ((c - 0x10000) & 0x3ff), big_endian);
    }
  }
  return out;
}

std::string spliced(std::string_view text, std::vector<Edit> edits) {
  std::stable_sort(edits.begin(), edits.end(), [](const Edit& a, const Edit& b) { return a.begin != b.begin ? a.begin < b.begin : a.order < b.order; });
  std::string out;
  size_t at = 0;
  for (const Edit& edit : edits) {
    if (edit.begin < at) throw InternalError("[spliced] two edits of one place");
    out += text.substr(at, edit.begin - at);
    out += edit.text;
    at = edit.end;
  }
  return out + std::string(text.substr(at));
}

struct ShopFile::State {
  std::string bytes, name, sha256, entry;  // entry: of an archive, the one that changes
  std::string text;                        // without BOM; of UTF-16 as utf16_to_text gives it
  TextForm form = TextForm::utf8;
  std::string format;
  std::unique_ptr<Archive> archive;
  std::unique_ptr<Workbook> book;
  std::unique_ptr<ShopLayout> layout;
  std::string layout_kind;
  ImportReport report;
  std::vector<ShopRow> rows;
  std::vector<size_t> places;  // of each row, its index in layout->rows
  std::map<std::pair<size_t, size_t>, std::string> changed;  // row, field -> stored form

  size_t field_index(std::string_view field) const {
    for (size_t i = 0; i < layout->fields.size(); ++i) {
      if (layout->fields[i].field == field) return i;
    }
    return layout->fields.size();
  }

  void take_text(std::string_view content) {
    const auto encoding = text::detect_encoding(content);
    if (!encoding) throw InternalError("[ShopFile] an encoding that the reader took");
    form = form_of(*encoding);
    content.remove_prefix(bom_of(form).size());
    text = is_utf16(form) ? utf16_to_text(content, form == TextForm::utf16be) : std::string(content);
  }

  void make_layout(const ProductReader& reader, const ShopFileConfig& config) {
    const LayoutInput input{text, form, reader, separator_of(text, reader, config), parse_columns(config.columns)};
    if (book) {
      layout = sheet_layout(input, cells_of(*book, sheet_of_entry()), book->table_ranges(sheet_of_entry()));
    } else if (!reader.columns().empty()) {
      if (form == TextForm::gb18030 && static_cast<unsigned char>(input.separator) >= 0x30 && input.separator != '\t')
        throw UsageError("--separator: this sign is also a part of characters of GB18030");
      layout_kind = "table";
      layout = table_layout(input);
    } else if (text.find_first_not_of(" \t\r\n") != std::string::npos && text[text.find_first_not_of(" \t\r\n")] == '<') {
      if (form == TextForm::gb18030) throw UsageError(concat("[ShopFile] ", name, ": XML is written back in UTF-8 and UTF-16 only"));
      layout_kind = "xml";
      layout = xml_layout(input);
    } else {
      if (form != TextForm::utf8 && form != TextForm::utf8_bom) throw UsageError(concat("[ShopFile] ", name, ": JSON is written back in UTF-8 only"));
      layout_kind = "json";
      layout = json_layout(input);
    }
  }

  const WorkbookSheet& sheet_of_entry() const {
    for (const WorkbookSheet& sheet : book->sheets()) {
      if (sheet.entry == entry) return sheet;
    }
    throw InternalError(concat("[ShopFile] no sheet ", entry));
  }

  /// Finds each row's places: rows of one number come in one order from both.
  void join_rows() {
    std::map<int64_t, std::vector<size_t>> by_number;
    for (size_t i = 0; i < layout->rows.size(); ++i) by_number[layout->rows[i].row].push_back(i);
    std::vector<ShopRow> kept;
    for (size_t i = 0; i < rows.size(); ++i) {
      const auto found = by_number.find(rows[i].row);
      const size_t nth = ordinals[i];
      if (found == by_number.end() || nth >= found->second.size()) continue;
      places.push_back(found->second[nth]);
      kept.push_back(std::move(rows[i]));
    }
    rows = std::move(kept);
  }
  std::vector<size_t> ordinals;  // of each row among those of its number, rejected ones counted

  void read_rows(ProductReader& reader) {
    report.entries = reader.file_findings();
    std::map<int64_t, size_t> seen;
    while (auto row = reader.next()) {
      const size_t nth = seen[row->row]++;
      ++report.rows_in;
      ++(row->product ? report.rows_kept : report.rows_rejected);
      report.entries.insert(report.entries.end(), row->findings.begin(), row->findings.end());
      if (!row->product) continue;
      const bool has_own = row->product->id != stable_id(reader.sha256(), row->row);
      std::string lasting = has_own ? row->product->id : concat("row-", row->row);
      rows.push_back({row->row, std::move(*row->product), std::move(lasting)});
      ordinals.push_back(nth);
    }
  }

  std::vector<size_t> changed_fields() const {
    std::set<size_t> fields;
    for (const auto& [place, stored] : changed) fields.insert(place.second);
    return {fields.begin(), fields.end()};
  }

  std::string inner_bytes() const {
    std::vector<Edit> edits = layout->place_columns(changed_fields());
    std::map<size_t, std::vector<size_t>> fields_of;  // by the row's index in layout->rows
    for (const auto& [place, stored] : changed) fields_of[places[place.first]].push_back(place.second);
    for (const auto& [row, fields] : fields_of) {
      for (Edit& edit : layout->row_edits(row, fields)) edits.push_back(std::move(edit));
    }
    std::vector<bool> begun(layout->fields.size(), false);
    for (const auto& [place, stored] : changed) {
      const auto [row, field] = place;
      const size_t order = 2 * layout->fields[field].column_idx;
      if (!begun[field]) {
        for (Edit& edit : layout->first_edits(field)) {
          edit.order = order;
          edits.push_back(std::move(edit));
        }
        begun[field] = true;
      }
      const Place& at = layout->rows[places[row]].places[field];
      edits.push_back({at.span.begin, at.span.end, layout->encoded(field, at, stored), order + 1});
    }
    const std::string out = spliced(text, std::move(edits));
    return std::string(bom_of(form)) + (is_utf16(form) ? text_to_utf16(out, form == TextForm::utf16be) : out);
  }
};

ShopFile::ShopFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
ShopFile::~ShopFile() = default;
ShopFile::ShopFile(ShopFile&&) noexcept = default;
ShopFile& ShopFile::operator=(ShopFile&&) noexcept = default;

ShopFile ShopFile::read(const fs::path& path, const ShopFileConfig& config) {
  const size_t max_bytes = max_unpacked_bytes(path, static_cast<size_t>(config.reader.max_file_mib) << 20);
  std::string bytes;
  try {
    bytes = read_file_unpacked(path, max_bytes);
  } catch (const Corrupt& damaged) {
    refuse_damaged(path.string(), damaged);
  }
  return read_from(std::move(bytes), path.string(), config);
}

ShopFile ShopFile::read_from(std::string bytes, std::string_view name, const ShopFileConfig& config) {
  auto state = std::make_unique<State>();
  ProductReader reader = ProductReader::in_memory(bytes, name, config.reader);
  state->read_rows(reader);
  reader.remember_mapping();
  state->bytes = std::move(bytes);
  state->name = name;
  state->sha256 = reader.sha256();
  state->format = reader.format();
  state->entry = reader.entry();
  if (state->entry.empty()) {
    state->take_text(state->bytes);
  } else {
    state->archive = std::make_unique<Archive>(state->bytes, state->name);
    const std::string content = state->archive->read(state->entry);
    if (looks_like_archive(content)) throw UsageError(concat("[ShopFile] ", name, ": a workbook inside an archive: unpack it first"));
    if (state->archive->contains("[Content_Types].xml")) state->book = std::make_unique<Workbook>(state->bytes, state->name);
    if (state->book) state->text = content;  // XML in UTF-8, damaged or not
    else state->take_text(content);
  }
  state->make_layout(reader, config);
  state->join_rows();
  return ShopFile(std::move(state));
}

const std::string& ShopFile::format() const { return state_->format; }
const std::string& ShopFile::sha256() const { return state_->sha256; }
const ImportReport& ShopFile::report() const { return state_->report; }
const std::vector<ShopRow>& ShopFile::rows() const { return state_->rows; }

std::string ShopFile::encoding() const {
  switch (state_->form) {
    case TextForm::utf8: return "UTF-8";
    case TextForm::utf8_bom: return "UTF-8 with BOM";
    case TextForm::gb18030: return "GB18030";
    case TextForm::utf16le: return "UTF-16LE";
    case TextForm::utf16be: return "UTF-16BE";
  }
  throw InternalError("[ShopFile] form out of range");
}

std::string ShopFile::kind() const {
  if (state_->archive) return state_->book ? "xlsx" : "zip";
  return state_->layout_kind;
}

bool ShopFile::has_field(std::string_view field) const { return state_->field_index(field) < state_->layout->fields.size(); }

std::vector<std::string> ShopFile::fields() const {
  std::vector<std::string> names;
  for (const FieldSpec& spec : state_->layout->fields) names.push_back(spec.field);
  return names;
}

std::string ShopFile::column_of(std::string_view field) const { return has_field(field) ? state_->layout->fields[state_->field_index(field)].column : ""; }
bool ShopFile::is_html(std::string_view field) const { return has_field(field) && state_->layout->fields[state_->field_index(field)].is_html; }

std::string ShopFile::text(size_t row, std::string_view field) const {
  const size_t index = state_->field_index(field);
  const auto changed = state_->changed.find({row, index});
  if (changed != state_->changed.end()) return changed->second;
  const std::string& value = state_->layout->rows[state_->places[row]].places[index].value;
  const bool is_cell = state_->layout_kind == "table" || state_->book;  // elements and members hold it in parts
  return is_cell && state_->layout->fields[index].is_structured ? read_structured_text(value).content : value;
}

bool ShopFile::is_blank(size_t row, std::string_view field) const { return trim_space(text(row, field)).empty(); }

bool ShopFile::is_fixed(size_t row, std::string_view field) const { return state_->layout->rows[state_->places[row]].places[state_->field_index(field)].is_formula; }

std::string ShopFile::stored_form(std::string_view field, std::string_view plain) const {
  if (is_html(field)) {
    std::string html = "<p>";
    for (const char c : xml_escape(plain)) html += c == '\n' ? std::string("<br>") : std::string(1, c);
    return html + "</p>";
  }
  const bool for_spreadsheet = state_->format == "csv" || state_->format == "tsv";
  if (for_spreadsheet && starts_formula(plain)) return "'" + std::string(plain);
  const FieldSpec& spec = state_->layout->fields[state_->field_index(field)];
  const bool in_table = spec.is_structured && state_->format == "merchant" && spec.column == "structured_" + spec.field;
  return in_table ? one_line(std::string(plain)) : std::string(plain);
}

void ShopFile::set(size_t row, std::string_view field, std::string stored) {
  VITRINE_REQUIRE(row < state_->rows.size() && has_field(field), "[ShopFile] set: row ", row, " and field ", field, ": no such place");
  VITRINE_REQUIRE(!is_fixed(row, field), "[ShopFile] set: row ", row, " and field ", field, ": holds a formula");
  VITRINE_REQUIRE(text::is_valid_utf8(stored), "[ShopFile] set: not valid UTF-8");
  state_->changed[{row, state_->field_index(field)}] = std::move(stored);
}

std::string ShopFile::bytes() const {
  if (state_->changed.empty()) return state_->bytes;
  const std::string inner = state_->inner_bytes();
  return state_->archive ? state_->archive->with_entry(state_->entry, inner) : inner;
}

}  // namespace vitrine::data
