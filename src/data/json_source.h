// data/json_source.h - the JSON values of a file one by one, whether they stand one a line, in one
// array, or inside one object. Internal to the room.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/delimited.h"
#include "data/json_spans.h"
#include "data/text_window.h"

namespace vitrine::data {

/// A file that is one object is held as a whole; it may have this many bytes.
inline constexpr size_t kMaxDocumentBytes = size_t{64} << 20;

/// How a file's values stand. A document may stand on one line: one object alone that holds a list of products.
enum class JsonLayout { lines, array, document };

/// Spans of what a document, or one value, holds: the objects of its @graph, products, resources,
/// entries or items, where it has such a list and no title of its own; else itself.
std::vector<JsonSpan> json_objects_inside(std::string_view text, JsonSpan value);

struct JsonValue {
  int64_t number = 0;     // line, or place in the array or document (elements that hold lists: over all of their objects), from 1
  std::string_view text;  // until the next call
  uint64_t offset = 0;    // of its first byte in the file's text; of one that is too large 0
  bool is_too_large = false;  // text is its start
};

class JsonSource {
 public:
  /// The window must outlive the source. Reads on until it knows the layout.
  explicit JsonSource(TextWindow& window);
  JsonLayout layout() const { return layout_; }
  /// False at the end. A value that is cut off is given as it is.
  bool next(JsonValue& value);
  /// Of lines: LineReader::first_return.
  int64_t first_return() const { return lines_.first_return(); }
  /// Whether the document is longer than kMaxDocumentBytes.
  bool is_too_large() const { return is_too_large_; }

 private:
  void find_layout();
  bool is_blank_behind(size_t at);
  void read_document(size_t at);
  bool next_of_layout(JsonValue& value);
  bool fill(size_t size);
  bool next_line(JsonValue& value);
  bool next_element(JsonValue& value);
  bool find_element(JsonValue& value);
  bool next_inside(JsonValue& value);
  void skip_element(JsonValue& value);

  TextWindow& window_;
  JsonLayout layout_ = JsonLayout::lines;
  LineReader lines_;
  bool started_ = false, is_too_large_ = false;
  size_t used_ = 0;    // of the window: the last element
  std::string start_;  // of an element that is too large
  int64_t number_ = 0;
  std::vector<JsonSpan> spans_;  // of a document, or of the array's element that holds a list
  size_t next_span_ = 0;
};

}  // namespace vitrine::data
