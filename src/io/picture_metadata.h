// io/picture_metadata.h - what a picture file says beside its pixels: read, and added without
// touching them.
//
// Containers are walked, never decoded: PNG chunks with their CRC, JPEG segments, WebP chunks.
// Nothing that a file holds is taken away but the part that takes a new value.
// docs/formats/picture_metadata.md says which part is which. Messages hold one of
//   IMG_UNREADABLE  a damaged container: bad CRC, truncated, a size beyond the end   (Corrupt)
//   EMPTY_FILE      no bytes                                                         (Corrupt)
//   TOO_LARGE       metadata of more than 1 MiB, or more than a JPEG segment holds  (InvalidInput)
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/picture_format.h"

namespace vitrine::io {

inline constexpr size_t kMaxMetadataBytes = 1 << 20;  // of one part

/// A text of a PNG file. UTF-8.
struct TextEntry {
  std::string keyword, text;
};

struct PictureMetadata {
  PictureFormat format = PictureFormat::png;
  std::vector<std::string> xmp;  // packets, in order; more than one is unusual
  std::vector<TextEntry> texts;  // tEXt, zTXt and iTXt of a PNG, in order, without XMP
  std::string exif;              // the TIFF block of EXIF; empty = none
  std::string trailing;          // bytes behind the picture's end; of a GIF the whole file
  std::string c2pa_sha256;       // of a C2PA manifest store; empty = none

  /// The first text of that keyword, or nullptr.
  const std::string* text(std::string_view keyword) const;
};

/// `name` stands for the file in messages. Throws Corrupt (IMG_UNREADABLE), InvalidInput
/// (TOO_LARGE).
PictureMetadata read_picture_metadata(std::string_view bytes, std::string_view name);

/// New values. What is not named stays byte for byte.
struct MetadataChange {
  std::optional<std::string> xmp;   // the packet, in the place of the old one
  std::optional<std::string> exif;  // the TIFF block
  std::vector<TextEntry>
      texts;  // PNG only; before the first IDAT, in the place of texts of the same keyword

  bool empty() const { return !xmp && !exif && texts.empty(); }
};

/// The file with the new metadata; its pixels' bytes are the same. PNG texts are tEXt where Latin-1
/// holds them, else iTXt; JSON texts (they begin with "{") are always iTXt. Throws as
/// read_picture_metadata; Corrupt for a file with several XMP packets; InvalidInput for a GIF, and
/// for texts in another format than PNG.
std::string with_metadata(std::string_view bytes, std::string_view name,
                          const MetadataChange& change);

}  // namespace vitrine::io
