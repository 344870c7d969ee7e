#include "data/shop_file.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "base/error.h"
#include "base/hash.h"
#include "base/input_file.h"
#include "base/interrupt.h"
#include "data/archive.h"
#include "data/product_reader.h"
#include "data/shop_layout.h"
#include "data/structured_text.h"
#include "data/table_file.h"
#include "data/workbook.h"
#include "data/xml_scan.h"
#include "text/utf8.h"

namespace vitrine::data {
namespace fs = std::filesystem;
namespace {

constexpr size_t kChunkBytes = size_t{1} << 16;

/// That any kind of file has.
constexpr std::array<std::string_view, 6> kFields = {
    "title", "short_title", "description", "wireless_description", "seo_title", "seo_description"};

std::string known_fields() {
  std::string names;
  for (const std::string_view field : kFields) names += concat(names.empty() ? "" : ", ", field);
  return names;
}

std::map<std::string, std::string, std::less<>> parse_columns(
    const std::vector<std::string>& arguments) {
  std::map<std::string, std::string, std::less<>> columns;
  for (const std::string& argument : arguments) {
    const size_t equals = argument.find('=');
    const bool is_pair =
        equals != std::string::npos && equals != 0 && equals + 1 != argument.size();
    if (!is_pair)
      throw UsageError(concat("--columns: expected FIELD=COLUMN, got '", argument, "'"));
    const std::string field = argument.substr(0, equals);
    if (std::find(kFields.begin(), kFields.end(), field) == kFields.end())
      throw UsageError(concat("--columns: expected one of ", known_fields(), ", got '", field, "'"));
    columns[field] = argument.substr(equals + 1);
  }
  return columns;
}

bool starts_formula(std::string_view text) {
  return !text.empty() && std::string_view("=+-@").find(text.front()) != std::string_view::npos;
}

std::string one_line(std::string text) {
  for (const char c : {'\n', '\r', '\t'}) std::replace(text.begin(), text.end(), c, ' ');
  return text;
}

[[noreturn]] void refuse_changed(const std::string& name) {
  throw Corrupt(concat("[ShopFile] ", name, ": changed while it was read"));
}

[[noreturn]] void refuse_large(const std::string& name, std::string what) {
  throw ImportRefused({name, 0, "", "TOO_LARGE", Severity::fatal, std::move(what)});
}

/// Before an archive is taken into memory.
void require_room_for_archive(const InputFile& input, const std::string& name) {
  const auto bytes = input.open();
  std::vector<char> chunk(kChunkBytes);
  const auto read = [&] {
    try {
      return bytes->read(chunk);
    } catch (const Corrupt& damaged) {
      refuse_damaged(name, damaged);
    }
  };
  size_t size = read();
  if (!looks_like_archive({chunk.data(), size})) return;
  for (uint64_t total = size; size > 0; total += size = read()) {
    if (total > kMaxArchiveBytes)
      refuse_large(name, concat("an archive is changed in memory, of at most ",
                                kMaxArchiveBytes >> 20, " MiB: unpack it first"));
  }
}

/// Reads on what another reader gives, with its hash.
class HashedReader : public ByteReader {
 public:
  HashedReader(std::unique_ptr<ByteReader> bytes, Sha256& hash)
      : bytes_(std::move(bytes)), hash_(hash) {}
  size_t read(std::span<char> out) override {
    const size_t size = bytes_->read(out);
    hash_.add({out.data(), size});
    return size;
  }

 private:
  std::unique_ptr<ByteReader> bytes_;
  Sha256& hash_;
};

/// Copies a text with edits, which come in order.
class Splicer {
 public:
  Splicer(ByteReader& text, ByteSink out, std::string name)
      : text_(text), out_(std::move(out)), name_(std::move(name)), chunk_(kChunkBytes) {}

