#include "data/merchant_xml.h"

#include <utility>

#include "data/delimited.h"
#include "data/import.h"

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
      const std::string element(name);
      window_.drop(tag->begin);
      items_.emplace(window_, element, kMaxRowBytes, kHeadBytes);
      return;
    }
    if (window_.text().size() > kHeadBytes || !window_.more()) refuse("no <item> or <entry> of a product feed");
  }
}

bool XmlItems::next(XmlItem& item) {
  const auto element = items_->next();
  if (items_->is_broken()) refuse(concat("an element is not closed, or more than ", kHeadBytes, " bytes lie behind an item"));
  if (!element) return false;
  item = {++number_, element->offset, element->text, element->is_too_large};
  return true;
}

}  // namespace vitrine::data
