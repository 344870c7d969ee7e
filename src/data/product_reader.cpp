#include "data/product_reader.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <functional>
#include <span>
#include <utility>

#include "base/compressed.h"
#include "base/hash.h"
#include "data/archive.h"
#include "data/delimited.h"
#include "data/import_run.h"
#include "data/text_survey.h"
#include "data/workbook.h"
#include "text/encoding.h"

namespace vitrine::data {
namespace fs = std::filesystem;
namespace {

using text::Encoding;

constexpr size_t kChunkBytes = size_t{1} << 16;
constexpr std::string_view kUtf32leBom("\xff\xfe\0\0", 4);
constexpr size_t kUtf8BomBytes = 3;
constexpr size_t kHeadBytes = 8192;

[[noreturn]] void refuse(std::string_view file, std::string_view code, std::string value) {
  throw ImportRefused(
      {std::string(file), 0, "", std::string(code), Severity::fatal, std::move(value)});
}

/// Files that are no text and no archive, and that people have.
void refuse_what_is_no_text(std::string_view head, std::string_view file) {
  if (looks_like_old_workbook(head)) refuse(file, "NO_HEADER", "an old workbook (.xls): save it as .xlsx or CSV");
  if (head.starts_with("PAR1")) refuse(file, "NO_HEADER", "a Parquet file, which is not read: save it as CSV or JSONL, as by to_json(lines=True) of pandas");
  if (head.starts_with("ARROW1")) refuse(file, "NO_HEADER", "an Arrow (Feather) file, which is not read: save it as CSV or JSONL");
}

/// Reads until `out` is full or the end comes.
size_t fill(ByteReader& reader, std::span<char> out) {
  size_t filled = 0;
  while (filled < out.size()) {
    const size_t size = reader.read(out.subspan(filled));
    if (size == 0) break;
    filled += size;
  }
  return filled;
}

/// What a BOM says.
std::optional<Encoding> marked_encoding(std::string_view head) {
  const auto found = head.starts_with(kUtf32leBom)
                         ? std::nullopt
                         : text::detect_encoding(head.substr(0, kUtf8BomBytes));
  return found == Encoding::utf8_bom || found == Encoding::utf16le || found == Encoding::utf16be
             ? found
             : std::nullopt;
}

static_assert(std::endian::native == std::endian::little, "ChangeSum takes words as they lie");

/// Tells a text from one that it was changed into while it was read; far quicker than SHA-256. The
/// pieces may be cut anywhere.
class ChangeSum {
 public:
  void add(std::string_view piece) {
    for (; !piece.empty() && carried_ > 0; piece.remove_prefix(1)) add_byte(piece.front());
    for (; piece.size() >= sizeof(uint64_t); piece.remove_prefix(sizeof(uint64_t))) {
      uint64_t word = 0;
      std::memcpy(&word, piece.data(), sizeof(word));
      add_word(word);
    }
    for (const char c : piece) add_byte(c);
  }
  bool operator==(const ChangeSum&) const = default;

 private:
  void add_byte(char c) {
    word_ |= uint64_t{static_cast<unsigned char>(c)} << (8 * carried_);
    if (++carried_ < sizeof(uint64_t)) return;
    add_word(std::exchange(word_, 0));
    carried_ = 0;
  }
  void add_word(uint64_t word) { state_ = (std::rotl(state_, 29) ^ word) * 0x9e3779b97f4a7c15ULL; }

  uint64_t state_ = 0, word_ = 0;
  size_t carried_ = 0;  // bytes in word_
};

/// What must be known of a text before its rows are read.
struct TextFacts {
  Encoding encoding = Encoding::utf8;
  uint64_t size_bytes = 0;  // with its BOM
  TextSurvey text;          // of the text in UTF-8
};

using OpenBytes = std::function<std::unique_ptr<ByteReader>()>;

/// Gathers the facts of a text from its pieces, as far as one reading shows them. Call order: (add)* finish.
class TextSurveyor {
 public:
  void add(std::string_view piece) {
    if (piece.empty()) return;
    if (facts_.size_bytes == 0) {
      head_ = piece.substr(0, kUtf32leBom.size());
      marked_ = marked_encoding(piece);
    }
    const bool has_utf8_bom = facts_.size_bytes == 0 && marked_ == Encoding::utf8_bom;
    facts_.size_bytes += piece.size();
    if (has_utf8_bom) piece.remove_prefix(kUtf8BomBytes);
    const bool may_be_utf8 = !marked_ || marked_ == Encoding::utf8_bom;
    if (may_be_utf8) facts_.text.add(piece);
  }

