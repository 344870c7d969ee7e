// data/merchant_xml.h - the items of a product feed in XML (RSS 2.0: item, Atom: entry), one by one.
// Internal to the room.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
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

class XmlItems {
 public:
  /// The window must outlive it. Throws ImportRefused (NOT_XML) for a text that is no feed, and for one whose document type declares
  /// entities: nothing is expanded here.
  XmlItems(TextWindow& window, std::string file);
  /// False at the end. Throws ImportRefused (NOT_XML) for an item that is cut off.
  bool next(XmlItem& item);
  /// The prefix that stands for http://base.google.com/ns/1.0, "g" when none does.
  const std::string& prefix() const { return prefix_; }

 private:
  [[noreturn]] void refuse(int64_t row, std::string_view what, size_t at = 0) const;
  void read_head();

  TextWindow& window_;
  std::string file_, prefix_ = "g";
  std::optional<XmlElements> items_;  // item | entry
  int64_t number_ = 0;
};

}  // namespace vitrine::data
