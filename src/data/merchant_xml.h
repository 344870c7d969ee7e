// data/merchant_xml.h - the items of a product feed in XML (RSS 2.0: item, Atom: entry), one by one.
// Internal to the room.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/json_spans.h"
#include "data/text_window.h"
#include "data/xml_scan.h"

namespace vitrine::data {

using ByteSpan = JsonSpan;

/// A child element of an item.
struct XmlField {
  std::string_view name;  // without prefix
  ByteSpan element, content;
  bool has_children = false;
};

/// Children of the element that `item` is, in order.
std::vector<XmlField> xml_fields(std::string_view item);

struct XmlItem {
  int64_t number = 0;     // from 1
  uint64_t offset = 0;    // of its first byte in the feed
  std::string_view text;  // with its tags, until the next call
  bool is_too_large = false;
};

/// How elements of Google's namespace are written inside an item.
struct XmlNames {
  std::string prefix;       // "g:", or "" where the namespace is the default one
  std::string declaration;  // " xmlns:g=\"…\"" where an element has to declare it itself
};

class XmlItems {
 public:
  /// The window must outlive it. Throws ImportRefused (NOT_XML) for a text that is no feed, and for one whose document type declares
  /// entities: nothing is expanded here.
  XmlItems(TextWindow& window, std::string file);
  /// False at the end. Throws ImportRefused (NOT_XML) for an item that is cut off or not well-formed.
  bool next(XmlItem& item);
  /// As the item's own elements are: by the declarations around it and of its start tag.
  XmlNames names_in(std::string_view item) const;

 private:
  [[noreturn]] void refuse(int64_t row, std::string_view what, size_t at = 0) const;
  void read_head();

  TextWindow& window_;
  std::string file_;
  std::vector<std::pair<std::string, std::string>> around_;  // prefix and namespace, declared around the items
  std::optional<XmlElements> items_;  // item | entry
  int64_t number_ = 0;
};

}  // namespace vitrine::data
