#include "data/merchant_xml.h"

#include <optional>
#include <utility>

#include "data/delimited.h"
#include "data/import.h"
#include "data/xml_scan.h"

namespace vitrine::data {
namespace {

constexpr std::string_view kNamespace = "http://base.google.com/ns/1.0";
constexpr size_t kHeadBytes = size_t{1} << 20;  // an item begins within them

}  // namespace

std::vector<XmlField> xml_fields(std::string_view item) {
  std::vector<XmlField> fields;
  XmlScanner tags(item);
  tags.next();  // the item's own
  size_t depth = 0;
  XmlField field;
  while (const auto tag = tags.next()) {
    if (tag->is_end) {
      if (depth == 0) break;
      if (--depth > 0) continue;
      field.content.end = tag->begin;
      field.element.end = tag->end;
      fields.push_back(field);
    } else if (depth == 0) {
      field = {tag->local_name(), {tag->begin, tag->end}, {tag->end, tag->end}, false};
      if (tag->is_empty) fields.push_back(field);
      else depth = 1;
    } else {
      field.has_children = true;
      depth += !tag->is_empty;
    }
  }
  return fields;
}

XmlItems::XmlItems(TextWindow& window, std::string file) : window_(window), file_(std::move(file)) { read_head(); }

void XmlItems::refuse(std::string what) const { throw ImportRefused({file_, number_, "", "NOT_XML", Severity::fatal, std::move(what)}); }

void XmlItems::read_head() {
  for (;;) {
    XmlScanner tags(window_.text());
    while (const auto tag = tags.next()) {
      const std::string_view name = tag->local_name();
      if (name == "rss" || name == "feed" || name == "RDF") {
        const size_t at = tag->attributes.find(kNamespace);
        const size_t begin = at == std::string_view::npos ? at : tag->attributes.rfind("xmlns:", at);
        if (begin != std::string_view::npos) prefix_ = tag->attributes.substr(begin + 6, tag->attributes.find('=', begin) - begin - 6);
      }
      if ((name != "item" && name != "entry") || tag->is_end) continue;
      element_ = name == "item" ? "item" : "entry";
      window_.drop(tag->begin);
      return;
    }
    if (window_.text().size() > kHeadBytes || !window_.more()) refuse("no <item> or <entry> of a product feed");
  }
}

bool XmlItems::next(XmlItem& item) {
  window_.drop(std::exchange(used_, 0));
  item = {};
  size_t searched = 0;
  for (;;) {
    XmlScanner tags(window_.text(), searched);
    std::optional<size_t> begin;
    while (const auto tag = tags.next()) {
      if (tag->local_name() != element_) continue;
      if (!begin && !tag->is_end) begin = tag->begin;
      const bool closes = begin && (tag->is_end || tag->is_empty);
      if (!closes) continue;
      item.number = ++number_;
      item.offset = window_.dropped() + *begin;
      item.text = window_.text().substr(*begin, tag->end - *begin);
      used_ = tag->end;
      item.is_too_large = item.text.size() > kMaxRowBytes;
      return true;
    }
    if (begin) {
      window_.drop(*begin);
      if (window_.text().size() > kMaxRowBytes + TextWindow::kChunkBytes) {
        skip_item(item);
        return true;
      }
    }
    if (!begin && window_.text().size() > kHeadBytes) refuse(concat("more than ", kHeadBytes, " bytes behind an item"));
    if (window_.more()) continue;
    if (begin) refuse(std::string("<") + std::string(element_) + "> is not closed");
    return false;
  }
}

/// Passes over an item of any size, to behind the next end tag of its name.
void XmlItems::skip_item(XmlItem& item) {
  item.number = ++number_;
  item.offset = window_.dropped();
  item.is_too_large = true;
  start_ = window_.text().substr(0, kMaxRowBytes);
  item.text = start_;
  const std::string close = "</" + std::string(element_) + ">";
  for (;;) {
    const size_t end = window_.text().find(close);
    if (end != std::string_view::npos) return window_.drop(end + close.size());
    const size_t keep = std::min(window_.text().size(), close.size());
    window_.drop(window_.text().size() - keep);
    if (!window_.more()) refuse(std::string("<") + std::string(element_) + "> is not closed");
  }
}

}  // namespace vitrine::data