  /// Edits of one row, or of what lies before it.
  void apply(std::vector<Edit>& edits) {
    std::stable_sort(edits.begin(), edits.end(), [](const Edit& a, const Edit& b) {
      return a.begin != b.begin ? a.begin < b.begin : a.order < b.order;
    });
    for (const Edit& edit : edits) {
      if (edit.begin < at_)
        throw InternalError(concat("[ShopFile] ", name_, ": two edits of one place"));
      pass(edit.begin, true);
      if (!edit.text.empty()) out_(edit.text);
      pass(edit.end, false);
    }
  }
  void copy_rest() {
    while (fill()) pass(at_ + ready_.size(), true);
  }

 private:
  bool fill() {
    if (!ready_.empty()) return true;
    ready_ = {chunk_.data(), text_.read(chunk_)};
    return !ready_.empty();
  }
  void pass(size_t to, bool copied) {
    while (at_ < to) {
      if (!fill()) refuse_changed(name_);
      const size_t size = std::min(ready_.size(), to - at_);
      if (copied) out_(ready_.substr(0, size));
      ready_.remove_prefix(size);
      at_ += size;
    }
  }

  ByteReader& text_;
  ByteSink out_;
  std::string name_;
  std::vector<char> chunk_;
  std::string_view ready_;  // of chunk_
  size_t at_ = 0;           // of ready_ in the text
};

}  // namespace

struct ShopFile::State {
  State(std::shared_ptr<const InputFile> file, std::string file_name, const ShopFileConfig& config,
        size_t max_bytes)
      : input(std::move(file)), name(std::move(file_name)), max_file_bytes(max_bytes) {
    require_room_for_archive(*input, name);
    reader = std::make_unique<ProductReader>(input, name, config.reader, max_bytes);
    sha256 = reader->sha256();
    entry = reader->entry();
    facts.form = form_of(reader->encoding());
    facts.columns = reader->columns();
    facts.header_line = reader->header_line();
    facts.separator = reader->separator();
    facts.texts_to = parse_columns(config.columns);
    if (!entry.empty()) open_archive();
    require_written_form();
    if (!reader->format().empty()) open_layout();
  }

  void open_archive() {
    std::string packed = read_all(*input->open(), name, max_file_bytes);
    if (sha256_hex(packed) != sha256) refuse_changed(name);
    own_archive = std::make_unique<Archive>(std::move(packed), name);
    const uint64_t size = own_archive->entry(entry).size_bytes;
    const bool is_book = own_archive->contains("[Content_Types].xml");
    if (size > kMaxArchivedTableBytes)
      refuse_large(name,
                   concat(entry, " has ", size >> 20,
                          " MiB unpacked; a table in an archive is changed in memory, at most ",
                          kMaxArchivedTableBytes >> 20,
                          " MiB: ", is_book ? "save the sheet as CSV" : "unpack it first"));
    if (is_book) {
      book = std::make_unique<Workbook>(own_archive->bytes(), name);
      own_archive.reset();
    }
    std::array<char, 8> head;
    const size_t head_size = archive()->open(entry)->read(head);
    if (looks_like_archive({head.data(), head_size}))
      throw UsageError(
          concat("[ShopFile] ", name, ": a workbook inside an archive: unpack it first"));
    if (book) xml = archive()->read(entry);
  }

  const Archive* archive() const { return book ? &book->archive() : own_archive.get(); }

  /// What the text is, by its first sign where it is no table; whether we write it in this
  /// encoding.
  void require_written_form() {
    if (book) {
      layout_kind = "xlsx";
    } else if (!facts.columns.empty()) {
      layout_kind = "table";
      if (facts.form == TextForm::gb18030 && static_cast<unsigned char>(facts.separator) >= 0x30)
        throw UsageError("--separator: this sign is also a part of characters of GB18030");
    } else if (first_sign() == '<') {
      layout_kind = "xml";
      if (facts.form == TextForm::gb18030)
        throw UsageError(
            concat("[ShopFile] ", name, ": XML is written back in UTF-8 and UTF-16 only"));
    } else {
      layout_kind = "json";
      const bool is_utf8 = facts.form == TextForm::utf8 || facts.form == TextForm::utf8_bom;
      if (!is_utf8)
        throw UsageError(concat("[ShopFile] ", name, ": JSON is written back in UTF-8 only"));
    }
  }

