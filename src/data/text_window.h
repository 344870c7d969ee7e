// data/text_window.h - text that comes piece by piece: what was read and not yet used, as one
// string_view.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/byte_reader.h"

namespace vitrine::data {

class TextWindow {
 public:
  static constexpr size_t kChunkBytes = size_t{256} << 10;

  /// All of the text at once; it must outlive the window.
  explicit TextWindow(std::string_view text) : text_(text) {}
  /// `reader` must outlive the window; at most chunk_bytes are read at a time.
  explicit TextWindow(ByteReader& reader, size_t chunk_bytes = kChunkBytes)
      : reader_(&reader), chunk_bytes_(chunk_bytes) {}
  TextWindow(const TextWindow&) = delete;
  TextWindow& operator=(const TextWindow&) = delete;

  /// What is there; changed by more and drop.
  std::string_view text() const { return text_; }
  /// Reads on behind text(). False when nothing more comes: then what text() gave before is still valid.
  bool more();
  void drop(size_t count);
  /// Bytes dropped so far.
  uint64_t dropped() const { return dropped_; }
  /// Counts the line feeds that are dropped from now on.
  void count_lines() { counts_lines_ = true; }
  int64_t lines_dropped() const { return lines_dropped_; }

 private:
  ByteReader* reader_ = nullptr;  // none = text_ is all there is
  size_t chunk_bytes_ = 0;
  std::string chunk_;   // as it was read
  std::string buffer_;  // text_ is its end when there is a reader
  std::string_view text_;
  uint64_t dropped_ = 0;
  bool counts_lines_ = false;
  int64_t lines_dropped_ = 0;
};

/// Lines without their line feed, one after the other; a carriage return alone ends a line too. Of a
/// line longer than max_bytes the start is kept.
class LineReader {
 public:
  LineReader(TextWindow& window, size_t max_bytes) : window_(window), max_bytes_(max_bytes) {}
  /// False at the end. `line` is valid until the next call and may be max_bytes + 1 bytes long,
  /// which means longer.
  bool next(std::string_view& line);
  /// Number of the last line, from 1.
  int64_t number() const { return number_; }
  /// Whether the last line, all of it, is spaces, tabs and carriage returns.
  bool is_blank() const { return is_blank_; }
  /// Number of the first line that ended in a carriage return alone; 0 = none did.
  int64_t first_return() const { return first_return_; }

 private:
  size_t find_end();
  void drop_rest();

  TextWindow& window_;
  size_t max_bytes_;
  size_t used_ = 0;    // of the window: the last line and its line feed
  size_t no_feed_ = 0; // of the window's start: where no line feed stands
  std::string start_;  // of a line that is too long
  int64_t number_ = 0, first_return_ = 0;
  bool is_blank_ = false;
};

}  // namespace vitrine::data
