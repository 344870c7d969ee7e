// io/xmp_packet.h - properties of an XMP packet: read in any of its forms, added without changing
// the others.
//
// The packet is XML; only what XMP allows is read: no document type, so no entity of its own.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace vitrine::io {

/// A property of an rdf:Description: an attribute of it, an element in it, or an element with
/// rdf:resource.
struct XmpProperty {
  std::string space, name;    // namespace and local name, whatever the prefix is
  std::string value;          // entities resolved; of an element with others in it, all text in it
  size_t begin = 0, end = 0;  // the value's bytes in the packet, as written there
  bool simple = true;         // those bytes are nothing but the value: it can be replaced
};

struct XmpReading {
  std::vector<XmpProperty> properties;  // in order
  std::string about;                    // of the first rdf:Description
  size_t description_place = 0;         // where another rdf:Description can be put; 0 = nowhere
  std::string problem;  // why the packet cannot be read; properties before that place are there

  const XmpProperty* find(std::string_view space, std::string_view name) const;
};
/// Any bytes. UTF-8 only; UTF-16 is a problem.
XmpReading read_xmp(std::string_view packet);

/// A property to add. `value` is UTF-8; it is escaped here.
struct XmpValue {
  std::string space, prefix, name, value;
};

/// The packet with another rdf:Description that holds `values` in element form; everything else
/// stays byte for byte. An empty packet becomes a new one. Throws Corrupt when the packet cannot be
/// read or has no place for it.
std::string with_xmp_values(std::string_view packet, const std::vector<XmpValue>& values);

/// The packet with another value of a property that read_xmp found in it. Throws Corrupt when it is
/// not simple.
std::string with_xmp_value(std::string_view packet, const XmpProperty& property,
                           std::string_view value);

}  // namespace vitrine::io
