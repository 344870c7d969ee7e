#include "io/xmp_packet.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "base/error.h"
#include "text/utf8.h"

namespace vitrine::io {
namespace {

constexpr std::string_view kRdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
                           kXmlSpace = "http://www.w3.org/XML/1998/namespace";
constexpr size_t kMaxDepth = 64;
constexpr std::string_view kSpaces = " \t\r\n";

[[noreturn]] void malformed(const std::string& what) { throw Corrupt(concat("[xmp] ", what)); }

struct Attribute {
  std::string_view prefix, name;
  std::string value;
  size_t begin, end;  // of the value, inside its quotes
};

struct Tag {
  std::string_view whole_name, prefix, name;
  std::vector<Attribute> attributes;
  bool closes = false, empty = false;  // </a>, <a/>
  size_t begin = 0, end = 0;
};

std::pair<std::string_view, std::string_view> split_name(std::string_view whole) {
  const size_t colon = whole.find(':');
  if (colon == whole.npos) return {{}, whole};
  return {whole.substr(0, colon), whole.substr(colon + 1)};
}

char32_t numbered_character(std::string_view entity) {
  const bool hex = entity.starts_with("#x");
  const std::string_view digits = entity.substr(hex ? 2 : 1);
  uint32_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, hex ? 16 : 10);
  const bool good = error == std::errc() && end == digits.data() + digits.size() && value > 0 &&
                    value <= 0x10FFFF && (value < 0xD800 || value > 0xDFFF);
  if (!good) malformed(concat("no character &", entity, ";"));
  return value;
}

std::string resolved(std::string_view text) {
  static const std::map<std::string_view, std::string_view> kNamed = {
      {"lt", "<"}, {"gt", ">"}, {"amp", "&"}, {"quot", "\""}, {"apos", "'"}};
  std::string result;
  for (;;) {
    const size_t amp = std::min(text.find('&'), text.size());
    result += text.substr(0, amp);
    if (amp == text.size()) return result;
    const size_t end = text.find(';', amp);
    if (end == text.npos || end - amp > 12) malformed("an entity without end");
    const std::string_view entity = text.substr(amp + 1, end - amp - 1);
    const auto named = kNamed.find(entity);
    if (named != kNamed.end())
      result += named->second;
    else if (entity.starts_with('#'))
      result += text::to_utf8(numbered_character(entity));
    else
      malformed(concat("unknown entity &", entity, ";"));
    text.remove_prefix(end + 1);
  }
}

std::string escaped(std::string_view value) {
  std::string text;
  for (const char c : value) {
    switch (c) {
      case '&':
        text += "&amp;";
        break;
      case '<':
        text += "&lt;";
        break;
      case '>':
        text += "&gt;";
        break;
      case '"':
        text += "&quot;";
        break;
      case '\'':
        text += "&apos;";
        break;
      case '\n':
        text += "&#10;";
        break;
      case '\t':
        text += "&#9;";
        break;
      case '\r':
        text += "&#13;";
        break;
      default:
        if (static_cast<uint8_t>(c) >= 0x20) text += c;  // XML has no other control characters
    }
  }
  return text;
}

/// Reads one tag after the other; text between them is asked for by place.
class TagReader {
 public:
  explicit TagReader(std::string_view xml) : xml_(xml) {}

  /// The next tag; comments, instructions and CDATA are passed over. Nothing at the end.
  std::optional<Tag> next() {
    for (;;) {
      const size_t open = xml_.find('<', at_);
      if (open == xml_.npos) return std::nullopt;
      const std::string_view here = xml_.substr(open);
      if (here.starts_with("<!--"))
        at_ = behind("-->", open + 4);
      else if (here.starts_with("<?"))
        at_ = behind("?>", open + 2);
      else if (here.starts_with("<![CDATA["))
        at_ = behind("]]>", open + 9);
      else if (here.starts_with("<!"))
        malformed("a document type, which XMP does not have");
      else
        return read_tag(open);
    }
  }

  /// The text of a range that holds no tags: entities resolved, CDATA as it is, comments left out.
  static std::string text_of(std::string_view piece) {
    std::string text;
    while (!piece.empty()) {
      const size_t open = std::min(piece.find('<'), piece.size());
      text += resolved(piece.substr(0, open));
      piece.remove_prefix(open);
      if (piece.empty()) break;
      const bool data = piece.starts_with("<![CDATA[");
      const std::string_view end = data ? "]]>" : piece.starts_with("<!--") ? "-->" : "?>";
      const size_t close = std::min(piece.find(end), piece.size());
      if (data) text += piece.substr(9, close - 9);
      piece.remove_prefix(std::min(close + end.size(), piece.size()));
    }
    return text;
  }

