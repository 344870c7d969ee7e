#include "data/xml_scan.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/error.h"
#include "text/utf8.h"

namespace vitrine::data {
namespace {

constexpr std::string_view kBlank = " \t\r\n";

constexpr size_t kMaxReference = 32;  // bytes of &…; leading zeros are allowed

constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kEntities = {
    {{"amp", "&"}, {"lt", "<"}, {"gt", ">"}, {"quot", "\""}, {"apos", "'"}}};

/// Behind the end of a tag that starts at `at`: a > outside of quotes; npos when there is none.
size_t tag_end(std::string_view text, size_t at) {
  for (char quote = '\0'; at < text.size(); ++at) {
    const char c = text[at];
    if (quote != '\0') {
      if (c == quote) quote = '\0';
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '>') {
      return at + 1;
    }
  }
  return std::string_view::npos;
}

/// Behind the end of a document type that starts at `at`; npos when there is none. Quotes, comments and its inner part may hold a >.
size_t document_type_end(std::string_view text, size_t at) {
  bool is_inside = false;
  while (at < text.size()) {
    const char c = text[at];
    const std::string_view rest = text.substr(at);
    const std::string_view close = rest.starts_with("<!--") ? "-->" : rest.starts_with("<?") ? "?>" : c == '"' ? "\"" : c == '\'' ? "'" : "";
    if (!close.empty()) {
      const size_t end = text.find(close, at + (c == '<' ? 2 : 1));
      if (end == std::string_view::npos) return end;
      at = end + close.size();
      continue;
    }
    if (c == '>' && !is_inside) return at + 1;
    if (c == '[' || c == ']') is_inside = c == '[';
    ++at;
  }
  return std::string_view::npos;
}

/// What `&…;` stands for, without & and ;; empty when it is none that we know.
std::string resolved(std::string_view entity) {
  for (const auto& [name, sign] : kEntities) {
    if (entity == name) return std::string(sign);
  }
  if (!entity.starts_with('#')) return "";
  const bool hexadecimal = entity.size() > 1 && (entity[1] == 'x' || entity[1] == 'X');
  const std::string_view digits = entity.substr(hexadecimal ? 2 : 1);
  uint32_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, hexadecimal ? 16 : 10);
  const bool good = error == std::errc() && end == digits.data() + digits.size() && value > 0 && value <= 0x10ffff && (value < 0xd800 || value > 0xdfff);
  return good ? text::to_utf8(static_cast<char32_t>(value)) : "";
}

/// The attribute that begins at or behind `at`, which is moved behind it.
std::optional<std::pair<std::string_view, std::string_view>> next_attribute(std::string_view attributes, size_t& at) {
  at = attributes.find_first_not_of(kBlank, at);
  if (at == std::string_view::npos) return std::nullopt;
  const size_t equals = attributes.find('=', at);
  if (equals == std::string_view::npos) return std::nullopt;
  const std::string_view name = attributes.substr(at, equals - at);
  const size_t open = attributes.find_first_of("\"'", equals);
  if (open == std::string_view::npos) return std::nullopt;
  const size_t close = attributes.find(attributes[open], open + 1);
  if (close == std::string_view::npos) return std::nullopt;
  at = close + 1;
  return std::pair(name.substr(0, name.find_last_not_of(kBlank) + 1), attributes.substr(open + 1, close - open - 1));
}

bool is_name_sign(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || c == '#' || c == '.' || c == '-' || c == '_' || c == ':';
}

/// A reference, outside of comments and CDATA sections, to what nobody declares.
std::optional<XmlProblem> unknown_entity(std::string_view element) {
  for (size_t at = 0; (at = element.find_first_of("&<", at)) != std::string_view::npos; ++at) {
    const std::string_view rest = element.substr(at);
    if (element[at] == '<') {
      const std::string_view close = rest.starts_with("<!--") ? "-->" : rest.starts_with("<![CDATA[") ? "]]>" : "";
      if (!close.empty()) at = std::min(element.find(close, at), element.size() - 1);
      continue;
    }
    const size_t end = rest.find(';');
    if (end == std::string_view::npos || end < 2 || end > kMaxReference) continue;
    const std::string_view name = rest.substr(1, end - 1);
    if (std::all_of(name.begin(), name.end(), is_name_sign) && resolved(name).empty()) return XmlProblem{at, concat("&", name, "; is not declared: write its character")};
  }
  return std::nullopt;
}

}  // namespace

