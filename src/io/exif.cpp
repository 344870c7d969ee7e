#include "io/exif.h"

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "io/byte_order.h"
#include "io/latin1.h"
#include "text/encoding.h"
#include "text/utf8.h"

namespace vitrine::io {
namespace {

constexpr uint64_t kOrientation = 0x0112, kExifFolder = 0x8769, kUserComment = 0x9286;
constexpr uint64_t kShort = 3, kLong = 4, kUndefined = 7;
constexpr std::string_view kAscii("ASCII\0\0\0", 8), kUnicode("UNICODE\0", 8),
    kNoEncoding("\0\0\0\0\0\0\0\0", 8);

/// Numbers of a TIFF block in its byte order; every place is checked.
class Tiff {
 public:
  explicit Tiff(std::string_view bytes) : bytes_(bytes) {
    if (bytes.size() < 8 || (!bytes.starts_with("II") && !bytes.starts_with("MM")) ||
        number(2, 2) != 42)
      throw Corrupt("[exif] expected a TIFF header");
  }
  bool is_big() const { return bytes_[0] == 'M'; }
  std::string_view part(uint64_t at, uint64_t size) const {
    if (at > bytes_.size() || size > bytes_.size() - at)
      throw Corrupt("[exif] a field lies beyond the end of the block");
    return bytes_.substr(at, size);
  }
  uint64_t number(uint64_t at, size_t size) const {
    const auto piece = part(at, size);
    return is_big() ? big_endian(piece) : little_endian(piece);
  }
  std::string to_bytes(uint64_t value, size_t size) const {
    return is_big() ? to_big_endian(value, size) : to_little_endian(value, size);
  }