  char first_sign() const {
    const auto text = open_text();
    std::array<char, 256> piece;
    while (const size_t size = text->read(piece)) {
      const size_t at = std::string_view(piece.data(), size).find_first_not_of(" \t\r\n");
      if (at != std::string_view::npos) return piece[at];
    }
    return '\0';
  }

  std::unique_ptr<ByteReader> open_text(Sha256* hash = nullptr) const {
    auto bytes = own_archive ? own_archive->open(entry) : input->open();
    if (hash != nullptr) bytes = std::make_unique<HashedReader>(std::move(bytes), *hash);
    return text_in_form(std::move(bytes), facts.form);
  }

  /// A layout and what it reads.
  struct OpenLayout {
    std::unique_ptr<ByteReader> bytes;
    std::unique_ptr<TextWindow> window;
    std::unique_ptr<ShopLayout> layout;
  };

  OpenLayout new_layout() const {
    OpenLayout open;
    if (book) {
      open.layout = sheet_layout(facts, xml, book->rows(sheet_of_entry()),
                                 book->table_ranges(sheet_of_entry()), last_row);
      return open;
    }
    open.bytes = open_text();
    open.window = std::make_unique<TextWindow>(*open.bytes);
    const auto make = layout_kind == "table" ? table_layout
                      : layout_kind == "xml" ? xml_layout
                                             : json_layout;
    open.layout = make(facts, *open.window);
    return open;
  }

  void open_layout() {
    facts.format = reader->format();
    read = new_layout();
    fields = read.layout->fields;
  }

  const WorkbookSheet& sheet_of_entry() const {
    for (const WorkbookSheet& sheet : book->sheets()) {
      if (sheet.entry == entry) return sheet;
    }
    throw InternalError(concat("[ShopFile] no sheet ", entry));
  }

  size_t field_index(std::string_view field) const {
    const auto found = std::find_if(fields.begin(), fields.end(),
                                    [&](const FieldSpec& spec) { return spec.field == field; });
    return static_cast<size_t>(found - fields.begin());
  }

  std::optional<ShopRow> next() {
    if (!reader) return std::nullopt;
    auto product_row = reader->next();
    if (!product_row) {
      reader->remember_mapping();
      findings = reader->file_findings();
      reader.reset();
      read = {};
      return std::nullopt;
    }
    ShopRow row;
    row.row = product_row->row;
    row.findings = std::move(product_row->findings);
    ordinal = row.row == number ? ordinal + 1 : 0;
    number = row.row;
    if (!product_row->product) return row;
    if (!read.layout) open_layout();
    const bool has_own = product_row->product->id != stable_id(sha256, row.row);
    row.lasting_id = has_own ? product_row->product->id : concat("row-", row.row);
    row.product = std::move(*product_row->product);
    find_places(row);
    return row;
  }

  /// Rows of one number come in one order from both readers; `ordinal` counts rejected ones too.
  void find_places(ShopRow& row) {
    while (!at_layout_end &&
           (!ahead || place_number < number || (place_number == number && place_ordinal < ordinal)))
      read_places();
    if (at_layout_end || place_number != number || place_ordinal != ordinal) return;
    row.places = ahead;
    row.place_idx = num_places - 1;
    last_row = number;
  }

  void read_places() {
    auto places = std::make_shared<RowPlaces>();
    do {
      at_layout_end = !read.layout->next(*places);
      if (at_layout_end) return;
    } while (places->is_header);
    place_ordinal = ahead && places->row == place_number ? place_ordinal + 1 : 0;
    place_number = places->row;
    ahead = std::move(places);
    ++num_places;
  }

  const Place& place_of(const ShopRow& row, std::string_view field) const {
    const size_t index = field_index(field);
    VITRINE_REQUIRE(row.places && index < fields.size(), "[ShopFile] row ", row.row, " and field ",
                    field, ": no such place");
    return row.places->places[index];
  }

  void copy(const ByteSink& out) const {
    Sha256 hash;
    HashedReader bytes(input->open(), hash);
    std::vector<char> chunk(kChunkBytes);
    while (const size_t size = bytes.read(chunk)) {
      throw_if_interrupted("the output is not written yet");
      out({chunk.data(), size});
    }
    if (hash.hex() != sha256) refuse_changed(name);
  }

