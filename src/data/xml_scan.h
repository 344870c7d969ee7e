// data/xml_scan.h - where the tags of an XML text stand, so that parts of it can be read or replaced
// and the rest stays byte for byte.
//
// Why no library: an export changes one cell of a sheet or feed and nothing else, so that we need byte
// offsets of every tag, also in texts that are cut or not well formed; SAX parsers (libxml2, expat) give
// events without the ends of tags, DOM parsers (pugixml) hold the whole document. Reading goes through the
// same scanner, so that what is read and what is written are the same places. Entities of a document type
// are nobody's here: there is nothing to expand and no file to fetch.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/text_window.h"

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

/// Tags in order; comments, CDATA sections, processing instructions and document types are passed over.
/// Does not check that tags match.
class XmlScanner {
 public:
  explicit XmlScanner(std::string_view text, size_t at = 0) : text_(text), at_(at) {}
  /// Nothing at the end, or where a tag, comment or section is not closed: is_broken then.
  std::optional<XmlTag> next();
  bool is_broken() const { return is_broken_; }
  /// Behind the last tag; where what is not closed begins; the end.
  size_t position() const { return position_; }
  /// The last document type that was passed over, from <!DOCTYPE to >.
  std::string_view document_type() const { return document_type_; }

 private:
  std::optional<XmlTag> stop();
  bool skip_past(std::string_view sign, size_t from = 0);

  std::string_view text_;
  size_t at_, position_ = 0;
  bool is_broken_ = false;
  std::string_view document_type_;
};

/// An element with its tags.
struct XmlElement {
  uint64_t offset = 0;        // of its first byte in the text
  std::string_view text;      // until the next call; of one that is too large the start
  XmlTag tag;                 // its start tag, in text
  bool is_too_large = false;

  /// What stands between its tags.
  std::string_view content() const;
};

/// The elements of a name out of an XML text that comes piece by piece, of any size; one inside another
/// belongs to it.
class XmlElements {
 public:
  /// The window must outlive it. An element of more than max_bytes is passed over; max_gap is what may stand before, between and
  /// behind elements, bytes.
  XmlElements(TextWindow& window, std::string local_name, size_t max_bytes, size_t max_gap = SIZE_MAX)
      : window_(window), name_(std::move(local_name)), max_bytes_(max_bytes), max_gap_(max_gap) {}
  /// Nothing at the end, and where an element, tag or comment is not closed or a gap too large: is_broken then.
  std::optional<XmlElement> next();
  bool is_broken() const { return is_broken_; }
  /// Whether a document type stands before the elements that were given.
  bool has_document_type() const { return has_document_type_; }
  /// Whether an element has begun whose end is not there.
  bool is_open() const { return is_open_; }

 private:
  std::optional<XmlElement> first_of_window();
  std::optional<XmlElement> pass_over();
  bool more();

  TextWindow& window_;
  std::string name_;
  size_t max_bytes_, max_gap_;
  size_t used_ = 0;          // of the window: the last element
  size_t gap_ = 0;           // bytes dropped behind it
  bool is_open_ = false;     // the window begins with the tag of an element whose end is not there yet
  bool is_broken_ = false;
  bool has_document_type_ = false;
  std::string start_;        // of an element that is too large
};

/// The raw value of an attribute (any prefix-free name) between quotes; nothing when it is not there.
std::optional<std::string_view> xml_attribute(std::string_view attributes, std::string_view name);

/// All of them in order: name with its prefix, raw value.
std::vector<std::pair<std::string_view, std::string_view>> xml_attributes(std::string_view attributes);

/// What is not well-formed in an element: tags that do not match, entities that nobody declares.
struct XmlProblem {
  size_t at = 0;  // byte in the element
  std::string what;
};
/// The first of them in the element that `element` is; nothing when there is none. A bare & is taken as the character.
std::optional<XmlProblem> xml_problem(std::string_view element);

/// Characters and the five named entities and character references resolved; others stay.
std::string xml_unescape(std::string_view text);
/// For text and attribute values: & < > " and, as references, tab, CR and LF when asked.
std::string xml_escape(std::string_view text);

/// The character data of an element's content: entities resolved, CDATA taken, tags and comments left out.
std::string xml_text(std::string_view content);

}  // namespace vitrine::data