  /// `open` is used for texts that are not UTF-8, which are read again. Throws ImportRefused: ENC_UNKNOWN, ENC_BAD_SEQ
  /// (UTF-16 of an odd number of bytes).
  TextFacts finish(const OpenBytes& open, std::string_view name) {
    facts_.text.finish();
    if (head_ == kUtf32leBom) refuse_unknown(name);
    const bool is_utf8 = !marked_ && facts_.text.is_utf8();
    facts_.encoding = marked_.value_or(is_utf8 ? Encoding::utf8 : Encoding::gb18030);
    if (facts_.encoding == Encoding::utf8 || facts_.encoding == Encoding::utf8_bom) return std::move(facts_);
    if (facts_.encoding != Encoding::gb18030 && facts_.size_bytes % 2 != 0)
      refuse(name, "ENC_BAD_SEQ", concat("odd byte count ", facts_.size_bytes, " of ", to_string(facts_.encoding)));
    survey_decoded(open, name);
    return std::move(facts_);
  }

 private:
  [[noreturn]] static void refuse_unknown(std::string_view name) { refuse(name, "ENC_UNKNOWN", "neither UTF-8, GB18030 nor UTF-16 with BOM"); }

  /// GB18030 is it only when all of it decodes; of UTF-16 the first line is enough.
  void survey_decoded(const OpenBytes& open, std::string_view name) {
    const bool needs_all = facts_.encoding == Encoding::gb18030;
    const auto reader = text::decoding(open(), facts_.encoding);
    facts_.text = {};
    std::vector<char> chunk(kChunkBytes);
    while (const size_t size = fill(*reader, chunk)) {
      const std::string_view piece(chunk.data(), size);
      if (needs_all && piece.find(text::kBadSequence) != std::string_view::npos) refuse_unknown(name);
      if (!facts_.text.knows_first_line()) facts_.text.add(piece);
      else if (!needs_all) break;
    }
    facts_.text.finish();
  }

  TextFacts facts_;
  std::string head_;
  std::optional<Encoding> marked_;  // by a BOM
};

/// The first reading of a file.
struct FileSurvey {
  std::string sha256;
  ChangeSum sum;
  uint64_t size_bytes = 0;
  bool is_archive = false;
  TextFacts facts;  // of a file that is none
};

FileSurvey survey_file(const InputFile& input, std::string_view name, size_t max_bytes) {
  auto reader = input.open();
  const auto read = [&](std::span<char> out) {
    try {
      return fill(*reader, out);
    } catch (const Corrupt& damaged) {
      refuse_damaged(name, damaged);
    }
  };
  FileSurvey survey;
  TextSurveyor text;
  Sha256 hash;
  std::string head;
  std::vector<char> chunk(kChunkBytes);
  while (const size_t size = read(chunk)) {
    const std::string_view piece(chunk.data(), size);
    if (size > max_bytes - survey.size_bytes)
      refuse(name, "TOO_LARGE", concat("more than ", max_bytes, " bytes unpacked"));
    if (survey.size_bytes == 0) head = piece.substr(0, 8);
    hash.add(piece);
    survey.sum.add(piece);
    survey.size_bytes += size;
    text.add(piece);
  }
  reader.reset();  // one at a time
  survey.sha256 = hash.hex();
  refuse_what_is_no_text(head, name);
  survey.is_archive = looks_like_archive(head);
  if (!survey.is_archive) survey.facts = text.finish([&] { return input.open(); }, name);
  return survey;
}

/// The same of a table inside an archive.
TextFacts survey_entry(const Archive& archive, const std::string& entry, std::string_view name) {
  const auto reader = archive.open(entry);
  TextSurveyor text;
  std::vector<char> chunk(kChunkBytes);
  while (const size_t size = fill(*reader, chunk)) text.add({chunk.data(), size});
  return text.finish([&] { return archive.open(entry); }, concat(name, "/", entry));
}

/// The second reading, which must find the same bytes.
class SameBytesReader : public ByteReader {
 public:
  SameBytesReader(std::unique_ptr<ByteReader> bytes, const FileSurvey& first, std::string name)
      : bytes_(std::move(bytes)), expected_(first.sum), expected_bytes_(first.size_bytes), name_(std::move(name)) {}
  size_t read(std::span<char> out) override {
    if (at_end_) return 0;
    const size_t size = bytes_->read(out);
    sum_.add({out.data(), size});
    size_bytes_ += size;
    at_end_ = size == 0;
    if (at_end_ && (sum_ != expected_ || size_bytes_ != expected_bytes_))
      throw Corrupt(concat("[import] ", name_, ": changed while it was read"));
    return size;
  }
  uint64_t size_bytes() const { return size_bytes_; }

