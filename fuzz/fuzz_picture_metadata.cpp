// Containers, XMP, EXIF, labels and records of any bytes: read or refused, and what is added to a
// file that was read is read back from it, with everything else as it was.
#include <string_view>

#include "base/error.h"
#include "base/log.h"
#include "fuzz.h"
#include "imagery/generation_text.h"
#include "imagery/label_carriers.h"
#include "imagery/picture_record.h"
#include "io/exif.h"
#include "io/picture_metadata.h"
#include "io/xmp_packet.h"
#include "png_repair.h"

namespace {

using namespace vitrine;

void check_xmp(std::string_view packet) {
  const io::XmpReading xmp = io::read_xmp(packet);
  for (const auto& property : xmp.properties) {
    FUZZ_CHECK(property.begin <= property.end && property.end <= packet.size());
    if (!xmp.problem.empty() || !property.simple) continue;
    const std::string other = io::with_xmp_value(packet, property, "<new> & \"value\"");
    FUZZ_CHECK(io::read_xmp(other).problem.empty());
  }
  if (!xmp.problem.empty() || xmp.description_place == 0) return;
  const std::string more = io::with_xmp_values(packet, {{"urn:fuzz", "fuzz", "value", "a<b"}});
  FUZZ_CHECK(io::read_xmp(more).find("urn:fuzz", "value")->value == "a<b");
  FUZZ_CHECK(io::read_xmp(more).properties.size() == xmp.properties.size() + 1);
}

void check_exif(std::string_view block) {
  const io::ExifReading exif = io::read_exif(block);
  FUZZ_CHECK(io::without_rotation(block).size() == block.size());
  if (!exif.problem.empty()) return;
  const std::string more = io::with_user_comment(block, "新 value");
  FUZZ_CHECK(io::read_exif(more).user_comment == "新 value");
  FUZZ_CHECK(io::read_exif(more).orientation == exif.orientation);
}

void check_file(std::string_view bytes) {
  const io::PictureMetadata metadata = io::read_picture_metadata(bytes, "x");
  for (const auto& label : imagery::find_implicit_labels(metadata))
    FUZZ_CHECK(label.reading.label.has_value() == label.reading.problem.empty());
  imagery::digital_source_type(metadata);
  imagery::restore_settings(metadata, "x");
  for (const auto& packet : metadata.xmp) check_xmp(packet);
  check_exif(metadata.exif);
  if (metadata.format == io::PictureFormat::gif || metadata.xmp.size() > 1) return;
  const std::string more = io::with_metadata(bytes, "x", {.xmp = "<a/>", .exif = {}, .texts = {}});
  const io::PictureMetadata after = io::read_picture_metadata(more, "x");
  FUZZ_CHECK(after.xmp.size() == 1 && after.xmp[0] == "<a/>");
  FUZZ_CHECK(after.exif == metadata.exif && after.trailing == metadata.trailing &&
             after.texts.size() == metadata.texts.size());
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  set_log_level(LogLevel::off);
  const std::string bytes = fuzz::with_right_crcs({reinterpret_cast<const char*>(data), size});
  check_xmp(bytes);
  check_exif(bytes);
  const auto text = imagery::parse_generation_text(bytes);
  imagery::format_generation_text(text);
  try {
    check_file(bytes);
  } catch (const Corrupt&) {
  } catch (const InvalidInput&) {
  }
  return 0;
}
