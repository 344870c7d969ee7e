#include "imagery/label_carriers.h"

#include <algorithm>

#include "base/error.h"
#include "io/exif.h"
#include "io/xmp_packet.h"

namespace vitrine::imagery {
namespace {

constexpr std::string_view kName = "AIGC";
constexpr size_t kMaxJson = 1 << 16;
constexpr int kMaxUnclosed =
    100;  // beginnings of a label that have no end: then the search is given up

bool names_label(const Json& json) {
  if (!json.is_object()) return false;
  const Json& fields =
      json.size() == 1 && json.begin().key() == kName ? json.begin().value() : json;
  const auto is_text = [&](const char* key) {
    return fields.contains(key) && fields.at(key).is_string();
  };
  return fields.is_object() && is_text("Label") && is_text("ContentProducer") &&
         is_text("ProduceID");
}

FoundLabel found(Carrier carrier, std::string text) {
  FoundLabel label{.carrier = carrier, .text = std::move(text), .reading = {}};
  label.reading = checks::read_annex_e_text(label.text);
  label.is_label = label.reading.label ||
                   names_label(Json::parse(label.text, nullptr, /*allow_exceptions=*/false));
  return label;
}

FoundLabel unreadable(Carrier carrier, std::string_view text, const std::string& problem) {
  return {.carrier = carrier,
          .text = std::string(text),
          .reading = {.label = std::nullopt, .problem = problem}};
}

void add_xmp(const std::string& packet, std::vector<FoundLabel>& labels) {
  const io::XmpReading xmp = io::read_xmp(packet);
  const size_t before = labels.size();
  for (const auto& property : xmp.properties)
    if (property.space == kAigcSpace && property.name == kName)
      labels.push_back(found(Carrier::xmp, property.value));
  if (!xmp.problem.empty() && labels.size() > before) {
    labels.back().reading = {.label = std::nullopt, .problem = xmp.problem};
    labels.back().is_label = false;
  }
  const bool hidden =
      !xmp.problem.empty() && labels.size() == before && packet.find(kAigcSpace) != packet.npos;
  if (hidden) labels.push_back(unreadable(Carrier::xmp, packet, xmp.problem));
}

/// The end of the JSON object that begins at `begin`, or npos.
size_t end_of_object(std::string_view bytes, size_t begin) {
  int depth = 0;
  bool quoted = false;
  const size_t stop = std::min(bytes.size(), begin + kMaxJson);
  for (size_t at = begin; at < stop; ++at) {
    const char c = bytes[at];
    if (quoted) {
      if (c == '\\') ++at;
      quoted = c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{') {
      ++depth;
    } else if (c == '}' && --depth == 0) {
      return at + 1;
    }
  }
  return bytes.npos;
}

bool begins_label(std::string_view object) {
  const size_t key = object.find_first_not_of(" \t\r\n", 1);
  return key != object.npos && (object.substr(key).starts_with("\"AIGC\"") ||
                                object.substr(key).starts_with("\"Label\""));
}

/// Objects that begin as a label does, anywhere among other bytes.
void add_foreign(std::string_view bytes, std::vector<FoundLabel>& labels) {
  int unclosed = 0;
  for (size_t at = bytes.find('{'); at != bytes.npos && unclosed < kMaxUnclosed;
       at = bytes.find('{', at)) {
    const bool begins = begins_label(bytes.substr(at, 64));
    const size_t end = begins ? end_of_object(bytes, at) : bytes.npos;
    if (end == bytes.npos) {
      unclosed += begins ? 1 : 0;
      ++at;
      continue;
    }
    FoundLabel label = found(Carrier::foreign, std::string(bytes.substr(at, end - at)));
    if (label.is_label) labels.push_back(std::move(label));
    at = end;
  }
}

}  // namespace

std::string_view to_string(Carrier carrier) {
  constexpr std::string_view kNames[] = {"xmp", "text", "exif", "foreign"};
  return kNames[static_cast<size_t>(carrier)];
}

std::vector<FoundLabel> find_implicit_labels(const io::PictureMetadata& metadata) {
  std::vector<FoundLabel> labels;
  for (const std::string& packet : metadata.xmp) add_xmp(packet, labels);
  for (const auto& entry : metadata.texts)
    if (entry.keyword == kName) labels.push_back(found(Carrier::text, entry.text));
  const std::string comment = io::read_exif(metadata.exif).user_comment.value_or("");
  if (begins_label(comment)) labels.push_back(found(Carrier::exif, comment));
  add_foreign(metadata.trailing, labels);
  return labels;
}

std::string digital_source_type(const io::PictureMetadata& metadata) {
  for (const std::string& packet : metadata.xmp) {
    const io::XmpReading xmp = io::read_xmp(packet);
    const auto* property = xmp.find(kIptcSpace, "DigitalSourceType");
    if (property == nullptr) continue;
    std::string value = property->value;
    while (!value.empty() && value.back() == ' ') value.pop_back();
    return value.substr(value.rfind('/') + 1);
  }
  return "";
}

std::string xmp_label_text(const checks::ImplicitLabel& label) {
  return checks::annex_e_object(label).begin().value().dump(-1, ' ', /*ensure_ascii=*/true);
}

std::string with_other_label(std::string_view packet, const checks::ImplicitLabel& label) {
  const io::XmpReading xmp = io::read_xmp(packet);
  const auto* property = xmp.find(kAigcSpace, kName);
  if (!xmp.problem.empty() || property == nullptr)
    throw Corrupt(concat("[with_other_label] no AIGC property that can be replaced",
                         xmp.problem.empty() ? "" : ": ", xmp.problem));
  return io::with_xmp_value(packet, *property, xmp_label_text(label));
}

}  // namespace vitrine::imagery