 private:
  size_t behind(std::string_view sign, size_t from) const {
    const size_t place = xml_.find(sign, from);
    if (place == xml_.npos) malformed(concat("no end ", sign));
    return place + sign.size();
  }
  char peek() const { return at_ < xml_.size() ? xml_[at_] : malformed_end(); }
  [[noreturn]] static char malformed_end() { malformed("it ends inside a tag"); }
  void skip_spaces() { at_ = std::min(xml_.find_first_not_of(kSpaces, at_), xml_.size()); }

  std::string_view read_name() {
    const size_t end = std::min(xml_.find_first_of(" \t\r\n/>=<\"'", at_), xml_.size());
    if (end == at_) malformed(concat("expected a name at byte ", at_));
    const auto name = xml_.substr(at_, end - at_);
    at_ = end;
    return name;
  }

  Tag read_tag(size_t open) {
    Tag tag;
    tag.begin = open;
    at_ = open + 1;
    if (peek() == '/') {
      tag.closes = true;
      ++at_;
    }
    tag.whole_name = read_name();
    std::tie(tag.prefix, tag.name) = split_name(tag.whole_name);
    for (;;) {
      skip_spaces();
      if (peek() == '>') break;
      if (peek() == '/') {
        ++at_;
        if (peek() != '>' || tag.closes) malformed(concat("a stray / at byte ", at_));
        tag.empty = true;
        break;
      }
      if (tag.closes) malformed(concat("attributes in an end tag at byte ", at_));
      tag.attributes.push_back(read_attribute());
    }
    tag.end = ++at_;
    return tag;
  }

  Attribute read_attribute() {
    Attribute attribute{};
    std::tie(attribute.prefix, attribute.name) = split_name(read_name());
    skip_spaces();
    if (peek() != '=') malformed(concat("expected = at byte ", at_));
    ++at_;
    skip_spaces();
    const char quote = peek();
    if (quote != '"' && quote != '\'') malformed(concat("expected a quote at byte ", at_));
    attribute.begin = at_ + 1;
    attribute.end = xml_.find(quote, attribute.begin);
    if (attribute.end == xml_.npos) malformed_end();
    const auto raw = xml_.substr(attribute.begin, attribute.end - attribute.begin);
    if (raw.find('<') != raw.npos) malformed("a < in an attribute");
    attribute.value = resolved(raw);
    at_ = attribute.end + 1;
    return attribute;
  }

  std::string_view xml_;
  size_t at_ = 0;
};

/// Goes through the tags with their namespaces and collects the properties.
class PacketReader {
 public:
  PacketReader(std::string_view packet, XmpReading& reading)
      : packet_(packet), tags_(packet), reading_(reading) {}

  void run() {
    while (const auto tag = tags_.next()) {
      add_text(tag->begin);
      text_begin_ = tag->end;
      if (!tag->closes) open(*tag);
      if (tag->closes || tag->empty) close(*tag);
    }
    if (!open_.empty()) malformed(concat("<", open_.back().whole_name, "> has no end"));
    if (!any_) malformed("no XML in it");
  }

 private:
  static constexpr size_t kNone = std::string::npos;
  struct Element {
    std::string_view whole_name;
    std::map<std::string_view, std::string> spaces;  // prefixes that it declares
    bool is_description = false, is_rdf = false;
    size_t property =
        kNone;  // in reading_.properties, when the element is one whose value is its content
    size_t content_begin = 0;
  };

  std::string space_of(std::string_view prefix) const {
    if (prefix == "xml") return std::string(kXmlSpace);
    for (auto element = open_.rbegin(); element != open_.rend(); ++element) {
      const auto found = element->spaces.find(prefix);
      if (found != element->spaces.end()) return found->second;
    }
    if (!prefix.empty()) malformed(concat("undeclared prefix ", prefix));
    return "";
  }

  void open(const Tag& tag) {
    if (open_.size() == kMaxDepth) malformed("too many elements in each other");
    any_ = true;
    const bool in_description = !open_.empty() && open_.back().is_description;
    if (!open_.empty() && open_.back().property != kNone)
      reading_.properties[open_.back().property].simple = false;
    Element element{.whole_name = tag.whole_name, .spaces = {}, .content_begin = tag.end};
    for (const Attribute& a : tag.attributes) {
      if (a.prefix == "xmlns") element.spaces[a.name] = a.value;
      if (a.prefix.empty() && a.name == "xmlns") element.spaces[""] = a.value;
    }
    open_.push_back(std::move(element));
    const std::string space = space_of(tag.prefix);
    open_.back().is_rdf = space == kRdf && tag.name == "RDF";
    open_.back().is_description = space == kRdf && tag.name == "Description";
    if (open_.back().is_description)
      take_attributes(tag);
    else if (in_description)
      take_element(tag, space);
  }

