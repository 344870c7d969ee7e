#include "data/merchant_xml.h"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "base/error.h"
#include "data/delimited.h"
#include "data/import.h"

namespace vitrine::data {
namespace {

constexpr std::string_view kNamespace = "http://base.google.com/ns/1.0";
constexpr size_t kHeadBytes = size_t{1} << 20;  // an item begins within them

/// Namespaces that a start tag declares; prefix "" is the default one.
void add_declarations(std::string_view attributes, std::vector<std::pair<std::string, std::string>>& declared) {
  for (const auto& [name, value] : xml_attributes(attributes)) {
    if (name == "xmlns") declared.emplace_back("", xml_unescape(value));
    if (name.starts_with("xmlns:")) declared.emplace_back(name.substr(6), xml_unescape(value));
  }
}

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
    around_.clear();
    std::vector<size_t> open;  // how many declarations stood before each open element
    XmlScanner tags(window_.text());
    while (const auto tag = tags.next()) {
      if (tags.document_type().find("<!ENTITY") != std::string_view::npos)
        refuse(0, "the document type declares entities, which are not read: write their characters", static_cast<size_t>(tags.document_type().data() - window_.text().data()));
      const std::string_view name = tag->local_name();
      const bool is_item = name == "item" || name == "entry";
      if (tag->is_end && !open.empty()) {
        around_.resize(open.back());
        open.pop_back();
      } else if (!tag->is_end && !tag->is_empty && !is_item) {
        open.push_back(around_.size());
        add_declarations(tag->attributes, around_);
      }
      if (!is_item || tag->is_end) continue;
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
  const auto problem = item.is_too_large ? std::nullopt : xml_problem(item.text);
  if (problem) refuse(number_, problem->what, static_cast<size_t>(item.text.data() - window_.text().data()) + problem->at);
  return true;
}

XmlNames XmlItems::names_in(std::string_view item) const {
  auto declared = around_;
  XmlScanner tags(item);
  if (const auto own = tags.next()) add_declarations(own->attributes, declared);
  std::map<std::string, std::string, std::less<>> namespaces;  // the inner declaration of a prefix holds
  for (const auto& [prefix, name] : declared) namespaces.insert_or_assign(prefix, name);
  const auto stands_for_google = [&](std::string_view prefix) {
    const auto found = namespaces.find(prefix);
    return found != namespaces.end() && found->second == kNamespace;
  };
  const auto names_of = [](std::string_view prefix) { return XmlNames{prefix.empty() ? "" : concat(prefix, ":"), ""}; };
  while (const auto tag = tags.next()) {
    const size_t colon = tag->name.find(':');
    const std::string_view prefix = colon == std::string_view::npos ? "" : tag->name.substr(0, colon);
    if (stands_for_google(prefix)) return names_of(prefix);
  }
  for (const auto& [prefix, name] : namespaces) {
    if (name == kNamespace) return names_of(prefix);
  }
  return {"g:", concat(" xmlns:g=\"", kNamespace, "\"")};
}

}  // namespace vitrine::data
