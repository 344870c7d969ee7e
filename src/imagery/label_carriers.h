// imagery/label_carriers.h - the implicit labels of a picture file, in every place where programs
// put them.
//
// We write one carrier, the XMP property AIGC; the others are read. docs/labels.md lists them.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checks/implicit_label.h"
#include "io/picture_metadata.h"

namespace vitrine::imagery {

inline constexpr std::string_view kAigcSpace = "http://www.tc260.org.cn/ns/AIGC/1.0/";
inline constexpr std::string_view kIptcSpace = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/";
inline constexpr std::string_view kSourceTypes = "http://cv.iptc.org/newscodes/digitalsourcetype/";

enum class Carrier { xmp, text, exif, foreign };  // foreign: bytes behind the picture's end
/// "xmp", "text", "exif", "foreign"
std::string_view to_string(Carrier carrier);

struct FoundLabel {
  Carrier carrier = Carrier::xmp;
  std::string text;                 // as it stands there, entities resolved
  checks::ImplicitReading reading;  // strict, as docs/formats/text_label.md
  bool is_label =
      false;  // JSON that names Label, ContentProducer and ProduceID; maybe not strictly
};

/// All of them, in the order of Carrier. What names AIGC and cannot be read is a label whose
/// reading has a problem.
std::vector<FoundLabel> find_implicit_labels(const io::PictureMetadata& metadata);

/// The last part of the DigitalSourceType ("trainedAlgorithmicMedia"); empty = there is none.
std::string digital_source_type(const io::PictureMetadata& metadata);

/// The value of the XMP property: the inner object {"Label":…}, compact and ASCII.
std::string xmp_label_text(const checks::ImplicitLabel& label);

/// The packet with another AIGC value, in the form that it has. Throws Corrupt when that cannot be
/// done safely: the label is not one simple property of a packet that can be read.
std::string with_other_label(std::string_view packet, const checks::ImplicitLabel& label);

}  // namespace vitrine::imagery