  void write(const std::vector<size_t>& field_idxs, const NextShopText& texts,
             const ByteSink& out) const {
    if (field_idxs.empty()) return copy(out);
    if (!archive()) return write_text(field_idxs, texts, out);
    std::string inner;
    write_text(field_idxs, texts, [&](std::string_view bytes) { inner += bytes; });
    out(archive()->with_entry(entry, inner));
  }

  void write_text(const std::vector<size_t>& field_idxs, const NextShopText& texts,
                  const ByteSink& out) const {
    Sha256 hash;
    const auto source = book ? read_memory(xml) : open_text(&hash);
    TextBytes encoder(book ? TextForm::utf8 : facts.form, out);
    Splicer splicer(*source, [&](std::string_view text) { encoder.add(text); }, name);
    splice(field_idxs, texts, splicer);
    splicer.copy_rest();
    if (!archive() && hash.hex() != sha256) refuse_changed(name);
  }

  void splice(const std::vector<size_t>& field_idxs, const NextShopText& texts,
              Splicer& splicer) const {
    const OpenLayout open = new_layout();
    ShopLayout& layout = *open.layout;
    std::vector<Edit> edits = layout.place_columns(field_idxs);
    splicer.apply(edits);
    RowPlaces row;
    std::optional<ShopText> text = texts();
    const bool has_frame = std::any_of(field_idxs.begin(), field_idxs.end(),
                                       [&](size_t field) { return layout.fields[field].is_new; });
    for (int64_t place_idx = 0; (text || has_frame) && layout.next(row);) {
      throw_if_interrupted("the output is not written yet");
      edits.clear();
      for (const size_t field : field_idxs) {
        for (Edit& edit : layout.frame_edits(field, row)) {
          edit.order = 2 * layout.fields[field].column_idx;
          edits.push_back(std::move(edit));
        }
      }
      std::vector<size_t> changed;  // fields
      if (row.is_header) {
        if (has_frame) changed = field_idxs;
      } else {
        for (; text && text->place_idx == place_idx; text = texts()) {
          const Place& place = row.places[text->field_idx];
          edits.push_back({place.span.begin, place.span.end,
                           layout.encoded(text->field_idx, place, text->stored),
                           2 * layout.fields[text->field_idx].column_idx + 1});
          changed.push_back(text->field_idx);
        }
        ++place_idx;
      }
      for (Edit& edit : layout.row_edits(row, changed)) edits.push_back(std::move(edit));
      splicer.apply(edits);
    }
    if (text) refuse_changed(name);
  }

  std::shared_ptr<const InputFile> input;
  std::string name;
  size_t max_file_bytes;
  std::unique_ptr<ProductReader> reader;  // none when all rows are read
  std::string sha256, entry;              // entry: of an archive, the one that changes
  ShopFacts facts;
  std::string layout_kind;
  std::unique_ptr<Archive> own_archive;  // around a table
  std::unique_ptr<Workbook> book;
  std::string xml;  // of the workbook's sheet
  OpenLayout read;  // that gives the rows their places
  std::vector<FieldSpec> fields;
  std::vector<ImportEntry> findings;  // when all rows are read

