#include "data/json_source.h"

#include <algorithm>
#include <array>
#include <utility>

namespace vitrine::data {

std::vector<JsonSpan> json_objects_inside(std::string_view text, JsonSpan value) {
  constexpr std::array<std::string_view, 5> kLists = {"@graph", "products", "resources", "entries", "items"};
  const auto members = json_members(text, value);
  const bool is_product = find_member(members, "title") != nullptr || find_member(members, "name") != nullptr || find_member(members, "content") != nullptr;
  for (const std::string_view name : kLists) {
    const JsonMember* list = is_product ? nullptr : find_member(members, name);
    if (list == nullptr || text[list->value.begin] != '[') continue;
    auto elements = json_elements(text, list->value);
    std::erase_if(elements, [&](const JsonSpan& element) { return text[element.begin] != '{'; });
    if (!elements.empty()) return elements;
  }
  return {value};
}

namespace {

/// Whether an object is no product but the list of some.
bool holds_list(std::string_view object) {
  const auto objects = json_objects_inside(object, {0, object.size()});
  return objects.front().begin > 0;
}

/// A document without line breaks opens its list soon; another first line is a row.
size_t longest_first_line(std::string_view start) {
  constexpr size_t kSoon = size_t{1} << 16;
  const std::string_view looked_at = start.substr(0, kSoon);
  for (size_t at = 0; (at = looked_at.find('[', at)) != std::string_view::npos; ++at) {
    const size_t next = skip_json_space(looked_at, at + 1);
    if (next < looked_at.size() && looked_at[next] == '{') return kMaxDocumentBytes;
  }
  return kMaxRowBytes;
}

}  // namespace

JsonSource::JsonSource(TextWindow& window) : window_(window), lines_(window, kMaxRowBytes) { find_layout(); }

/// Whether the window holds so many bytes, reading on where it does not.
bool JsonSource::fill(size_t size) {
  while (window_.text().size() < size) {
    if (!window_.more()) return false;
  }
  return true;
}

void JsonSource::find_layout() {
  size_t at = 0;
  for (;;) {
    at = skip_json_space(window_.text(), at);
    if (at < window_.text().size() || !window_.more()) break;
  }
  if (at >= window_.text().size()) return;
  const char first = window_.text()[at];
  if (first == '[') layout_ = JsonLayout::array;
  if (first != '{') return;
  size_t line_end = std::string_view::npos, seen = at;
  do {
    line_end = window_.text().find_first_of("\r\n", seen);
    seen = window_.text().size();
  } while (line_end == std::string_view::npos && seen < at + longest_first_line(window_.text().substr(at)) && window_.more());
  const std::string_view line = window_.text().substr(at, line_end == std::string_view::npos ? line_end : line_end - at);
  if (const auto end = json_value_end(line, 0)) {  // the first of many lines, or a document without line breaks
    if (holds_list(line.substr(0, *end)) && is_blank_behind(at + *end)) read_document(at);
    return;
  }
  if (line_end == std::string_view::npos) return;
  // Of a damaged first line the rest of the file says more: a document opens its object there.
  const size_t last = line.find_last_not_of(" \t\r");
  const bool goes_on = line[last] == '{' || line[last] == ',' || line[last] == '[' || line[last] == ':';
  if (goes_on) read_document(at);
}

/// Whether nothing but blanks is left from there to the file's end.
bool JsonSource::is_blank_behind(size_t at) {
  for (;;) {
    at = skip_json_space(window_.text(), at);
    if (at < window_.text().size()) return false;
    if (!window_.more()) return true;
  }
}

void JsonSource::read_document(size_t at) {
  layout_ = JsonLayout::document;
  while (window_.text().size() <= kMaxDocumentBytes && window_.more()) {
  }
  is_too_large_ = window_.text().size() > kMaxDocumentBytes;
  const std::string_view text = window_.text();
  spans_ = json_objects_inside(text, {at, json_value_end(text, at).value_or(text.size())});
}

bool JsonSource::next(JsonValue& value) {
  value = {};
  if (!next_of_layout(value)) return false;
  // What is too large is a copy that lies elsewhere, but in a document.
  if (!value.is_too_large) value.offset = window_.dropped() + static_cast<uint64_t>(value.text.data() - window_.text().data());
  return true;
}

bool JsonSource::next_of_layout(JsonValue& value) {
  if (layout_ == JsonLayout::lines) return next_line(value);
  return layout_ == JsonLayout::array ? next_element(value) : next_inside(value);
}

bool JsonSource::next_line(JsonValue& value) {
  do {
    if (!lines_.next(value.text)) return false;
  } while (lines_.is_blank());
  value.number = lines_.number();
  value.is_too_large = value.text.size() > kMaxRowBytes;
  return true;
}

bool JsonSource::next_inside(JsonValue& value) {
  if (next_span_ == spans_.size()) return false;
  value.text = spans_[next_span_++].of(window_.text());
  value.number = static_cast<int64_t>(next_span_);
  value.is_too_large = value.text.size() > kMaxRowBytes;
  return true;
}

/// Elements of an array; of one that holds a list the list's.
bool JsonSource::next_element(JsonValue& value) {
  if (next_span_ == spans_.size()) {
    spans_.clear();
    next_span_ = 0;
    if (!find_element(value)) return false;
    if (!value.is_too_large && value.text.starts_with('{') && holds_list(value.text)) spans_ = json_objects_inside(value.text, {0, value.text.size()});
  }
  if (next_span_ < spans_.size()) value.text = spans_[next_span_++].of(window_.text());
  value.number = ++number_;
  return true;
}

bool JsonSource::find_element(JsonValue& value) {
  window_.drop(std::exchange(used_, 0));
  for (;;) {  // to the element's first character
    const std::string_view text = window_.text();
    size_t at = skip_json_space(text, 0);
    while (at < text.size() && (text[at] == ',' || (!started_ && text[at] == '['))) {
      started_ = true;
      at = skip_json_space(text, at + 1);
    }
    window_.drop(at);
    if (!window_.text().empty()) break;
    if (!window_.more()) return false;
  }
  if (window_.text().front() == ']') return false;
  for (;;) {
    const auto end = json_value_end(window_.text(), 0);
    const bool is_whole = end && *end > 0 && *end < window_.text().size();
    if (is_whole && *end <= kMaxRowBytes) {
      used_ = *end;
      break;
    }
    if (window_.text().size() > kMaxRowBytes) {
      skip_element(value);
      return true;
    }
    if (!window_.more()) {
      used_ = window_.text().size();  // cut off
      break;
    }
  }
  value.text = window_.text().substr(0, std::max<size_t>(used_, 1));
  used_ = std::max<size_t>(used_, 1);  // a sign that begins no value
  return true;
}

/// Passes over an element of any size.
void JsonSource::skip_element(JsonValue& value) {
  start_ = window_.text().substr(0, kMaxRowBytes);
  value.text = start_;
  value.is_too_large = true;
  size_t depth = 0;
  bool in_string = false, escaped = false;
  for (;;) {
    const std::string_view text = window_.text();
    for (size_t at = 0; at < text.size(); ++at) {
      const char c = text[at];
      if (in_string) {
        if (escaped) escaped = false;
        else if (c == '\\') escaped = true;
        else if (c == '"') in_string = false;
        if (!in_string && depth == 0) return window_.drop(at + 1);
        continue;
      }
      if (c == '"') in_string = true;
      if (c == '{' || c == '[') ++depth;
      if ((c == '}' || c == ']') && depth > 0 && --depth == 0) return window_.drop(at + 1);
      if (depth == 0 && (c == ',' || c == ']')) return window_.drop(at);
    }
    window_.drop(text.size());
    if (!window_.more()) return;
  }
}

}  // namespace vitrine::data