 private:
  std::unique_ptr<ByteReader> bytes_;
  ChangeSum expected_, sum_;
  uint64_t expected_bytes_ = 0, size_bytes_ = 0;
  std::string name_;
  bool at_end_ = false;
};

/// By the ending of the name, else by the first line.
std::string guess_format(const TextSurvey& survey, std::string_view name) {
  const std::string ending = without_compression_suffix(name).extension().string();
  if (ending == ".csv") return "csv";
  if (ending == ".tsv" || ending == ".tab") return "tsv";
  if (ending == ".jsonl" || ending == ".ndjson" || ending == ".json" || ending == ".jsonld") return "json";
  if (ending == ".xml" || ending == ".rss" || ending == ".atom") return "xml";
  if (survey.first() == '{' || survey.first() == '[') return "json";
  if (survey.first() == '<') return "xml";
  return survey.first_line_has_tab() ? "tsv" : "csv";
}

/// `by_tab`: what the first line shows where the format says nothing.
char separator_of(const ImportConfig& config, std::string_view format, bool by_tab) {
  if (config.separator == "\\t") return '\t';
  if (!config.separator.empty()) return config.separator.front();
  if (format == "csv") return by_tab ? '\t' : ',';
  return format == "tsv" || format == "taobao" || by_tab ? '\t' : ',';
}

bool is_table_format(std::string_view format) { return format == "csv" || format == "tsv" || format == "xlsx" || format == "taobao" || format == "shopify"; }

/// What macOS puts beside the files of an archive: __MACOSX/, ._NAME, .DS_Store.
bool is_of_macos(std::string_view entry) {
  const std::string_view name = entry.substr(entry.rfind('/') + 1);
  return entry.starts_with("__MACOSX/") || entry.find("/__MACOSX/") != std::string_view::npos || name.starts_with("._") || name == ".DS_Store";
}

/// The one file of an archive that holds a table.
std::string table_inside(const Archive& archive, std::string_view name) {
  constexpr std::string_view kEndings[] = {".csv", ".tsv", ".tab", ".xlsx", ".jsonl", ".ndjson", ".json", ".jsonld", ".xml"};
  std::string found;
  for (const ArchiveEntry& entry : archive.entries()) {
    const std::string ending = fs::path(entry.name).extension().string();
    if (std::find(std::begin(kEndings), std::end(kEndings), ending) == std::end(kEndings)) continue;
    if (is_of_macos(entry.name)) continue;
    if (entry.name.ends_with(".aigc.json") || entry.name.ends_with(".manifest.jsonl")) continue;  // what an export puts beside its file
    if (!found.empty()) refuse(name, "NO_HEADER", concat("several tables in one archive: ", found, ", ", entry.name));
    found = entry.name;
  }
  if (found.empty()) refuse(name, "NO_HEADER", "no table in this archive");
  return found;
}

}  // namespace

std::string header_of(const std::vector<Column>& columns, std::string_view field) {
  const auto column = std::find_if(columns.begin(), columns.end(), [&](const Column& c) { return c.field == field && !c.header.empty(); });
  return column == columns.end() ? std::string(field) : column->header;
}

size_t max_unpacked_bytes(const fs::path& path, size_t max_bytes) {
  std::error_code code;
  const bool is_packed = compression_of(path) != Compression::none && fs::is_regular_file(path, code);
  const uint64_t packed_bytes = is_packed ? fs::file_size(path, code) : 0;
  if (!is_packed || code) return max_bytes;
  const ArchiveLimits limits;
  return std::min<uint64_t>(max_bytes, std::max(limits.small_bytes, limits.max_expansion * packed_bytes));
}

void refuse_damaged(std::string_view name, const Corrupt& damaged) {
  constexpr std::string_view kTooLarge = "TOO_LARGE: ";
  const std::string_view what(damaged.what());
  const size_t large = what.find(kTooLarge), colon = what.rfind(": ");
  if (large != std::string_view::npos) refuse(name, "TOO_LARGE", std::string(what.substr(large + kTooLarge.size())));
  refuse(name, "ARCHIVE_DAMAGED", std::string(colon == std::string_view::npos ? what : what.substr(colon + 2)));
}

struct ProductReader::State {
  State(std::shared_ptr<const InputFile> file, std::string file_name, const ImportConfig& config, size_t max_bytes)
      : input(std::move(file)),
        name(std::move(file_name)),
        survey(survey_file(*input, name, max_bytes)),
        run(name, survey.sha256, config) {
    auto same = std::make_unique<SameBytesReader>(input->open(), survey, name);
    if (survey.is_archive) {
      open_archive(read_all(*same, name, max_bytes), config);
      return;
    }
    file_bytes = same.get();
    open_text(std::move(same), name, config);
  }

