#include "io/tar.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "support/temporary_directory.h"

namespace vitrine::io {
namespace {

class TarTest : public testing::Test {
 protected:
  std::string written(const std::vector<std::pair<std::string, std::string>>& members) {
    TarWriter writer(path_);
    for (const auto& [name, bytes] : members) writer.add(name, bytes);
    writer.commit();
    return read_file(path_);
  }
  /// The archive with `edit` applied to the header at `offset` and its checksum set again.
  void edited(std::string bytes, size_t offset, size_t place, std::string_view value) {
    bytes.replace(offset + place, value.size(), value);
    bytes.replace(offset + 148, 8, "        ");
    unsigned sum = 0;
    for (size_t i = 0; i < 512; ++i) sum += static_cast<unsigned char>(bytes[offset + i]);
    char digits[8];
    std::snprintf(digits, sizeof digits, "%06o", sum);
    bytes.replace(offset + 148, 7, std::string_view(digits, 7));
    write_file_atomic(path_, bytes);
  }
  test::TemporaryDirectory folder_;
  std::filesystem::path path_ = folder_.path() / "set.tar";
};

TEST_F(TarTest, WhatIsWrittenIsFoundInItsPlace) {
  const std::string bytes = written({{"a/1.jpg", "picture"}, {"a/1.txt", ""}, {"b.json", std::string(1000, 'x')}});
  const auto members = read_tar_index(path_);
  ASSERT_EQ(members.size(), 3u);
  EXPECT_EQ(members[0].name, "a/1.jpg");
  EXPECT_EQ(bytes.substr(static_cast<size_t>(members[0].offset), static_cast<size_t>(members[0].size)), "picture");
  EXPECT_EQ(members[1].size, 0);
  EXPECT_EQ(members[2].size, 1000);
  EXPECT_EQ(bytes.size() % 512, 0u);
}

TEST_F(TarTest, TheSameMembersGiveTheSameBytes) {
  EXPECT_EQ(written({{"1.jpg", "p"}}), written({{"1.jpg", "p"}}));
}

TEST_F(TarTest, LongNamesOfGnuAndPaxAreRead) {
  const std::string name(150, 'n');
  std::string bytes = written({{"long", name}, {"x", "p"}});
  edited(bytes, 0, 156, "L");
  EXPECT_EQ(read_tar_index(path_).at(0).name, name);
  bytes = written({{"pax", "16 path=a/b.jpg\n13 size=0001\n"}, {"x", "p"}});
  edited(bytes, 0, 156, "x");
  EXPECT_EQ(read_tar_index(path_).at(0).name, "a/b.jpg");
}

TEST_F(TarTest, LinksAndNamesThatLeadOutAreRefused) {
  const std::string bytes = written({{"aa/bb.jpg", "p"}});
  edited(bytes, 0, 156, "2");
  EXPECT_NE(test::message_of<Corrupt>([&] { read_tar_index(path_); }).find("ARCHIVE_LINK"), std::string::npos);
  edited(bytes, 0, 0, "../bb.jpg");
  EXPECT_NE(test::message_of<Corrupt>([&] { read_tar_index(path_); }).find("ARCHIVE_PATH"), std::string::npos);
  edited(bytes, 0, 0, "/aa/b.jpg");
  EXPECT_THROW(read_tar_index(path_), Corrupt);
}

TEST_F(TarTest, DamagedArchivesAreRefused) {
  const std::string bytes = written({{"1.jpg", std::string(700, 'p')}});
  for (const size_t size : {size_t{0}, size_t{100}, size_t{512}, size_t{1000}, size_t{1536}}) {
    write_file_atomic(path_, bytes.substr(0, size));
    EXPECT_THROW(read_tar_index(path_), Corrupt) << size;
  }
  write_file_atomic(path_, "J" + bytes.substr(1));
  EXPECT_THROW(read_tar_index(path_), Corrupt);
  edited(bytes, 0, 124, "77777777777");
  EXPECT_THROW(read_tar_index(path_), Corrupt);
  edited(bytes, 0, 124, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff");
  EXPECT_THROW(read_tar_index(path_), Corrupt);
}

TEST_F(TarTest, LimitsHold) {
  written({{"1.jpg", "picture"}, {"2.jpg", "p"}});
  EXPECT_THROW(read_tar_index(path_, {.max_member_bytes = 6}), InvalidInput);
  EXPECT_THROW(read_tar_index(path_, {.max_members = 1}), InvalidInput);
}

TEST_F(TarTest, BadNamesAreNotWritten) {
  TarWriter writer(path_);
  EXPECT_THROW(writer.add("", "p"), InvalidInput);
  EXPECT_THROW(writer.add("../x", "p"), InvalidInput);
  EXPECT_THROW(writer.add(std::string(101, 'n'), "p"), InvalidInput);
}

}  // namespace
}  // namespace vitrine::io