  int64_t number = -1, ordinal = 0;        // of the last row
  std::shared_ptr<const RowPlaces> ahead;  // the last places that were read
  int64_t place_number = 0, place_ordinal = 0;
  bool at_layout_end = false;
  int64_t num_places = 0;
  int64_t last_row = 0;  // that has places
};

ShopFile::ShopFile(const fs::path& path, const ShopFileConfig& config) {
  const size_t max_bytes =
      max_unpacked_bytes(path, static_cast<size_t>(config.reader.max_file_mib) << 20);
  state_ = std::make_unique<State>(std::make_shared<const InputFile>(path), path.string(), config,
                                   max_bytes);
}

ShopFile ShopFile::in_memory(std::string bytes, std::string_view name,
                             const ShopFileConfig& config) {
  auto input = std::make_shared<const InputFile>(InputFile::in_memory(std::move(bytes)));
  return ShopFile(std::make_unique<State>(std::move(input), std::string(name), config, SIZE_MAX));
}

ShopFile::ShopFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
ShopFile::~ShopFile() = default;
ShopFile::ShopFile(ShopFile&&) noexcept = default;
ShopFile& ShopFile::operator=(ShopFile&&) noexcept = default;

std::optional<ShopRow> ShopFile::next() { return state_->next(); }
const std::string& ShopFile::format() const { return state_->facts.format; }
std::string ShopFile::encoding() const { return name_of(state_->facts.form); }
const std::string& ShopFile::sha256() const { return state_->sha256; }
const std::vector<ImportEntry>& ShopFile::file_findings() const {
  return state_->reader ? state_->reader->file_findings() : state_->findings;
}

std::string ShopFile::kind() const { return state_->own_archive ? "zip" : state_->layout_kind; }

bool ShopFile::has_field(std::string_view field) const {
  return state_->field_index(field) < state_->fields.size();
}

std::vector<std::string> ShopFile::fields() const {
  std::vector<std::string> names;
  for (const FieldSpec& spec : state_->fields) names.push_back(spec.field);
  return names;
}

std::string ShopFile::column_of(std::string_view field) const {
  return has_field(field) ? state_->fields[state_->field_index(field)].column : "";
}

bool ShopFile::is_html(std::string_view field) const {
  return has_field(field) && state_->fields[state_->field_index(field)].is_html;
}

std::string ShopFile::text(const ShopRow& row, std::string_view field) const {
  const std::string& value = state_->place_of(row, field).value;
  // Elements and members hold it in parts.
  const bool is_cell = state_->layout_kind == "table" || state_->book;
  const bool is_structured = state_->fields[state_->field_index(field)].is_structured;
  return is_cell && is_structured ? read_structured_text(value).content : value;
}

bool ShopFile::is_blank(const ShopRow& row, std::string_view field) const {
  return trim_space(text(row, field)).empty();
}

bool ShopFile::is_fixed(const ShopRow& row, std::string_view field) const {
  return state_->place_of(row, field).is_formula;
}

std::string ShopFile::stored_form(std::string_view field, std::string_view plain) const {
  if (is_html(field)) {
    std::string html = "<p>";
    for (size_t i = 0; i < plain.size(); ++i) {
      if (plain.substr(i).starts_with("\r\n")) continue;
      const bool is_line_end = plain[i] == '\n' || plain[i] == '\r';
      html += is_line_end ? "<br>" : xml_escape(plain.substr(i, 1));
    }
    return html + "</p>";
  }
  const bool for_spreadsheet = format() == "csv" || format() == "tsv";
  if (for_spreadsheet && starts_formula(plain)) return "'" + std::string(plain);
  const FieldSpec& spec = state_->fields[state_->field_index(field)];
  const bool in_table =
      spec.is_structured && format() == "merchant" && spec.column == "structured_" + spec.field;
  return in_table ? one_line(std::string(plain)) : std::string(plain);
}

bool ShopFile::fits(std::string_view field, std::string_view stored) const {
  constexpr size_t kMostUnits = 32767;
  if (!state_->book) return true;
  const bool is_structured = state_->fields.at(state_->field_index(field)).is_structured;
  const std::string cell = is_structured ? structured_text(stored) : std::string(stored);
  return text_to_utf16(cell, /*big_endian=*/false).size() / 2 <= kMostUnits;
}

ShopText ShopFile::place(const ShopRow& row, std::string_view field, std::string stored) const {
  VITRINE_REQUIRE(!is_fixed(row, field), "[ShopFile] row ", row.row, " and field ", field,
                  ": holds a formula");
  VITRINE_REQUIRE(text::is_valid_utf8(stored), "[ShopFile] row ", row.row, " and field ", field,
                  ": not valid UTF-8");
  return {row.place_idx, state_->field_index(field), std::move(stored)};
}

void ShopFile::write(const std::vector<size_t>& field_idxs, const NextShopText& texts,
                     const ByteSink& out) const {
  state_->write(field_idxs, texts, out);
}

}  // namespace vitrine::data
