// recipes/text_file.h - a file of texts that is read, changed text by text, and written as it was
// otherwise.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"
#include "base/json.h"
#include "text/encoding.h"

namespace vitrine::recipes {

struct TextFileConfig {
  std::string format = "auto";
  std::string column = "text", id_column = "id", field_column = "field";
  std::vector<std::string> adjacent_columns;

  void describe(FieldVisitor& v) {
    v.field("format", format, "auto = by name | jsonl | csv | tsv | txt | html",
            {"auto", "jsonl", "csv", "tsv", "txt", "html"});
    v.field("column", column, "column or field of the text");
    v.field("id_column", id_column,
            "column or field of the row's id; without it the number of the line");
    v.field("field_column", field_column,
            "column or field that says what the text is: description, title, …");
    v.field("adjacent_columns", adjacent_columns,
            "other columns of the row with texts of the same product that are too short for a "
            "label: title,short_title,alt");
  }
};

/// One text of a file.
struct TextCell {
  size_t record = 0;   // row of the file
  int64_t line = 0;    // from 1
  std::string column;  // where it stands
  std::string id;      // of the row
  std::string field;   // description, title, short_title, alt, …
  std::string text;    // UTF-8
};

/// A row that cannot be used.
struct TextReject {
  int64_t line = 0;
  std::string id, field, code, message;
};
Json to_json(const TextReject& reject);

/// jsonl: objects; csv, tsv: a header and rows; txt: one text a line, blank lines stay; html: one
/// text, the whole file. Encoding and line ends stay (UTF-8, GB18030, UTF-16); rows that cannot be
/// read are left out and listed.
class TextFile {
 public:
  /// "-" = standard input, which needs a format. Throws NotFound, IoError, Corrupt (EMPTY_FILE,
  /// ENC_UNKNOWN, no such column), UsageError for a name that says no format.
  static TextFile read(const std::filesystem::path& path, const TextFileConfig& config);

  const std::string& format() const { return format_; }
  const std::vector<TextCell>& cells() const { return cells_; }
  const std::vector<TextReject>& rejects() const { return rejects_; }
  /// SHA-256 of the file's unpacked bytes.
  const std::string& sha256() const { return sha256_; }

  /// Cell `index` gets another text. Throws InvalidInput for a text that its format cannot hold (a
  /// line end in txt).
  void set_text(size_t index, std::string text);
  /// The row of a cell is left out, with all its cells.
  void reject(size_t index, const std::string& code, const std::string& message);
  bool is_rejected(size_t index) const { return records_[cells_[index].record].rejected; }

  /// The file's bytes now, in its encoding, unpacked.
  std::string bytes() const;

 private:
  struct Record {
    int64_t line = 0;
    Json object = {};                      // jsonl
    std::vector<std::string> values = {};  // csv, tsv: cells; txt, html: the one text
    bool rejected = false;
    bool blank = false;
  };

  void read_jsonl(std::string_view text);
  void read_table(std::string_view text);
  void read_lines(std::string_view text);
  void add_record_cells(size_t record);
  void add_cell(size_t record, const std::string& column, const std::string& id,
                const std::string& field);
  void reject_line(int64_t line, const std::string& id, const std::string& code,
                   const std::string& message);
  const std::string* value(const Record& record, const std::string& column) const;
  std::string table_line(const std::vector<std::string>& values) const;

  TextFileConfig config_;
  std::string name_, format_, sha256_, line_end_ = "\n";
  text::Encoding encoding_ = text::Encoding::utf8;
  std::vector<std::string> header_;
  std::vector<Record> records_;
  std::vector<TextCell> cells_;
  std::vector<TextReject> rejects_;
};

}  // namespace vitrine::recipes
