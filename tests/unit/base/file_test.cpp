#include "base/file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hash.h"

namespace vitrine {
namespace {
namespace fs = std::filesystem;

class FileTest : public ::testing::Test {
 protected:
  FileTest() : dir_(fs::temp_directory_path() / concat("vitrine_file_test_", ::getpid())) { fs::create_directories(dir_); }
  ~FileTest() override { fs::remove_all(dir_); }
  size_t entries() const { return static_cast<size_t>(std::distance(fs::directory_iterator(dir_), fs::directory_iterator())); }
  fs::path dir_;
};

TEST_F(FileTest, AnAtomicWriteReplacesTheWholeFile) {
  write_file_atomic(dir_ / "a.txt", "old and long");
  write_file_atomic(dir_ / "a.txt", "new");
  EXPECT_EQ(read_file(dir_ / "a.txt"), "new");
  EXPECT_EQ(entries(), 1u);
}

TEST_F(FileTest, AnUncommittedFileLeavesNothing) {
  { AtomicFile(dir_ / "b.txt").write("half"); }
  EXPECT_EQ(entries(), 0u);
}

TEST_F(FileTest, WhatAKilledProcessLeftGoesWhenTheSameFileIsWrittenAgain) {
  write_file_atomic(dir_ / ".a.txt.4000001.tmp", "half");
  fs::create_directories(dir_ / ".a.txt.4000002.tmp/inner");
  write_file_atomic(dir_ / ".b.txt.4000001.tmp", "of another file");
  write_file_atomic(dir_ / ".a.txt.old.tmp", "no process's name");
  write_file_atomic(dir_ / "a.txt", "new");
  EXPECT_FALSE(fs::exists(dir_ / ".a.txt.4000001.tmp"));
  EXPECT_FALSE(fs::exists(dir_ / ".a.txt.4000002.tmp"));
  EXPECT_EQ(entries(), 3u);
}

TEST_F(FileTest, WhatALivingProcessWritesStays) {
  const AtomicFile living(dir_ / "a.txt");
  const fs::path its = temporary_beside(dir_ / "a.txt");
  remove_abandoned(dir_ / "a.txt");
  EXPECT_TRUE(fs::exists(its));
}

TEST_F(FileTest, ASecondHolderOfALockIsTurnedAwayUntilTheFirstIsGone) {
  {
    const FileLock first(dir_ / "lock", "");
    try {
      const FileLock second(dir_ / "lock", "in use");
      FAIL() << "locked twice";
    } catch (const Busy& e) {
      EXPECT_STREQ(e.what(), "in use");
    }
  }
  EXPECT_NO_THROW(FileLock(dir_ / "lock", ""));
}

TEST_F(FileTest, AMissingFileIsNotFoundAndAFullDeviceIsAnIoError) {
  EXPECT_THROW(read_file(dir_ / "missing"), NotFound);
  EXPECT_THROW(
      {
        std::FILE* full = std::fopen("/dev/full", "wb");
        ASSERT_NE(full, nullptr);
        std::fclose(full);
        write_file_atomic(dir_, "a folder cannot be replaced by a file");
      },
      IoError);
}

TEST(HashTest, Sha256OfTheEmptyTextIsTheKnownValue) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

}  // namespace
}  // namespace vitrine