  /// A workbook, or an archive that holds one table.
  void open_archive(std::string packed, const ImportConfig& config) {
    auto outer = std::make_unique<Archive>(std::move(packed), name);
    if (outer->contains("[Content_Types].xml")) return open_workbook(outer->bytes(), config);
    entry = table_inside(*outer, name);
    std::array<char, 8> start;
    const std::string_view head(start.data(), fill(*outer->open(entry), start));
    if (looks_like_archive(head)) return open_workbook(outer->read(entry), config);
    refuse_what_is_no_text(head, concat(name, "/", entry));
    survey.facts = survey_entry(*outer, entry, name);
    archive = std::move(outer);
    open_text(archive->open(entry), entry, config);
  }

  void open_workbook(std::string packed, const ImportConfig& config) {
    if (!is_table_format(config.format) && config.format != "auto" && config.format != "merchant")
      throw UsageError(concat("--format: ", name, " is a workbook, got ", config.format));
    book = std::make_unique<Workbook>(std::move(packed), name);
    const std::string format = config.format == "shopify" || config.format == "merchant" || config.format == "taobao" ? config.format : "xlsx";
    run.set_format(format);
    const WorkbookSheet& sheet = book->sheet(config.sheet);
    if (entry.empty()) entry = sheet.entry;
    auto cells = book->rows(sheet);
    try {
      rows = table_rows(std::move(cells), {format, '\0'}, run);
    } catch (const ImportRefused& refused) {
      if (refused.entry().code != "EMPTY_FILE") throw;
      refuse(name, "EMPTY_FILE", book->has_pictures() ? "the sheet holds pictures and no cells" : "a sheet without cells");
    }
  }

  /// `text_name`: of an archive the entry.
  void open_text(std::unique_ptr<ByteReader> raw, std::string_view text_name, const ImportConfig& config) {
    const Encoding encoding = survey.facts.encoding;
    std::array<char, kUtf8BomBytes> bom;
    if (encoding == Encoding::utf8_bom) fill(*raw, bom);
    is_decoded = encoding != Encoding::utf8 && encoding != Encoding::utf8_bom;
    bytes = is_decoded ? text::decoding(std::move(raw), encoding) : std::move(raw);
    window = std::make_unique<TextWindow>(*bytes);
    if (survey.facts.text.is_blank()) refuse(name, "EMPTY_FILE", archive ? concat("no text in ", entry) : "no text in it");
    open_rows(config, text_name);
  }

  void open_rows(const ImportConfig& config, std::string_view file_name) {
    const std::string guessed = guess_format(survey.facts.text, file_name);
    const std::string format = config.format == "auto" ? guessed : config.format;
    const bool as_merchant_table = format == "merchant" && (guessed == "csv" || guessed == "tsv");
    if (format == "xlsx") refuse(name, "NO_HEADER", "no workbook: its first bytes are those of a text");
    if (is_table_format(format) || as_merchant_table) {
      // 淘宝助理 calls its tables .csv and parts cells by tabs: a BOM of UTF-16 and a tab say so.
      const bool by_tab = config.format == "auto" ? survey.facts.text.first_line_has_tab() && format == "csv" && is_tabbed() : survey.facts.text.first_line_has_tab();
      separator = separator_of(config, as_merchant_table ? guessed : format, by_tab || (format == "csv" && starts_with_version()));
      run.set_format(format);
      rows = table_rows(std::make_unique<DelimitedReader>(*window, separator), {format, separator}, run);
    } else if (format == "xml" || (format == "merchant" && guessed == "xml")) {
      rows = merchant_xml_rows(*window, run);
    } else {
      rows = json_rows(*window, config.format, run);
    }
  }

