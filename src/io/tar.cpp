#include "io/tar.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

#include "base/error.h"

namespace vitrine::io {
namespace {

constexpr int64_t kBlock = 512;
constexpr size_t kMaxName = 100;
constexpr int64_t kMaxExtension = 1 << 20;  // bytes of a long name or of pax records

// Places in a header block.
constexpr size_t kSizeAt = 124, kChecksumAt = 148, kTypeAt = 156, kMagicAt = 257, kPrefixAt = 345;

[[noreturn]] void damaged(std::string_view where, int64_t offset, std::string_view why) {
  throw Corrupt(concat("[read_tar_index] ARCHIVE_DAMAGED ", where, ": ", why, " at byte ", offset));
}

std::string_view text_at(std::string_view block, size_t at, size_t size) {
  const std::string_view field = block.substr(at, size);
  return field.substr(0, std::min(field.size(), field.find('\0')));
}

/// Octal digits with spaces around them, or base 256 for numbers that need it. Nothing for others.
std::optional<int64_t> number_at(std::string_view block, size_t at, size_t size) {
  const std::string_view field = block.substr(at, size);
  if ((static_cast<unsigned char>(field[0]) & 0x80) != 0) {
    int64_t value = field[0] & 0x3f;
    for (const char c : field.substr(1)) {
      if (value > INT64_MAX >> 9) return std::nullopt;
      value = value << 8 | static_cast<unsigned char>(c);
    }
    return value;
  }
  std::string_view digits = text_at(block, at, size);
  while (digits.starts_with(' ')) digits.remove_prefix(1);
  while (digits.ends_with(' ')) digits.remove_suffix(1);
  int64_t value = 0;
  if (digits.empty()) return 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 8);
  if (code != std::errc() || end != digits.data() + digits.size() || value < 0) return std::nullopt;
  return value;
}

int64_t checksum_of(std::string_view block) {
  int64_t sum = 0;
  for (size_t i = 0; i < block.size(); ++i) {
    const bool own = i >= kChecksumAt && i < kChecksumAt + 8;
    sum += own ? ' ' : static_cast<unsigned char>(block[i]);
  }
  return sum;
}

void check_name(std::string_view name, std::string_view where) {
  const std::filesystem::path path(name);
  const bool goes_up = std::find(path.begin(), path.end(), "..") != path.end();
  if (name.empty() || path.is_absolute() || goes_up) throw Corrupt(concat("[read_tar_index] ARCHIVE_PATH ", where, ": member '", name, "'"));
}

/// "27 path=some/name\n" …; what a record says about the next member.
struct Extension {
  std::optional<std::string> name;
  std::optional<int64_t> size;
};

bool read_pax(std::string_view records, Extension& next) {
  while (!records.empty()) {
    size_t length = 0;
    const auto [end, code] = std::from_chars(records.data(), records.data() + records.size(), length);
    const auto digits = static_cast<size_t>(end - records.data());
    if (code != std::errc() || length <= digits + 1 || length > records.size()) return false;
    const std::string_view record = records.substr(digits + 1, length - digits - 2);
    const size_t equals = record.find('=');
    if (equals == std::string_view::npos) return false;
    const std::string_view key = record.substr(0, equals), value = record.substr(equals + 1);
    if (key == "path") next.name = value;
    if (key == "size") {
      int64_t size = 0;
      if (std::from_chars(value.data(), value.data() + value.size(), size).ec != std::errc()) return false;
      next.size = size;
    }
    records.remove_prefix(length);
  }
  return true;
}

class IndexReader {
 public:
  IndexReader(std::string_view bytes, std::string where, const TarLimits& limits) : bytes_(bytes), where_(std::move(where)), limits_(limits) {}

  std::vector<TarMember> read() {
    while (at_ + kBlock <= size()) {
      const std::string_view block = bytes_.substr(static_cast<size_t>(at_), kBlock);
      if (block.find_first_not_of('\0') == std::string_view::npos) return std::move(members_);
      read_member(block);
    }
    damaged(where_, at_, "the end is missing");
  }

 private:
  int64_t size() const { return static_cast<int64_t>(bytes_.size()); }

