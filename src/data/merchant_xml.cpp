#include "data/merchant_xml.h"

#include <algorithm>
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

XmlItems::XmlItems(TextWindow& window, std::string file) : window_(window), file_(std::move(file)) {
  window_.count_lines();
  read_head();
}

/// `at`: the place in the window.
void XmlItems::refuse(int64_t row, std::string_view what, size_t at) const {
  const std::string_view before = window_.text().substr(0, at);
  const int64_t line = window_.lines_dropped() + std::count(before.begin(), before.end(), '\n') + 1;
  throw ImportRefused({file_, row, "", "NOT_XML", Severity::fatal, concat("line ", line, ": ", what)});
}

void XmlItems::read_head() {
  for (;;) {
    XmlScanner tags(window_.text());
    while (const auto tag = tags.next()) {
      if (tags.document_type().find("<!ENTITY") != std::string_view::npos)
        refuse(0, "the document type declares entities, which are not read: write their characters", static_cast<size_t>(tags.document_type().data() - window_.text().data()));
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
    const size_t first = std::min(window_.text().find('<'), window_.text().size());
    if (window_.text().size() > kHeadBytes || !window_.more()) refuse(0, concat("no <item> or <entry> of a product feed behind ", std::string_view(window_.text()).substr(first, 40)), first);
  }
}

bool XmlItems::next(XmlItem& item) {
  const auto element = items_->next();
  if (items_->is_broken()) refuse(number_ + items_->is_open(), concat("an element is not closed, or more than ", kHeadBytes, " bytes lie behind an item"));
  if (!element) return false;
  item = {++number_, element->offset, element->text, element->is_too_large};
  return true;
}

}  // namespace vitrine::data
