// data/xml_scan.h - where the tags of an XML text stand, so that parts of it can be read or replaced
// and the rest stays byte for byte.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace vitrine::data {

/// One start, end or empty-element tag.
struct XmlTag {
  size_t begin = 0, end = 0;   // bytes, from < to behind >
  std::string_view name;       // with its prefix: g:title
  std::string_view attributes; // what stands between name and end
  bool is_end = false, is_empty = false;

  /// The name without its prefix.
  std::string_view local_name() const;
};

/// Tags in order; comments, CDATA sections, processing instructions are passed over. Entities of a
/// document type are not resolved by anybody here. Does not check that tags match.
class XmlScanner {
 public:
  explicit XmlScanner(std::string_view text, size_t at = 0) : text_(text), at_(at) {}
  /// Nothing at the end, or where a tag, comment or section is not closed: is_broken then.
  std::optional<XmlTag> next();
  bool is_broken() const { return is_broken_; }

 private:
  std::optional<XmlTag> stop();
  bool skip_past(std::string_view sign);

  std::string_view text_;
  size_t at_;
  bool is_broken_ = false;
};

/// The raw value of an attribute (any prefix-free name) between quotes; nothing when it is not there.
std::optional<std::string_view> xml_attribute(std::string_view attributes, std::string_view name);

/// Characters and the five named entities and character references resolved; others stay.
std::string xml_unescape(std::string_view text);
/// For text and attribute values: & < > " and, as references, tab, CR and LF when asked.
std::string xml_escape(std::string_view text);

/// The character data of an element's content: entities resolved, CDATA taken, tags and comments left out.
std::string xml_text(std::string_view content);

}  // namespace vitrine::data