  std::string_view head() {
    while (window->text().size() < kHeadBytes && window->more()) {
    }
    return window->text().substr(0, kHeadBytes);
  }
  /// Whether a .csv is parted by tabs: more of them than commas in its first line.
  bool is_tabbed() {
    const std::string_view line = head().substr(0, head().find_first_of("\r\n"));
    return std::count(line.begin(), line.end(), '\t') > std::count(line.begin(), line.end(), ',');
  }
  bool starts_with_version() {
    const std::string_view start = head();
    const size_t at = start.find_first_not_of("\" \t\r\n");
    const bool version = at != std::string_view::npos && start.substr(at, 8) == "version ";
    const size_t line_end = start.find_first_of("\r\n", at);
    return version && line_end != std::string_view::npos && start.substr(line_end).find('\t') != std::string_view::npos;
  }

  std::shared_ptr<const InputFile> input;
  std::string name;
  FileSurvey survey;
  ImportRun run;
  std::unique_ptr<Archive> archive;  // that holds the table, when one does
  const SameBytesReader* file_bytes = nullptr;
  std::unique_ptr<ByteReader> bytes;  // in UTF-8
  bool is_decoded = false;
  std::unique_ptr<TextWindow> window;
  std::unique_ptr<Workbook> book;
  std::string entry;  // of an archive
  char separator = '\0';
  std::unique_ptr<RowReader> rows;
  bool has_rows = false;
};

ProductReader::ProductReader(const fs::path& path, const ImportConfig& config) {
  config.validate();
  const size_t max_bytes = max_unpacked_bytes(path, static_cast<size_t>(config.max_file_mib) << 20);
  state_ = std::make_unique<State>(std::make_shared<const InputFile>(path), path.string(), config, max_bytes);
}

ProductReader::ProductReader(std::shared_ptr<const InputFile> input, std::string_view name, const ImportConfig& config, size_t max_bytes) {
  config.validate();
  state_ = std::make_unique<State>(std::move(input), std::string(name), config, max_bytes);
}

ProductReader ProductReader::in_memory(std::string bytes, std::string_view name,
                                       const ImportConfig& config) {
  config.validate();
  return ProductReader(std::make_unique<State>(
      std::make_shared<const InputFile>(InputFile::in_memory(std::move(bytes))), std::string(name),
      config, SIZE_MAX));
}

ProductReader::ProductReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
ProductReader::~ProductReader() = default;
ProductReader::ProductReader(ProductReader&&) noexcept = default;
ProductReader& ProductReader::operator=(ProductReader&&) noexcept = default;

std::optional<ProductRow> ProductReader::next() {
  auto row = state_->rows->next();
  if (!row && !state_->has_rows) refuse(state_->name, "EMPTY_FILE", "a header and no rows");
  state_->has_rows = true;
  return row;
}

const std::vector<ImportEntry>& ProductReader::file_findings() const {
  return state_->run.warnings();
}
const std::vector<Column>& ProductReader::columns() const { return state_->run.columns(); }
int64_t ProductReader::header_line() const { return state_->run.header_line(); }
char ProductReader::separator() const { return state_->separator; }
Encoding ProductReader::encoding() const { return state_->book ? Encoding::utf8 : state_->survey.facts.encoding; }
const std::string& ProductReader::entry() const { return state_->entry; }
const std::string& ProductReader::format() const { return state_->run.format(); }
void ProductReader::remember_mapping() const { state_->run.remember_mapping(); }
const std::string& ProductReader::sha256() const { return state_->survey.sha256; }
uint64_t ProductReader::size_bytes() const { return state_->survey.size_bytes; }

double ProductReader::fraction() const {
  if (!state_->window || state_->file_bytes == nullptr) return 0;  // of a workbook or archive it is not known
  const uint64_t used = state_->is_decoded ? state_->file_bytes->size_bytes() : state_->window->dropped();
  return std::min(1.0, static_cast<double>(used) / static_cast<double>(std::max<uint64_t>(state_->survey.size_bytes, 1)));
}

}  // namespace vitrine::data
