#include "io/jpeg_file.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/hash.h"
#include "io/byte_order.h"

namespace vitrine::io {
namespace {

constexpr std::string_view kXmpHead("http://ns.adobe.com/xap/1.0/\0", 29),
    kExifHead("Exif\0\0", 6), kC2paBox = "jumb";
constexpr uint8_t kApp0 = 0xE0, kApp1 = 0xE1, kApp11 = 0xEB, kStartOfScan = 0xDA, kEnd = 0xD9,
                  kTem = 0x01, kRst0 = 0xD0, kRst7 = 0xD7;
constexpr size_t kMaxPayload = 65'533;

struct Segment {
  uint8_t marker = 0;
  std::string_view data, whole;

  bool is(uint8_t kind, std::string_view head) const {
    return marker == kind && data.starts_with(head);
  }
  bool is_xmp() const { return is(kApp1, kXmpHead); }
  bool is_exif() const { return is(kApp1, kExifHead); }
};

struct JpegFile {
  std::vector<Segment> segments;  // before the first scan
  std::string_view scans;         // from there to the end marker
  std::string_view trailing;
};

[[noreturn]] void damaged(std::string_view name, const std::string& what) {
  throw Corrupt(concat("[jpeg] IMG_UNREADABLE ", name, ": damaged jpeg file: ", what));
}

bool stands_alone(uint8_t marker) { return marker == kTem || (marker >= kRst0 && marker <= kRst7); }

/// The segment at `at`, where a marker stands; fill bytes before it belong to it.
Segment segment_at(std::string_view bytes, size_t at, std::string_view name) {
  size_t code = at;
  while (code < bytes.size() && static_cast<uint8_t>(bytes[code]) == 0xFF) ++code;
  if (code == at) damaged(name, concat("no marker at byte ", at));
  if (code >= bytes.size()) damaged(name, "it ends before its end marker");
  Segment segment{.marker = static_cast<uint8_t>(bytes[code]), .data = {}, .whole = {}};
  size_t end = code + 1;
  if (segment.marker != kEnd && !stands_alone(segment.marker)) {
    const uint64_t length = bytes.size() - end < 2 ? 0 : big_endian(bytes.substr(end, 2));
    if (length < 2 || length > bytes.size() - end)
      damaged(name, concat("a segment at byte ", at, " goes beyond the end"));
    segment.data = bytes.substr(end + 2, length - 2);
    end += length;
  }
  segment.whole = bytes.substr(at, end - at);
  return segment;
}

/// Behind the coded pixels that begin at `at`: where the next marker is.
size_t end_of_scan(std::string_view bytes, size_t at, std::string_view name) {
  for (;; at += 2) {
    at = bytes.find('\xFF', at);
    if (at == bytes.npos || at + 1 >= bytes.size()) damaged(name, "it ends before its end marker");
    const auto next = static_cast<uint8_t>(bytes[at + 1]);
    if (next == 0xFF) {
      --at;  // a fill byte: look at the one behind it
    } else if (next != 0 && !(next >= kRst0 && next <= kRst7)) {
      return at;
    }
  }
}

JpegFile read_segments(std::string_view bytes, std::string_view name) {
  JpegFile file;
  size_t at = 2;
  size_t scans = 0;
  for (;;) {
    const Segment segment = segment_at(bytes, at, name);
    if (segment.marker == kStartOfScan && scans == 0) scans = at;
    at += segment.whole.size();
    if (segment.marker == kEnd) break;
    if (segment.marker == kStartOfScan) at = end_of_scan(bytes, at, name);
    if (scans == 0) file.segments.push_back(segment);
  }
  if (scans == 0) damaged(name, "it has no scan");
  file.scans = bytes.substr(scans, at - scans);
  file.trailing = bytes.substr(at);
  return file;
}

std::string make_segment(std::string_view what, std::string_view head, const std::string& data,
                         std::string_view name) {
  const size_t size = head.size() + data.size();
  VITRINE_REQUIRE(size <= kMaxPayload, "[jpeg] TOO_LARGE ", name, ": ", what, " of ", size,
                  " bytes, a segment holds ", kMaxPayload);
  return concat("\xFF", static_cast<char>(kApp1), to_big_endian(size + 2, 2), head, data);
}

/// The position behind the leading APP0 segments, or behind EXIF as well.
size_t insertion_place(const JpegFile& file, bool behind_exif) {
  size_t place = 0;
  while (place < file.segments.size() &&
         (file.segments[place].marker == kApp0 || (behind_exif && file.segments[place].is_exif())))
    ++place;
  return place;
}

}  // namespace

PictureMetadata read_jpeg_metadata(std::string_view bytes, std::string_view name) {
  const JpegFile file = read_segments(bytes, name);
  PictureMetadata metadata;
  std::string c2pa;
  for (const Segment& segment : file.segments) {
    if (segment.is_xmp()) metadata.xmp.emplace_back(segment.data.substr(kXmpHead.size()));
    if (segment.is_exif() && metadata.exif.empty())
      metadata.exif = segment.data.substr(kExifHead.size());
    // JPEG XT boxes: "JP", box instance, packet number, then length and "jumb".
    if (segment.is(kApp11, "JP") && segment.data.size() >= 16 &&
        segment.data.substr(12, 4) == kC2paBox)
      c2pa += segment.data;
  }
  if (!c2pa.empty()) metadata.c2pa_sha256 = sha256_hex(c2pa);
  metadata.trailing = file.trailing;
  return metadata;
}

std::string with_jpeg_metadata(std::string_view bytes, std::string_view name,
                               const MetadataChange& change) {
  const JpegFile file = read_segments(bytes, name);
  std::string result(bytes.substr(0, 2));
  std::string exif = change.exif ? make_segment("EXIF", kExifHead, *change.exif, name) : "";
  std::string xmp = change.xmp ? make_segment("XMP", kXmpHead, *change.xmp, name) : "";
  const size_t exif_place = insertion_place(file, false), xmp_place = insertion_place(file, true);
  for (size_t i = 0; i <= file.segments.size(); ++i) {
    if (i == exif_place) result += std::exchange(exif, "");
    if (i == xmp_place) result += std::exchange(xmp, "");
    if (i == file.segments.size()) break;
    const Segment& segment = file.segments[i];
    const bool replaced = (change.exif && segment.is_exif()) || (change.xmp && segment.is_xmp());
    if (!replaced) result += segment.whole;
  }
  return concat(result, file.scans, file.trailing);
}

}  // namespace vitrine::io