  void read_member(std::string_view block) {
    const auto checksum = number_at(block, kChecksumAt, 8);
    if (checksum != checksum_of(block)) damaged(where_, at_, "no tar header");
    const char type = block[kTypeAt];
    const bool is_extension = type == 'x' || type == 'g' || type == 'L' || type == 'K';
    auto length = number_at(block, kSizeAt, 12);
    if (!is_extension && next_.size) length = next_.size;
    if (!length || *length < 0 || *length > size() - at_ - kBlock) damaged(where_, at_, "a member is cut off");
    const int64_t offset = at_ + kBlock;
    if (is_extension) read_extension(type, bytes_.substr(static_cast<size_t>(offset), static_cast<size_t>(*length)));
    else add(block, type, offset, *length);
    at_ = offset + (*length + kBlock - 1) / kBlock * kBlock;
  }

  void read_extension(char type, std::string_view body) {
    if (static_cast<int64_t>(body.size()) > kMaxExtension) damaged(where_, at_, "an oversized name");
    if (type == 'L') next_.name = body.substr(0, body.find('\0'));
    if (type == 'x' && !read_pax(body, next_)) damaged(where_, at_, "broken pax records");
  }

  void add(std::string_view block, char type, int64_t offset, int64_t length) {
    std::string name = std::string(text_at(block, 0, kMaxName));
    const std::string_view prefix = text_at(block, kPrefixAt, 155);
    if (block.substr(kMagicAt, 6) == std::string_view("ustar\0", 6) && !prefix.empty()) name = concat(prefix, "/", name);
    if (next_.name) name = *next_.name;
    next_ = {};
    check_name(name, where_);
    if (type == '5') return;
    if (type != '0' && type != '\0' && type != '7') throw Corrupt(concat("[read_tar_index] ARCHIVE_LINK ", where_, ": member '", name, "' is no plain file"));
    VITRINE_REQUIRE(length <= limits_.max_member_bytes, "[read_tar_index] TOO_LARGE ", where_, ": member '", name, "' has ", length,
                    " bytes, the limit is ", limits_.max_member_bytes);
    VITRINE_REQUIRE(static_cast<int64_t>(members_.size()) < limits_.max_members, "[read_tar_index] TOO_LARGE ", where_, ": more than ",
                    limits_.max_members, " members");
    members_.push_back({std::move(name), offset, length});
  }

  std::string_view bytes_;
  std::string where_;
  TarLimits limits_;
  int64_t at_ = 0;
  Extension next_;
  std::vector<TarMember> members_;
};

void put_octal(std::string& block, size_t at, size_t digits, int64_t value) {
  for (size_t i = digits; i-- > 0; value >>= 3) block[at + i] = static_cast<char>('0' + (value & 7));
}

std::string header_of(std::string_view name, int64_t size) {
  std::string block(kBlock, '\0');
  block.replace(0, name.size(), name);
  put_octal(block, 100, 7, 0644);
  put_octal(block, 108, 7, 0);
  put_octal(block, 116, 7, 0);
  put_octal(block, kSizeAt, 11, size);
  put_octal(block, 136, 11, 0);
  block[kTypeAt] = '0';
  block.replace(kMagicAt, 8, std::string_view("ustar\0" "00", 8));
  put_octal(block, kChecksumAt, 6, checksum_of(block));
  block[kChecksumAt + 7] = ' ';
  return block;
}

}  // namespace

std::vector<TarMember> read_tar_index(const std::filesystem::path& archive, const TarLimits& limits) {
  const MappedFile file(archive);
  const std::string_view bytes(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
  return IndexReader(bytes, archive.string(), limits).read();
}

void TarWriter::add(std::string_view name, std::string_view bytes) {
  const std::filesystem::path path(name);
  const bool goes_up = std::find(path.begin(), path.end(), "..") != path.end();
  VITRINE_REQUIRE(!name.empty() && name.size() <= kMaxName && !path.is_absolute() && !goes_up, "[TarWriter] name: expected 1 to ",
                  kMaxName, " bytes, relative, without '..', got '", name, "'");
  VITRINE_REQUIRE(bytes.size() < size_t{1} << 33, "[TarWriter] ", name, ": ", bytes.size(), " bytes are too many");
  file_.write(header_of(name, static_cast<int64_t>(bytes.size())));
  file_.write(bytes);
  file_.write(std::string((kBlock - bytes.size() % kBlock) % kBlock, '\0'));
}

void TarWriter::commit() {
  file_.write(std::string(2 * kBlock, '\0'));
  file_.commit();
}

}  // namespace vitrine::io
