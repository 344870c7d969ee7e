// data/picture_record.h - a picture with what a set says about it: the row of every picture set.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "data/product.h"

namespace vitrine::data {

/// Where the bytes of a picture lie: a file, or a part of one.
struct PictureFile {
  std::filesystem::path file;          // the picture, or the container that holds it
  std::string member;                  // name inside the container; empty = the file is the picture
  int64_t offset = 0, size_bytes = 0;  // of a member
  bool is_base64 = false;              // of a member: text, as in MUGE's tables
};

/// "shop/a.jpg", "set.tar/0001.jpg"
std::string to_string(const PictureFile& picture);

/// The path of a file; of a member {"file","member","offset","size_bytes","base64"?}.
Json to_json(const PictureFile& picture);
/// The inverse. Nothing for JSON that is neither.
std::optional<PictureFile> picture_file_from(const Json& json);

/// The bytes of the picture file as they lie in the set. Throws NotFound, IoError, InvalidInput
/// (TOO_LARGE: more bytes than max_bytes), Corrupt (BAD_BASE64; a container that became shorter).
std::string read_picture_bytes(const PictureFile& picture, int64_t max_bytes = 100'000'000);

/// Counts of a shop; what the set does not say is not there, which is not zero.
struct Signals {
  std::optional<int64_t> reviews, favorites, sales;
};
/// `signals` of a product record.
Signals signals_of(const Product& product);

struct PictureRecord {
  Product product;                    // id, title_raw, attributes, source (file, row, format, licence)
  std::vector<PictureFile> pictures;  // the main one first
  std::string text;                   // the caption that the set gives; empty = none
  std::string label;                  // class of a class folder ("dress"); empty = none
  std::string split;                  // train, validation, …; empty = the set has none
  Signals signals;
  int repeats = 1;                    // how often an epoch shows it (kohya)
};

/// The caption, else the title: what a person wrote about the picture. May be empty.
const std::string& text_of(const PictureRecord& record);

}  // namespace vitrine::data
