// recipes/offered_texts.h - the texts that an export may put into a shop's file, found by product.
//
// Files of lines {"id","text","field"?} or of lines of `write` ({"id","candidates":[{"text"}]}).
// They stay on disk; in memory are 24 bytes a line.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/json.h"
#include "base/seekable_input.h"

namespace vitrine::recipes {

/// One text that may go into a cell.
struct Offer {
  std::string text;  // without control characters but tab and line end
  Json candidate;  // index, model, seed: where it came from; null = not known
};

/// One line of a file.
struct OfferedLine {
  std::string id, field;
  std::vector<Offer> offers;  // for one cell, the best first; texts that hold nothing are left out
};

class OfferedTexts {
 public:
  /// [FIELD=]FILE each; FIELD is description when neither it nor the line says another. Throws
  /// InvalidInput naming file, row, field and value for a line that is no such text, NotFound,
  /// IoError, Corrupt. Warns of control characters, which are removed (CTRL_REMOVED), and of texts
  /// that hold nothing but blanks.
  explicit OfferedTexts(const std::vector<std::string>& arguments);

  /// The file of an argument.
  static std::string path_of(const std::string& argument);
  /// Of all files and the fields they are for.
  const std::string& sha256() const { return sha256_; }

  /// The lines of a product in the order of the files. They count as taken. Throws Corrupt when a
  /// file was changed since it was opened; IoError.
  std::vector<OfferedLine> take(std::string_view id);
  /// How many lines nobody took, and these in the order of the files.
  size_t num_left() const;
  void for_each_left(const std::function<void(const OfferedLine&)>& visit) const;

 private:
  struct Source {
    std::string path, field;
    SeekableInput input;
  };
  struct Entry {
    uint64_t id_hash = 0, offset = 0;
    uint32_t source = 0, size = 0;  // size: of the line, bytes
  };
  void index_lines(uint32_t source, Sha256& hash);
  OfferedLine read(const Entry& entry) const;

  std::vector<Source> sources_;
  std::vector<Entry> entries_;  // by hash, then in the order of the files
  std::vector<bool> is_taken_;  // of each
  std::string sha256_;
};

}  // namespace vitrine::recipes
