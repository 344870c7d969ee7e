#include "io/webp_file.h"

#include <algorithm>

#include "base/error.h"
#include "base/hash.h"
#include "io/byte_order.h"

namespace vitrine::io {
namespace {

constexpr uint8_t kXmpFlag = 0x04, kExifFlag = 0x08, kAlphaFlag = 0x10;
constexpr std::string_view kExifHead("Exif\0\0",
                                     6);  // some programs write it, the format does not ask for it

struct Chunk {
  std::string_view type, data, whole;  // whole = with header and padding
};

struct WebpFile {
  std::vector<Chunk> chunks;
  std::string_view trailing;
};

[[noreturn]] void damaged(std::string_view name, const std::string& what) {
  throw Corrupt(concat("[webp] IMG_UNREADABLE ", name, ": damaged webp file: ", what));
}

WebpFile read_chunks(std::string_view bytes, std::string_view name) {
  const uint64_t size = little_endian(bytes.substr(4, 4)) + 8;
  if (size > bytes.size() || size < 12)
    damaged(name, concat("it says that it has ", size, " bytes, it has ", bytes.size()));
  WebpFile file;
  file.trailing = bytes.substr(size);
  bytes = bytes.substr(0, size);
  for (size_t at = 12; at < bytes.size();) {
    if (bytes.size() - at < 8) damaged(name, "a chunk is cut");
    const uint64_t length = little_endian(bytes.substr(at + 4, 4));
    if (length > bytes.size() - at - 8)
      damaged(name,
              concat("chunk ", bytes.substr(at, 4), " of ", length, " bytes goes beyond the end"));
    const size_t whole = std::min<size_t>(8 + length + length % 2, bytes.size() - at);
    file.chunks.push_back(
        {bytes.substr(at, 4), bytes.substr(at + 8, length), bytes.substr(at, whole)});
    at += whole;
  }
  const auto is_picture = [](const Chunk& c) {
    return c.type == "VP8 " || c.type == "VP8L" || c.type == "ANMF";
  };
  if (std::none_of(file.chunks.begin(), file.chunks.end(), is_picture))
    damaged(name, "it has no picture chunk");
  return file;
}

std::string make_chunk(std::string_view type, std::string_view data) {
  return concat(type, to_little_endian(data.size(), 4), data,
                data.size() % 2 == 1 ? std::string(1, '\0') : "");
}

/// The extended header of a simple file: one picture chunk, whose own header has the size.
std::string extended_header(const Chunk& picture, std::string_view name) {
  uint64_t width = 0, height = 0;
  uint8_t flags = 0;
  if (picture.type == "VP8 " && picture.data.size() >= 10) {
    width = little_endian(picture.data.substr(6, 2)) & 0x3FFF;
    height = little_endian(picture.data.substr(8, 2)) & 0x3FFF;
  } else if (picture.type == "VP8L" && picture.data.size() >= 5) {
    const uint64_t bits = little_endian(picture.data.substr(1, 4));
    width = (bits & 0x3FFF) + 1;
    height = (bits >> 14 & 0x3FFF) + 1;
    if ((bits >> 28 & 1) != 0) flags |= kAlphaFlag;
  }
  if (width == 0 || height == 0) damaged(name, "its picture chunk has no size");
  return concat(static_cast<char>(flags), std::string(3, '\0'), to_little_endian(width - 1, 3),
                to_little_endian(height - 1, 3));
}

}  // namespace

PictureMetadata read_webp_metadata(std::string_view bytes, std::string_view name) {
  const WebpFile file = read_chunks(bytes, name);
  PictureMetadata metadata;
  std::string c2pa;
  for (const Chunk& chunk : file.chunks) {
    if (chunk.type == "XMP ") metadata.xmp.emplace_back(chunk.data);
    if (chunk.type == "EXIF" && metadata.exif.empty())
      metadata.exif = chunk.data.substr(chunk.data.starts_with(kExifHead) ? kExifHead.size() : 0);
    if (chunk.type == "C2PA") c2pa += chunk.data;
  }
  if (!c2pa.empty()) metadata.c2pa_sha256 = sha256_hex(c2pa);
  metadata.trailing = file.trailing;
  return metadata;
}

std::string with_webp_metadata(std::string_view bytes, std::string_view name,
                               const MetadataChange& change) {
  const WebpFile file = read_chunks(bytes, name);
  const bool extended = file.chunks.front().type == "VP8X";
  std::string header =
      extended ? std::string(file.chunks.front().data) : extended_header(file.chunks.front(), name);
  if (header.size() < 10) damaged(name, "a short VP8X chunk");
  if (change.xmp) header[0] = static_cast<char>(header[0] | kXmpFlag);
  if (change.exif) header[0] = static_cast<char>(header[0] | kExifFlag);
  std::string body = concat("WEBP", make_chunk("VP8X", header));
  for (size_t i = extended ? 1 : 0; i < file.chunks.size(); ++i) {
    const Chunk& chunk = file.chunks[i];
    const bool replaced =
        (change.xmp && chunk.type == "XMP ") || (change.exif && chunk.type == "EXIF");
    if (replaced) continue;
    body += chunk.whole;
    if (chunk.whole.size() % 2 == 1) body += '\0';  // the last one lacked its padding
  }
  if (change.exif) body += make_chunk("EXIF", *change.exif);
  if (change.xmp) body += make_chunk("XMP ", *change.xmp);
  return concat("RIFF", to_little_endian(body.size(), 4), body, file.trailing);
}

}  // namespace vitrine::io
