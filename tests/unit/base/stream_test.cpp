// Bytes piece by piece: hashes, packing, inputs that are read twice.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <thread>
#include <vector>

#include "base/compressed.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/input_file.h"

namespace vitrine {
namespace {
namespace fs = std::filesystem;

class StreamTest : public ::testing::Test {
 protected:
  StreamTest() : dir_(fs::temp_directory_path() / concat("vitrine_stream_test_", ::getpid())) {
    fs::create_directories(dir_);
  }
  ~StreamTest() override { fs::remove_all(dir_); }
  fs::path dir_;
};

std::string some_text() {
  std::string text;
  for (int i = 0; i < 40000; ++i) text += concat("row ", i * 7919 % 1000, "\n");
  return text;
}

TEST_F(StreamTest, AHashOfPiecesIsTheHashOfTheWhole) {
  Sha256 hash;
  for (const char* piece : {"a", "", "bc"}) hash.add(piece);
  EXPECT_EQ(hash.hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_F(StreamTest, PiecesOfAnySizePackToTheSameBytes) {
  const std::string text = some_text();
  for (const char* name : {"t", "t.gz", "t.zst"}) {
    OutputFile file(dir_ / name);
    for (size_t at = 0, size = 1; at < text.size(); at += size, size = size * 3 % 100003)
      file.write(std::string_view(text).substr(at, size));
    file.commit();
    EXPECT_EQ(read_file(dir_ / name), compress(text, compression_of(name))) << name;
  }
}

TEST_F(StreamTest, AnInputIsReadAsOftenAsWanted) {
  const std::string text = some_text();
  for (const char* name : {"t", "t.gz", "t.zst"}) {
    write_output(dir_ / name, text);
    const InputFile input(dir_ / name);
    for (int round = 0; round < 2; ++round)
      EXPECT_EQ(read_all(*input.open(), name, SIZE_MAX), text) << name;
  }
}

TEST_F(StreamTest, APipeIsKeptForItsSecondReading) {
  const fs::path pipe = dir_ / "pipe.gz";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const std::string text = some_text();
  std::jthread writer([&] { write_output(pipe, text); });
  const InputFile input(pipe);
  for (int round = 0; round < 2; ++round)
    EXPECT_EQ(read_all(*input.open(), "pipe", SIZE_MAX), text);
}

TEST_F(StreamTest, AnInputThatIsNotThereOrAFolderIsNamed) {
  EXPECT_THROW(InputFile(dir_ / "none").open(), NotFound);
  EXPECT_THROW(InputFile(dir_).open(), IoError);
}

TEST_F(StreamTest, WhatWaitsForADeviceTakesLittleMemory) {
  const fs::path pipe = dir_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  constexpr size_t kPieceBytes = size_t{1} << 20, kPieces = 100;
  rusage before{}, after{};
  uint64_t bytes = 0, wrong = 0;
  std::jthread reader([&] {
    std::ifstream in(pipe, std::ios::binary);
    std::vector<char> chunk(1 << 16);
    while (in.read(chunk.data(), static_cast<std::streamsize>(chunk.size())), in.gcount() > 0) {
      for (std::streamsize i = 0; i < in.gcount(); ++i, ++bytes) wrong += chunk[static_cast<size_t>(i)] != static_cast<char>('a' + bytes / kPieceBytes % 26);
    }
  });
  {
    OutputFile file(pipe);
    ::getrusage(RUSAGE_SELF, &before);
    for (size_t i = 0; i < kPieces; ++i) file.write(std::string(kPieceBytes, static_cast<char>('a' + i % 26)));
    ::getrusage(RUSAGE_SELF, &after);
    file.commit();
  }  // the pipe ends with its writer
  reader.join();
  EXPECT_EQ(bytes, kPieces * kPieceBytes);
  EXPECT_EQ(wrong, 0u);
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 60 << 10);  // KiB
}

TEST_F(StreamTest, ADeviceIsWrittenAtOnceWhenWanted) {
  const fs::path pipe = dir_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const int reader = ::open(pipe.c_str(), O_RDWR | O_NONBLOCK);
  OutputFile file(pipe, OutputFile::Devices::at_once);
  file.write("rows\n");
  char buffer[16] = {};
  EXPECT_EQ(::read(reader, buffer, sizeof buffer), 5);
  ::close(reader);
  OutputFile full("/dev/full", OutputFile::Devices::at_once);
  EXPECT_THROW(full.write("rows\n"), IoError);
}

}  // namespace
}  // namespace vitrine
