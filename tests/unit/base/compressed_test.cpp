#include "base/compressed.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

namespace vitrine {
namespace {
namespace fs = std::filesystem;

class CompressedTest : public ::testing::Test {
 protected:
  CompressedTest() : dir_(fs::temp_directory_path() / concat("vitrine_compressed_test_", ::getpid())) { fs::create_directories(dir_); }
  ~CompressedTest() override { fs::remove_all(dir_); }
  fs::path dir_;
};

std::string long_text() {
  std::string text;
  for (int i = 0; i < 50000; ++i) text += concat("row ", i * 7919 % 1000, "\n");
  return text;
}

TEST_F(CompressedTest, PackedAndUnpackedIsTheSameText) {
  for (const std::string& text : {std::string(), std::string("a"), long_text()}) {
    for (const Compression kind : {Compression::none, Compression::gzip, Compression::zstd}) {
      EXPECT_EQ(decompress(compress(text, kind), kind, "t", size_t{1} << 30), text);
    }
  }
}

TEST_F(CompressedTest, SeveralMembersInARowAreOneText) {
  for (const Compression kind : {Compression::gzip, Compression::zstd}) {
    EXPECT_EQ(decompress(compress("one ", kind) + compress("two", kind), kind, "t", 100), "one two");
  }
}

TEST_F(CompressedTest, CutOrTooLargeDataIsRefused) {
  for (const Compression kind : {Compression::gzip, Compression::zstd}) {
    const std::string packed = compress(long_text(), kind);
    EXPECT_THROW(decompress(packed.substr(0, packed.size() - 5), kind, "t", size_t{1} << 30), Corrupt);
    EXPECT_THROW(decompress(packed, kind, "t", 1000), Corrupt);
    EXPECT_THROW(decompress("plain text", kind, "t", 1000), Corrupt);
    EXPECT_THROW(decompress("", kind, "t", 1000), Corrupt);
  }
}

TEST_F(CompressedTest, NothingIsLeftWithoutCommit) {
  { OutputFile(dir_ / "a.jsonl.gz").write("half"); }
  EXPECT_TRUE(fs::is_empty(dir_));
}

TEST_F(CompressedTest, APipeOrDeviceIsWrittenAndNotReplaced) {
  const fs::path pipe = dir_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const int reader = ::open(pipe.c_str(), O_RDWR | O_NONBLOCK);
  OutputFile file(pipe);
  file.write("rows\n");
  file.commit();
  char buffer[16] = {};
  EXPECT_EQ(::read(reader, buffer, sizeof buffer), 5);
  EXPECT_TRUE(fs::is_fifo(pipe));
  ::close(reader);
}

}  // namespace
}  // namespace vitrine
