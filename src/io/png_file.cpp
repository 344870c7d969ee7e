#include "io/png_file.h"

#include <zlib.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/hash.h"
#include "io/byte_order.h"
#include "io/latin1.h"

namespace vitrine::io {
namespace {

constexpr std::string_view kXmpKeyword = "XML:com.adobe.xmp", kSignature = "\x89PNG\r\n\x1a\n";

struct Chunk {
  std::string_view type, data, whole;  // whole = with length and CRC
};

[[noreturn]] void damaged(std::string_view name, const std::string& what) {
  throw Corrupt(concat("[png] IMG_UNREADABLE ", name, ": damaged png file: ", what));
}

uint64_t crc_of(std::string_view bytes) {
  return ::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
}

struct PngFile {
  std::vector<Chunk> chunks;
  std::string_view trailing;
};

Chunk chunk_at(std::string_view bytes, size_t at, std::string_view name) {
  if (bytes.size() - at < 12) damaged(name, "it ends before its end chunk");
  const uint64_t length = big_endian(bytes.substr(at, 4));
  const std::string_view type = bytes.substr(at + 4, 4);
  if (length > bytes.size() - at - 12)
    damaged(name, concat("chunk ", type, " of ", length, " bytes goes beyond the end"));
  const Chunk chunk{type, bytes.substr(at + 8, length), bytes.substr(at, length + 12)};
  if (crc_of(bytes.substr(at + 4, length + 4)) != big_endian(bytes.substr(at + 8 + length, 4)))
    damaged(name, concat("chunk ", type, " has a wrong CRC"));
  return chunk;
}

PngFile read_chunks(std::string_view bytes, std::string_view name) {
  PngFile file;
  bool has_pixels = false;
  size_t at = kSignature.size();
  do {
    file.chunks.push_back(chunk_at(bytes, at, name));
    at += file.chunks.back().whole.size();
    has_pixels = has_pixels || file.chunks.back().type == "IDAT";
  } while (file.chunks.back().type != "IEND");
  if (file.chunks.front().type != "IHDR") damaged(name, "its first chunk is not IHDR");
  if (!has_pixels) damaged(name, "it has no IDAT chunk");
  file.trailing = bytes.substr(at);
  return file;
}

std::string inflated(std::string_view packed, std::string_view name) {
  std::string text(kMaxMetadataBytes + 1, '\0');
  uLongf size = text.size();
  const int result = ::uncompress(reinterpret_cast<Bytef*>(text.data()), &size,
                                  reinterpret_cast<const Bytef*>(packed.data()), packed.size());
  VITRINE_REQUIRE(result != Z_BUF_ERROR || size < text.size(), "[png] TOO_LARGE ", name,
                  ": a packed text of more than ", kMaxMetadataBytes, " bytes");
  if (result != Z_OK) damaged(name, "a packed text cannot be unpacked");
  text.resize(size);
  return text;
}

/// The piece before the next NUL; `rest` goes behind it. Nothing without NUL.
std::optional<std::string_view> up_to_nul(std::string_view& rest) {
  const size_t end = rest.find('\0');
  if (end == rest.npos) return std::nullopt;
  const auto piece = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return piece;
}

std::optional<std::string_view> keyword_of(const Chunk& chunk) {
  if (chunk.type != "tEXt" && chunk.type != "zTXt" && chunk.type != "iTXt") return std::nullopt;
  std::string_view rest = chunk.data;
  return up_to_nul(rest);
}

/// keyword NUL packed method language NUL translated keyword NUL text
std::string international_text(std::string_view rest, std::string_view name) {
  if (rest.size() < 2) damaged(name, "a short iTXt chunk");
  const bool packed = rest[0] != 0;
  rest.remove_prefix(2);
  if (!up_to_nul(rest) || !up_to_nul(rest)) damaged(name, "a short iTXt chunk");
  return packed ? inflated(rest, name) : std::string(rest);
}

std::string text_of(const Chunk& chunk, std::string_view name) {
  std::string_view rest = chunk.data;
  up_to_nul(rest);
  if (chunk.type == "tEXt") return from_latin1(rest);
  if (chunk.type == "iTXt") return international_text(rest, name);
  if (rest.empty()) damaged(name, "a short zTXt chunk");
  return from_latin1(inflated(rest.substr(1), name));
}

std::string make_chunk(std::string_view type, const std::string& data) {
  const std::string body = concat(type, data);
  return to_big_endian(data.size(), 4) + body + to_big_endian(crc_of(body), 4);
}

std::string international_chunk(std::string_view keyword, std::string_view text) {
  return make_chunk("iTXt", concat(keyword, std::string(5, '\0'), text));
}

std::string text_chunk(const TextEntry& entry) {
  const auto latin1 = to_latin1(entry.text);
  if (!latin1 || entry.text.starts_with('{')) return international_chunk(entry.keyword, entry.text);
  return make_chunk("tEXt", concat(entry.keyword, std::string(1, '\0'), *latin1));
}

bool is_replaced(const Chunk& chunk, const MetadataChange& change) {
  if (chunk.type == "eXIf") return change.exif.has_value();
  const auto keyword = keyword_of(chunk);
  if (!keyword) return false;
  if (*keyword == kXmpKeyword) return change.xmp.has_value();
  return std::any_of(change.texts.begin(), change.texts.end(),
                     [&](const TextEntry& entry) { return entry.keyword == *keyword; });
}

}  // namespace

PictureMetadata read_png_metadata(std::string_view bytes, std::string_view name) {
  const PngFile file = read_chunks(bytes, name);
  PictureMetadata metadata;
  std::string c2pa;
  for (const Chunk& chunk : file.chunks) {
    const auto keyword = keyword_of(chunk);
    if (keyword && *keyword == kXmpKeyword) metadata.xmp.push_back(text_of(chunk, name));
    if (keyword && *keyword != kXmpKeyword)
      metadata.texts.push_back({from_latin1(*keyword), text_of(chunk, name)});
    if (chunk.type == "eXIf") metadata.exif = chunk.data;
    if (chunk.type == "caBX") c2pa += chunk.data;
  }
  if (!c2pa.empty()) metadata.c2pa_sha256 = sha256_hex(c2pa);
  metadata.trailing = file.trailing;
  return metadata;
}

std::string with_png_metadata(std::string_view bytes, std::string_view name,
                              const MetadataChange& change) {
  const PngFile file = read_chunks(bytes, name);
  std::string added;
  if (change.exif) added += make_chunk("eXIf", *change.exif);
  if (change.xmp) added += international_chunk(kXmpKeyword, *change.xmp);
  for (const TextEntry& entry : change.texts) added += text_chunk(entry);
  std::string result(kSignature);
  for (const Chunk& chunk : file.chunks) {
    if (chunk.type == "IDAT") result += std::exchange(added, "");
    if (!is_replaced(chunk, change)) result += chunk.whole;
  }
  return result + std::string(file.trailing);
}

}  // namespace vitrine::io