 private:
  std::string_view bytes_;
};

/// Twelve bytes: tag, type, count, value or where it lies.
struct Entry {
  uint64_t tag = 0, at = 0;  // where the entry lies
};

struct Folder {
  std::vector<Entry> entries;
  uint64_t next_at = 0;  // where the offset of the next folder lies
};

Folder read_folder(const Tiff& tiff, uint64_t at) {
  Folder folder;
  const uint64_t count = tiff.number(at, 2);
  tiff.part(at + 2, count * 12 + 4);
  for (uint64_t i = 0; i < count; ++i)
    folder.entries.push_back({tiff.number(at + 2 + i * 12, 2), at + 2 + i * 12});
  folder.next_at = at + 2 + count * 12;
  return folder;
}

const Entry* find(const Folder& folder, uint64_t tag) {
  const auto found = std::find_if(folder.entries.begin(), folder.entries.end(),
                                  [&](const Entry& e) { return e.tag == tag; });
  return found == folder.entries.end() ? nullptr : &*found;
}

Folder first_folder(const Tiff& tiff) { return read_folder(tiff, tiff.number(4, 4)); }

/// How many of the UTF-16 units are letters, signs or Chinese: the better byte order has more.
size_t plausible_units(std::string_view bytes, bool big) {
  size_t count = 0;
  for (size_t i = 0; i + 1 < bytes.size(); i += 2) {
    const uint64_t unit = big ? big_endian(bytes.substr(i, 2)) : little_endian(bytes.substr(i, 2));
    count += (unit >= 0x20 && unit < 0x250) || unit == '\n' || (unit >= 0x3000 && unit < 0x3040) ||
             (unit >= 0x4E00 && unit < 0xA000) || (unit >= 0xFF00 && unit < 0xFFF0);
  }
  return count;
}

std::string decode_comment(std::string_view bytes) {
  if (bytes.starts_with(kUnicode)) {
    bytes.remove_prefix(kUnicode.size());
    // Programs write either order, whatever the block's own one is.
    const bool big = bytes.starts_with("\xFE\xFF") ||
                     (!bytes.starts_with("\xFF\xFE") &&
                      plausible_units(bytes, true) >= plausible_units(bytes, false));
    std::string text = text::decode(bytes.substr(0, bytes.size() / 2 * 2),
                                    big ? text::Encoding::utf16be : text::Encoding::utf16le);
    std::erase(text, text::kBadSequence);
    return text.substr(0, text.find('\0'));
  }
  if (bytes.starts_with(kAscii) || bytes.starts_with(kNoEncoding)) bytes.remove_prefix(8);
  return from_latin1(bytes.substr(0, bytes.find('\0')));
}

std::string encode_comment(std::string_view utf8) {
  return concat(kUnicode,
                text::encode(utf8, text::Encoding::utf16be).substr(2));  // without the BOM
}

/// A folder's bytes with `entry` (twelve bytes) among its sorted entries, in the place of one of
/// the same tag.
std::string folder_with(const Tiff& tiff, const Folder& folder, uint64_t tag,
                        const std::string& entry) {
  std::vector<std::pair<uint64_t, std::string>> entries{{tag, entry}};
  for (const Entry& old : folder.entries)
    if (old.tag != tag) entries.emplace_back(old.tag, tiff.part(old.at, 12));
  std::stable_sort(entries.begin(), entries.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string bytes = tiff.to_bytes(entries.size(), 2);
  for (const auto& [unused, data] : entries) bytes += data;
  return bytes +
         (folder.next_at == 0 ? std::string(4, '\0') : std::string(tiff.part(folder.next_at, 4)));
}

std::string entry_of(const Tiff& tiff, uint64_t tag, uint64_t type, uint64_t count,
                     uint64_t value) {
  return tiff.to_bytes(tag, 2) + tiff.to_bytes(type, 2) + tiff.to_bytes(count, 4) +
         tiff.to_bytes(value, 4);
}

/// Appends at an even place and says where.
uint64_t append(std::string& block, const std::string& bytes) {
  if (block.size() % 2 == 1) block += '\0';
  const uint64_t at = block.size();
  block += bytes;
  return at;
}

void read_fields(const Tiff& tiff, ExifReading& reading) {
  const Folder folder = first_folder(tiff);
  if (const Entry* entry = find(folder, kOrientation)) {
    const uint64_t value = tiff.number(entry->at + 8, 2);
    if (tiff.number(entry->at + 2, 2) == kShort && value >= 1 && value <= 8)
      reading.orientation = static_cast<int>(value);
  }
  const Entry* pointer = find(folder, kExifFolder);
  if (pointer == nullptr) return;
  const Folder exif = read_folder(tiff, tiff.number(pointer->at + 8, 4));
  const Entry* comment = find(exif, kUserComment);
  if (comment == nullptr) return;
  const uint64_t size = tiff.number(comment->at + 4, 4);
  reading.user_comment = decode_comment(
      tiff.part(size <= 4 ? comment->at + 8 : tiff.number(comment->at + 8, 4), size));
}

}  // namespace

ExifReading read_exif(std::string_view tiff) {
  ExifReading reading;
  if (tiff.empty()) return reading;
  try {
    read_fields(Tiff(tiff), reading);
  } catch (const Corrupt& e) {
    reading.problem = e.what();
  }
  return reading;
}

std::string with_user_comment(std::string_view tiff, std::string_view utf8) {
  const std::string empty =
      concat("MM", to_big_endian(42, 2), to_big_endian(8, 4), std::string(6, '\0'));
  std::string block(tiff.empty() ? empty : tiff);
  const std::string before = block;
  const Tiff old(before);
  const Folder folder = first_folder(old);
  const std::string comment = encode_comment(utf8);
  const uint64_t comment_at = append(block, comment);
  const Entry* pointer = find(folder, kExifFolder);
  const Folder exif =
      pointer == nullptr ? Folder{} : read_folder(old, old.number(pointer->at + 8, 4));
  const uint64_t exif_at = append(
      block, folder_with(old, exif, kUserComment,
                         entry_of(old, kUserComment, kUndefined, comment.size(), comment_at)));
  if (pointer != nullptr) return block.replace(pointer->at + 8, 4, old.to_bytes(exif_at, 4));
  const uint64_t first_at = append(
      block, folder_with(old, folder, kExifFolder, entry_of(old, kExifFolder, kLong, 1, exif_at)));
  return block.replace(4, 4, old.to_bytes(first_at, 4));
}

std::string without_rotation(std::string_view bytes) {
  std::string block(bytes);
  if (read_exif(bytes).orientation == 1) return block;
  const Tiff tiff(bytes);
  const Folder folder = first_folder(tiff);
  return block.replace(find(folder, kOrientation)->at + 8, 2, tiff.to_bytes(1, 2));
}

}  // namespace vitrine::io