std::string_view XmlTag::local_name() const {
  const size_t colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

std::optional<XmlTag> XmlScanner::stop() {
  is_broken_ = true;
  position_ = at_;
  at_ = text_.size();
  return std::nullopt;
}

bool XmlScanner::skip_past(std::string_view sign, size_t from) {
  const size_t end = text_.find(sign, at_ + from);
  if (end == std::string_view::npos) return false;
  at_ = end + sign.size();
  return true;
}

std::optional<XmlTag> XmlScanner::next() {
  for (;;) {
    at_ = text_.find('<', at_);
    if (at_ == std::string_view::npos) {
      position_ = at_ = text_.size();
      return std::nullopt;
    }
    const std::string_view rest = text_.substr(at_);
    if (rest.starts_with("<!--")) {
      if (!skip_past("-->", 4)) return stop();
    } else if (rest.starts_with("<![CDATA[")) {
      if (!skip_past("]]>")) return stop();
    } else if (rest.starts_with("<?")) {
      if (!skip_past("?>")) return stop();
    } else if (rest.starts_with("<!DOCTYPE")) {
      const size_t end = document_type_end(text_, at_ + 9);
      if (end == std::string_view::npos) return stop();
      document_type_ = text_.substr(at_, end - at_);
      at_ = end;
    } else {
      break;
    }
  }
  XmlTag tag;
  tag.begin = at_;
  tag.end = tag_end(text_, at_ + 1);
  if (tag.end == std::string_view::npos) return stop();
  position_ = at_ = tag.end;
  std::string_view inner = text_.substr(tag.begin + 1, tag.end - tag.begin - 2);
  tag.is_end = inner.starts_with('/');
  if (tag.is_end) inner.remove_prefix(1);
  tag.is_empty = !tag.is_end && inner.ends_with('/');
  if (tag.is_empty) inner.remove_suffix(1);
  const size_t name_end = std::min(inner.find_first_of(kBlank), inner.size());
  tag.name = inner.substr(0, name_end);
  tag.attributes = inner.substr(name_end);
  return tag;
}

std::string_view XmlElement::content() const {
  if (tag.is_empty) return {};
  const size_t end = text.rfind("</");
  return end == std::string_view::npos || end < tag.end ? text.substr(tag.end) : text.substr(tag.end, end - tag.end);
}

std::optional<XmlElement> XmlElements::next() {
  window_.drop(std::exchange(used_, 0));
  for (;;) {
    if (auto element = first_of_window()) return element;
    if (is_open_ && window_.text().size() > max_bytes_) return pass_over();
    if (!more()) return std::nullopt;
  }
}

/// A whole element; without one, all that is not needed any more is dropped.
std::optional<XmlElement> XmlElements::first_of_window() {
  const std::string_view text = window_.text();
  XmlScanner tags(text);
  XmlTag open;
  size_t depth = 0;
  is_open_ = false;
  while (const auto tag = tags.next()) {
    if (tag->local_name() != name_ || (tag->is_end && depth == 0)) continue;
    if (depth == 0) open = *tag;
    if (!tag->is_empty) depth = tag->is_end ? depth - 1 : depth + 1;
    if (depth > 0) continue;
    has_document_type_ = has_document_type_ || !tags.document_type().empty();
    used_ = tag->end;
    gap_ = 0;
    XmlElement element{window_.dropped() + open.begin, text.substr(open.begin, tag->end - open.begin), open, tag->end - open.begin > max_bytes_};
    element.tag.end -= open.begin;
    element.tag.begin = 0;
    return element;
  }
  has_document_type_ = has_document_type_ || !tags.document_type().empty();
  is_open_ = depth > 0;
  const size_t used = is_open_ ? open.begin : tags.position();
  gap_ += used;
  window_.drop(used);
  return std::nullopt;
}

bool XmlElements::more() {
  // Behind the last tag nothing is left but a tag or comment that goes on; of no file that is sound is it large.
  const bool is_endless = window_.text().size() > max_bytes_ || gap_ > max_gap_;
  if (!is_endless && window_.more()) return true;
  is_broken_ = is_endless || !window_.text().empty();
  return false;
}

/// An element that is too large, up to behind the next end tag of its name.
std::optional<XmlElement> XmlElements::pass_over() {
  const uint64_t offset = window_.dropped();
  start_ = window_.text().substr(0, max_bytes_);
  XmlScanner tags(start_);
  const auto open = tags.next();
  if (!open) {
    is_broken_ = true;
    return std::nullopt;
  }
  const std::string close = concat("</", open->name, ">");
  for (;;) {
    const size_t end = window_.text().find(close);
    if (end != std::string_view::npos) {
      window_.drop(end + close.size());
      is_open_ = false;
      gap_ = 0;
      return XmlElement{offset, start_, *open, true};
    }
    window_.drop(window_.text().size() - std::min(window_.text().size(), close.size()));
    if (window_.more()) continue;
    is_broken_ = true;
    return std::nullopt;
  }
}

std::optional<std::string_view> xml_attribute(std::string_view attributes, std::string_view name) {
  for (size_t at = 0;;) {
    const auto found = next_attribute(attributes, at);
    if (!found || found->first == name) return found ? std::optional(found->second) : std::nullopt;
  }
}

std::vector<std::pair<std::string_view, std::string_view>> xml_attributes(std::string_view attributes) {
  std::vector<std::pair<std::string_view, std::string_view>> all;
  for (size_t at = 0; const auto found = next_attribute(attributes, at);) all.push_back(*found);
  return all;
}

std::optional<XmlProblem> xml_problem(std::string_view element) {
  std::vector<std::string_view> open;
  XmlScanner tags(element);
  while (const auto tag = tags.next()) {
    if (tag->is_end && (open.empty() || open.back() != tag->name)) {
      const std::string expected = open.empty() ? std::string("no end tag") : concat("</", open.back(), ">");
      return XmlProblem{tag->begin, concat("expected ", expected, ", got </", tag->name, ">")};
    }
    if (tag->is_end) open.pop_back();
    else if (!tag->is_empty) open.push_back(tag->name);
  }
  if (tags.is_broken()) return XmlProblem{tags.position(), "a tag, comment or section is not closed"};
  if (!open.empty()) return XmlProblem{element.size(), concat("<", open.back(), "> is not closed")};
  return unknown_entity(element);
}

std::string xml_unescape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const size_t amp = std::min(text.find('&', at), text.size());
    out += text.substr(at, amp - at);
    at = amp;
    if (at == text.size()) break;
    const size_t end = text.find(';', at);
    const bool short_enough = end != std::string_view::npos && end - at <= kMaxReference;
    const std::string sign = short_enough ? resolved(text.substr(at + 1, end - at - 1)) : "";
    out += sign.empty() ? "&" : sign;
    at = sign.empty() ? at + 1 : end + 1;
  }
  return out;
}

std::string xml_escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') out += "&amp;";
    else if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else if (c == '"') out += "&quot;";
    else if (c == '\r') out += "&#13;";
    else out += c;
  }
  return out;
}

std::string xml_text(std::string_view content) {
  std::string out;
  for (size_t at = 0; at < content.size();) {
    const size_t sign = std::min(content.find('<', at), content.size());
    out += xml_unescape(content.substr(at, sign - at));
    at = sign;
    const std::string_view rest = content.substr(at);
    std::string_view close = ">";
    if (rest.starts_with("<![CDATA[")) {
      const size_t end = std::min(rest.find("]]>"), rest.size());
      out += rest.substr(9, end - 9);
      close = "]]>";
    } else if (rest.starts_with("<!--")) {
      close = "-->";
    }
    const size_t end = content.find(close, at);
    at = end == std::string_view::npos ? content.size() : end + close.size();
  }
  return out;
}

}  // namespace vitrine::data
