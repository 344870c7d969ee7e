#include "io/picture_metadata.h"

#include <algorithm>

#include "base/error.h"
#include "io/jpeg_file.h"
#include "io/png_file.h"
#include "io/webp_file.h"

namespace vitrine::io {
namespace {

PictureFormat require_format(std::string_view bytes, std::string_view name) {
  if (bytes.empty())
    throw Corrupt(concat("[read_picture_metadata] EMPTY_FILE ", name, ": the file has no bytes"));
  const auto format = recognise_picture(bytes);
  if (!format)
    throw Corrupt(concat("[read_picture_metadata] IMG_UNREADABLE ", name,
                         ": no PNG, JPEG, WebP or GIF picture"));
  return *format;
}

void require_sizes(const PictureMetadata& metadata, std::string_view name) {
  const auto require = [&](std::string_view part, size_t size) {
    VITRINE_REQUIRE(size <= kMaxMetadataBytes, "[read_picture_metadata] TOO_LARGE ", name, ": ",
                    part, " of ", size, " bytes, the limit is ", kMaxMetadataBytes);
  };
  for (const auto& packet : metadata.xmp) require("XMP", packet.size());
  for (const auto& entry : metadata.texts)
    require(concat("text ", entry.keyword), entry.text.size());
  require("EXIF", metadata.exif.size());
}

}  // namespace

const std::string* PictureMetadata::text(std::string_view keyword) const {
  const auto found = std::find_if(texts.begin(), texts.end(),
                                  [&](const TextEntry& t) { return t.keyword == keyword; });
  return found == texts.end() ? nullptr : &found->text;
}

PictureMetadata read_picture_metadata(std::string_view bytes, std::string_view name) {
  PictureMetadata metadata;
  switch (require_format(bytes, name)) {
    case PictureFormat::png:
      metadata = read_png_metadata(bytes, name);
      break;
    case PictureFormat::jpeg:
      metadata = read_jpeg_metadata(bytes, name);
      break;
    case PictureFormat::webp:
      metadata = read_webp_metadata(bytes, name);
      break;
    case PictureFormat::gif:
      metadata.trailing = bytes;
      break;
  }
  metadata.format = require_format(bytes, name);
  require_sizes(metadata, name);
  return metadata;
}

std::string with_metadata(std::string_view bytes, std::string_view name,
                          const MetadataChange& change) {
  const PictureMetadata before = read_picture_metadata(bytes, name);
  if (change.xmp && before.xmp.size() > 1)
    throw Corrupt(concat("[with_metadata] ", name, ": ", before.xmp.size(),
                         " XMP packets, which of them is the one?"));
  VITRINE_REQUIRE(before.format == PictureFormat::png || change.texts.empty(), "[with_metadata] ",
                  name, ": texts in a ", to_string(before.format), " file");
  switch (before.format) {
    case PictureFormat::png:
      return with_png_metadata(bytes, name, change);
    case PictureFormat::jpeg:
      return with_jpeg_metadata(bytes, name, change);
    case PictureFormat::webp:
      return with_webp_metadata(bytes, name, change);
    case PictureFormat::gif:
      break;
  }
  throw InvalidInput(concat("[with_metadata] ", name, ": metadata of a gif file is not written"));
}

}  // namespace vitrine::io
