// recipes/score_rows.h - what the verbs that score given texts share: settings, the token ids of a
// row, and the way from lines to scored lines.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/config.h"
#include "base/json.h"
#include "text/tokenizer.h"

namespace vitrine::recipes {

/// What one line asks for: the ids from labels_from on are what is to be judged, given all ids
/// before.
struct ScoreRow {
  std::vector<int32_t> input_ids;
  size_t labels_from = 0;
};

struct ScoreRun {
  std::string input;    // JSONL; - = standard input; .gz, .zst
  std::string model;    // directory, or a name in models/
  std::string output;   // empty or - = standard output; else the file appears whole
  std::string rejects;  // file for the rows that could not be scored; empty = messages only
  std::string dtype;    // one of generation::weight_dtypes(); empty = float32
  int threads = 0;

  void describe(FieldVisitor& v) {
    v.field("model", model, "model: a folder, or a name in models/");
    v.field("output", output, "file for the scores; it appears whole");
    v.field("rejects", rejects, "file for the rows that cannot be scored");
  }
};

/// Whether a score tells labels (what is judged) from the ids before them.
enum class Labels { needed, unused };

/// The tokenizer of a model directory, when it has one, and the ids of rows. Any thread.
class RowTokenizer {
 public:
  /// Throws what load_tokenizer throws (a directory without tokenizer files is fine); Corrupt
  /// (TOK_MISMATCH), naming `verb`, when tokenizer and vocab_size differ by more than padding.
  RowTokenizer(const std::filesystem::path& model_dir, int64_t vocab_size, std::string_view verb,
               Labels labels);

  /// The ids of one line, by its fields:
  ///   input_ids, labels_from   as they stand; labels_from only where labels are needed
  ///   prompt, text             each tokenized alone, without special tokens; an empty prompt is
  ///                            the bos token, which may lack where labels are unused
  ///   content, summary         an AdvertiseGen row, prompt = content, text = summary
  /// Throws InvalidInput naming `where` and the field; NotFound, naming the files, when a text is
  /// given and there is no tokenizer.
  ScoreRow encode(const Json& row, const std::string& where) const;

 private:
  ScoreRow encode_text(const std::string& prompt, const std::string& text,
                       const std::string& where) const;

  Labels labels_;
  std::string why_no_tokenizer_;
  std::unique_ptr<text::Tokenizer> tokenizer_;  // null when the directory has none
};

/// The row's own id, else its number.
Json row_id(const Json& row, int64_t number);

/// Call order: take*, finish.
class LineScorer {
 public:
  virtual ~LineScorer() = default;
  /// Takes a row and gives the scored lines that are ready, in order of rows.
  /// Throws InvalidInput, naming `where`, for a row that cannot be scored.
  virtual std::vector<Json> take(const Json& row, int64_t number, const std::string& where) = 0;
  /// The lines of the rows that are still kept back.
  virtual std::vector<Json> finish() { return {}; }
};

/// Throws UsageError when a file of the run is also another one, or cannot be.
void check_score_run(std::string_view verb, const ScoreRun& run);

/// Scores all lines of run.input, in order. A row that cannot be scored is skipped and listed;
/// returns false when there was one.
/// Throws NotFound, Corrupt (EMPTY_FILE for an input without rows), IoError, Cancelled (nothing is
/// written then).
bool score_lines(std::string_view verb, const ScoreRun& run, LineScorer& scorer);

}  // namespace vitrine::recipes
