// recipes/write_parts.h - the finished parts of a `write` (or `draw`, or `export`): what a run that
// was killed leaves to the next one.
//
// Beside OUTPUT lies the folder OUTPUT.parts while the run is going on:
//   run.json       what the bytes of the parts depend on
//   000017.jsonl   the rows of part 17, one such file for each form of the result
//   000017.done    written last: the part's first row, the hashes of these files, and what the run
//                  counted in them
//   lock           held by the process that writes
// Each file appears whole. A part without a `done` that fits is written anew; the same parts always
// give the same OUTPUT.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_reader.h"
#include "base/compressed.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "recipes/unfinished_folder.h"

namespace vitrine::recipes {

class WriteParts {
 public:
  /// Takes over the parts of an earlier run that had the same `settings` (an object), or makes the
  /// folder. endings: of the forms, such as ".jsonl". restart: what was left is deleted. verb: in
  /// messages.
  /// Throws Busy when another process writes `output`, InvalidInput when there are parts of other
  /// settings (naming these) or the folder holds files of others, IoError.
  WriteParts(const std::filesystem::path& output, const Json& settings,
             std::vector<std::string> endings, bool restart, std::string verb = "write");
  /// Removes the folder when no part is finished.
  ~WriteParts();
  WriteParts(const WriteParts&) = delete;
  WriteParts& operator=(const WriteParts&) = delete;

  /// Whether parts of an earlier run with these settings are there to be taken over.
  static bool are_there(const std::filesystem::path& output, const Json& settings);

  const std::filesystem::path& folder() const { return own_.place; }
  /// Parts with a `done` that were found at first.
  size_t num_found() const { return num_found_; }

  /// What finish was given for the part; nothing when it is to be written. Warns of a part whose
  /// files do not fit, or that begins elsewhere: `first_row`, where parts may differ in length.
  std::optional<Json> finished(size_t part, int64_t first_row = 0) const;

  /// Call order for each part to be written: begin (write)* finish.
  void begin(size_t part, int64_t first_row = 0);
  void write(size_t form, std::string_view text);
  void finish(const Json& totals);

  /// One form of a finished part from its start. Throws NotFound, IoError.
  std::unique_ptr<ByteReader> open(size_t part, size_t form) const;
  /// Appends one form of a finished part to `output`.
  void copy(size_t part, size_t form, OutputFile& output) const;
  /// All is done: removes the folder, but for files of others.
  void remove();

 private:
  struct OpenFile {
    std::unique_ptr<AtomicFile> file;
    Sha256 hash;
  };
  WriteParts(const std::filesystem::path& output, std::vector<std::string> endings,
             std::string verb);
  std::filesystem::path place(size_t part, std::string_view ending) const;
  void take_over(const Json& settings, bool restart);
  void delete_own_files(bool lock_too) const;

  UnfinishedFolder own_;
  std::vector<std::string> endings_;
  std::string verb_;
  std::optional<FileLock> lock_;
  size_t num_found_ = 0, num_finished_ = 0;
  bool is_removed_ = false;
  size_t part_ = 0;             // the one that is being written
  int64_t first_row_ = 0;       // of it
  std::vector<OpenFile> open_;  // its files, one a form
};

}  // namespace vitrine::recipes