  void take_attributes(const Tag& tag) {
    for (const Attribute& a : tag.attributes) {
      if (a.prefix == "xmlns" || (a.prefix.empty() && a.name == "xmlns")) continue;
      const std::string space = a.prefix.empty() ? "" : space_of(a.prefix);
      if (a.name == "about" && (space == kRdf || space.empty())) {
        if (!std::exchange(has_about_, true)) reading_.about = a.value;
      } else if (space != kRdf && space != kXmlSpace && !space.empty()) {
        reading_.properties.push_back({space, std::string(a.name), a.value, a.begin, a.end, true});
      }
    }
  }

  void take_element(const Tag& tag, const std::string& space) {
    XmpProperty property{space, std::string(tag.name), "", tag.end, tag.end, !tag.empty};
    for (const Attribute& a : tag.attributes) {
      if (a.name != "resource" || a.prefix.empty() || space_of(a.prefix) != kRdf) continue;
      reading_.properties.push_back({space, std::string(tag.name), a.value, a.begin, a.end, true});
      return;
    }
    open_.back().property = reading_.properties.size();
    reading_.properties.push_back(std::move(property));
  }

  /// Text belongs to every property element around it.
  void add_text(size_t end) {
    for (const Element& element : open_) {
      if (element.property == kNone) continue;
      reading_.properties[element.property].value +=
          TagReader::text_of(packet_.substr(text_begin_, end - text_begin_));
    }
  }

  void close(const Tag& tag) {
    if (open_.empty() || open_.back().whole_name != tag.whole_name)
      malformed(concat("</", tag.whole_name, "> closes nothing"));
    const Element& element = open_.back();
    if (element.property != kNone && tag.closes) {
      reading_.properties[element.property].begin = element.content_begin;
      reading_.properties[element.property].end = tag.begin;
    }
    if (element.is_rdf && tag.closes && reading_.description_place == 0)
      reading_.description_place = tag.begin;
    open_.pop_back();
  }

  std::string_view packet_;
  TagReader tags_;
  XmpReading& reading_;
  std::vector<Element> open_;
  size_t text_begin_ = 0;
  bool any_ = false, has_about_ = false;
};

std::string description_of(const std::vector<XmpValue>& values, std::string_view about) {
  std::map<std::string, std::string> spaces;  // prefix -> namespace
  for (const XmpValue& value : values) spaces[value.prefix] = value.space;
  std::string text =
      concat("<rdf:Description xmlns:rdf=\"", kRdf, "\" rdf:about=\"", escaped(about), "\"");
  for (const auto& [prefix, space] : spaces)
    text += concat(" xmlns:", prefix, "=\"", escaped(space), "\"");
  text += ">";
  for (const XmpValue& value : values)
    text += concat("<", value.prefix, ":", value.name, ">", escaped(value.value), "</",
                   value.prefix, ":", value.name, ">");
  return text + "</rdf:Description>\n";
}

}  // namespace

const XmpProperty* XmpReading::find(std::string_view space, std::string_view name) const {
  const auto found = std::find_if(properties.begin(), properties.end(), [&](const XmpProperty& p) {
    return p.space == space && p.name == name;
  });
  return found == properties.end() ? nullptr : &*found;
}

XmpReading read_xmp(std::string_view packet) {
  XmpReading reading;
  try {
    if (!text::is_valid_utf8(packet) || packet.find('\0') != packet.npos)
      malformed("expected UTF-8");
    PacketReader(packet, reading).run();
  } catch (const Corrupt& e) {
    reading.problem = e.what();
    reading.description_place = 0;
  }
  return reading;
}

std::string with_xmp_values(std::string_view packet, const std::vector<XmpValue>& values) {
  if (packet.empty()) {
    return concat(
        "<?xpacket begin=\"\xEF\xBB\xBF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n<x:xmpmeta "
        "xmlns:x=\"adobe:ns:meta/\">\n",
        "<rdf:RDF xmlns:rdf=\"", kRdf, "\">\n", description_of(values, ""),
        "</rdf:RDF>\n</x:xmpmeta>\n<?xpacket end=\"w\"?>");
  }
  const XmpReading reading = read_xmp(packet);
  if (!reading.problem.empty())
    throw Corrupt(concat(reading.problem, ": such a packet is not extended"));
  if (reading.description_place == 0)
    throw Corrupt("[xmp] no rdf:RDF element to put a property into");
  return concat(packet.substr(0, reading.description_place), description_of(values, reading.about),
                packet.substr(reading.description_place));
}

std::string with_xmp_value(std::string_view packet, const XmpProperty& property,
                           std::string_view value) {
  if (!property.simple)
    throw Corrupt(concat("[xmp] ", property.name, ": a value with elements in it is not replaced"));
  return concat(packet.substr(0, property.begin), escaped(value), packet.substr(property.end));
}

}  // namespace vitrine::io
