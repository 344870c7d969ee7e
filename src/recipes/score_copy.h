// recipes/score_copy.h - `vitrine score copy`: the log-probability that a language model gives to known texts.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/config.h"
#include "base/json.h"
#include "generation/decoder.h"
#include "text/tokenizer.h"

namespace vitrine::recipes {

/// What one line asks for: the ids from labels_from on are scored, given all ids before each.
struct ScoreRow {
  std::vector<int32_t> input_ids;
  size_t labels_from = 0;
};

/// Makes the ids of an AdvertiseGen row (content, summary) for a model with a prompt format of its own.
using RowEncoder = std::function<ScoreRow(const text::Tokenizer& tokenizer, const Json& row)>;

struct ScoreCopyRun {
  std::string input;    // JSONL; - = standard input; .gz, .zst
  std::string model;    // directory, or a name in models/
  std::string output;   // empty or - = standard output; else the file appears whole
  std::string rejects;  // file for the rows that could not be scored; empty = messages only
  std::string dtype;    // one of generation::decoder_dtypes(); empty = float32
  int threads = 0;

  void describe(FieldVisitor& v) {
    v.field("model", model, "model: a folder, or a name in models/");
    v.field("output", output, "file for the scores; it appears whole");
    v.field("rejects", rejects, "file for the rows that cannot be scored");
  }
};

/// A model and, when the directory has one, its tokenizer. One caller at a time.
class CopyScorer {
 public:
  /// encode_content: see RowEncoder; empty = content and summary are tokenized as they stand.
  /// Throws what Decoder::load and load_tokenizer throw (a directory without tokenizer files is fine);
  /// Corrupt (TOK_MISMATCH) when tokenizer and embedding differ in size by more than padding.
  CopyScorer(const std::filesystem::path& model_dir, const generation::DecoderConfig& config, RowEncoder encode_content = {});

  /// The ids of one line, by its fields:
  ///   input_ids, labels_from   as they stand; the first id has nothing before it and is never scored
  ///   prompt, text             each tokenized alone, without special tokens; an empty prompt is the bos token
  ///   content, summary         an AdvertiseGen row, prompt = content, text = summary
  /// Throws InvalidInput naming `where` and the field; NotFound, naming the files, when a text is given and there is no tokenizer.
  ScoreRow encode(const Json& row, const std::string& where) const;

  /// {"id", "tokens", "logprob"}; the id is the row's own, else `number`.
  Json score(const Json& row, int64_t number, const std::string& where);

 private:
  ScoreRow encode_text(const std::string& prompt, const std::string& text, const std::string& where) const;

  std::string why_no_tokenizer_;
  generation::Decoder decoder_;
  std::unique_ptr<text::Tokenizer> tokenizer_;  // null when the directory has none
  RowEncoder encode_content_;
};

/// Scores all lines, in order. A row that cannot be scored is skipped and listed; returns false when there was one.
/// Throws UsageError, NotFound, Corrupt (EMPTY_FILE for an input without rows), IoError, Cancelled (nothing is written then).
bool run_score_copy(const ScoreCopyRun& run, RowEncoder encode_content = {});

}  // namespace vitrine::recipes
