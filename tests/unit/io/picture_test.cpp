#include "io/picture.h"

#include <gtest/gtest.h>

#include <cmath>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "io/picture_resize.h"
#include "support/temporary_directory.h"

namespace vitrine::io {
namespace {

namespace fs = std::filesystem;
using test::message_of;
using test::TemporaryDirectory;

const fs::path kFiles = fs::path(VITRINE_SOURCE_DIR) / "tests/data/golden/pictures";

Colour at(const Picture& picture, int64_t x, int64_t y) {
  const auto i = static_cast<size_t>((y * picture.width + x) * 3);
  return {picture.rgb[i], picture.rgb[i + 1], picture.rgb[i + 2]};
}

int difference(const Colour& a, const Colour& b) {
  int most = 0;
  for (size_t i = 0; i < 3; ++i) most = std::max(most, std::abs(int{a[i]} - int{b[i]}));
  return most;
}

/// Bands of many frequencies, so that a wrong filter shows.
Picture waves(int64_t width, int64_t height) {
  Picture picture = blank_picture(width, height);
  for (int64_t y = 0; y < height; ++y)
    for (int64_t x = 0; x < width; ++x)
      for (int64_t c = 0; c < 3; ++c)
        picture.rgb[static_cast<size_t>((y * width + x) * 3 + c)] = static_cast<uint8_t>(
            127.5 + 60 * std::sin(static_cast<double>(x) * 0.05 * static_cast<double>(c + 1)) +
            60 * std::cos(static_cast<double>(y) * 0.07));
  return picture;
}

TEST(PictureTest, EveryKindOfFileIsReadAsPillowReadsIt) {
  const Json expected = read_json_file(kFiles / "expected.json");
  ASSERT_GT(expected.at("files").size(), 20u);
  for (const auto& [name, file] : expected.at("files").items()) {
    const Picture picture = read_picture(kFiles / name);
    ASSERT_EQ(picture.width, file.at("width")) << name;
    ASSERT_EQ(picture.height, file.at("height")) << name;
    ASSERT_NO_THROW(require_whole(picture, name));
    for (int64_t i = 0; i < 4; ++i) {
      const auto colour = file.at("middles").at(static_cast<size_t>(i)).get<Colour>();
      const Colour read = at(picture, picture.width * (1 + 2 * (i % 2)) / 4,
                             picture.height * (1 + 2 * (i / 2)) / 4);
      EXPECT_LE(difference(read, colour), file.at("tolerance").get<int>())
          << name << " block " << i << ": expected " << int{colour[0]} << ' ' << int{colour[1]}
          << ' ' << int{colour[2]} << ", got " << int{read[0]} << ' ' << int{read[1]} << ' '
          << int{read[2]};
    }
  }
}

TEST(PictureTest, HeadersTellKindFramesAndTheSizeAsShown) {
  const auto header = [](const char* name) {
    return read_picture_header(read_file(kFiles / name), name);
  };
  EXPECT_EQ(header("rgb.webp").format, PictureFormat::webp);
  EXPECT_EQ(header("animated.gif").frames, 3);
  EXPECT_EQ(header("animated.webp").frames, 2);
  EXPECT_EQ(header("turned6.jpg").width, 16);
  EXPECT_EQ(header("turned6.jpg").height, 24);
}

TEST(PictureTest, OfAnimatedFilesTheFirstFrameIsReadWithAWarning) {
  ::testing::internal::CaptureStderr();
  read_picture(kFiles / "animated.gif");
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("animated.gif: animated, 3 frames; the first one is read"), std::string::npos)
      << said;
}

uint32_t crc32_of(std::string_view bytes) {
  uint32_t crc = 0xFFFFFFFF;
  for (const char byte : bytes) {
    crc ^= static_cast<uint8_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
  }
  return ~crc;
}

std::string big_endian(uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xFF);
  return bytes;
}

/// A still picture with the chunk that makes it an animation, behind its header.
std::string animated_png(uint32_t frames) {
  const std::string still = encode_picture(blank_picture(4, 4), PictureFormat::png), control = "acTL" + big_endian(frames) + big_endian(0);
  constexpr size_t kHeaderEnd = 8 + 12 + 13;  // signature, IHDR
  return still.substr(0, kHeaderEnd) + big_endian(8) + control + big_endian(crc32_of(control)) + still.substr(kHeaderEnd);
}

TEST(PictureTest, AnAnimatedPngSaysItsFramesToo) {
  EXPECT_EQ(read_picture_header(animated_png(3), "a.png").frames, 3);
  EXPECT_EQ(read_picture_header(encode_picture(blank_picture(4, 4), PictureFormat::png), "still.png").frames, 1);
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(read_picture(animated_png(3), "a.png").width, 4);
  EXPECT_NE(::testing::internal::GetCapturedStderr().find("a.png: animated, 3 frames"), std::string::npos);
}

TEST(PictureTest, AFileThatIsReadAgainIsWarnedOfOnce) {
  const std::string bytes = read_file(kFiles / "animated.gif");
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(reread_picture(bytes, "a.gif").rgb, read_picture(bytes, "a.gif").rgb);
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(said.find("animated"), said.rfind("animated")) << said;
}

TEST(PictureTest, BadFilesAreRefusedInOneLineThatNamesThem) {
  const std::vector<std::pair<const char*, const char*>> files = {
      {"truncated.png", "IMG_UNREADABLE"},  {"truncated.jpg", "IMG_UNREADABLE"},
      {"truncated.webp", "IMG_UNREADABLE"}, {"truncated.gif", "IMG_UNREADABLE"},
      {"bad_crc.png", "IMG_UNREADABLE"},    {"text.jpg", "IMG_UNREADABLE"},
      {"head_only.jpg", "IMG_UNREADABLE"},  {"empty.png", "EMPTY_FILE"}};
  for (const auto& [name, code] : files) {
    const std::string message =
        message_of<Corrupt>([&, name = name] { read_picture(kFiles / name); });
    EXPECT_NE(message.find(code), std::string::npos) << name << ": " << message;
    EXPECT_NE(message.find(name), std::string::npos) << name << ": " << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }
}

TEST(PictureTest, TooManyPixelsAreRefusedByTheHeaderWithSizeAndLimit) {
  const std::string message =
      message_of<InvalidInput>([] { read_picture(kFiles / "megapixels64.png"); });
  EXPECT_NE(message.find("TOO_LARGE"), std::string::npos) << message;
  EXPECT_NE(message.find("megapixels64.png: 8000 x 8000 = 64000000 pixels, the limit is 50000000"),
            std::string::npos)
      << message;
  EXPECT_EQ(read_picture(kFiles / "megapixels64.png", {.max_pixels = 64'000'000}).width, 8000);
}

TEST(PictureTest, TooManyBytesAreRefusedBeforeTheyAreRead) {
  TemporaryDirectory dir;
  const fs::path path = dir.path() / "large.png";
  write_file_atomic(path, "");
  fs::resize_file(path, 200'000'000);  // a hole: takes no room
  const std::string message = message_of<InvalidInput>([&] { read_picture(path); });
  EXPECT_NE(
      message.find("TOO_LARGE " + path.string() + ": 200000000 bytes, the limit is 100000000"),
      std::string::npos)
      << message;
}

TEST(PictureTest, AFileThatIsNotThereIsNotFound) {
  EXPECT_THROW(read_picture("/nowhere/a.png"), NotFound);
  EXPECT_THROW(read_picture(kFiles), IoError);
}

TEST(PictureTest, WhatIsWrittenIsReadBack) {
  TemporaryDirectory dir;
  const Picture picture = waves(97, 61);
  for (const char* name : {"a.png", "a.JPG", "a.jpeg", "a.webp"}) {
    write_picture(dir.path() / name, picture, {.quality = 95});
    const Picture read = read_picture(dir.path() / name);
    ASSERT_EQ(read.rgb.size(), picture.rgb.size());
    int most = 0;
    for (size_t i = 0; i < read.rgb.size(); ++i)
      most = std::max(most, std::abs(int{read.rgb[i]} - int{picture.rgb[i]}));
    EXPECT_LE(most, std::string_view(name).ends_with("png") ? 0 : 16) << name;
  }
}

TEST(PictureTest, LowerQualityGivesFewerBytes) {
  const Picture picture = waves(200, 200);
  for (const PictureFormat format : {PictureFormat::jpeg, PictureFormat::webp})
    EXPECT_LT(encode_picture(picture, format, {.quality = 30}).size(),
              encode_picture(picture, format, {.quality = 95}).size());
}

TEST(PictureTest, WhatCannotBeWrittenIsRefused) {
  const Picture picture = waves(8, 8);
  EXPECT_THROW(format_of("a.gif"), InvalidInput);
  EXPECT_THROW(encode_picture(picture, PictureFormat::gif), InvalidInput);
  EXPECT_THROW(encode_picture(picture, PictureFormat::jpeg, {.quality = 0}), InvalidInput);
  EXPECT_THROW(encode_picture(blank_picture(16'384, 1), PictureFormat::webp), InvalidInput);
  EXPECT_THROW(encode_picture({4, 4, std::vector<uint8_t>(47)}, PictureFormat::png), InvalidInput);
}

TEST(PictureTest, ManyThreadsReadAtOnce) {
  std::vector<std::thread> threads;
  std::vector<int64_t> widths(8);
  for (size_t i = 0; i < widths.size(); ++i)
    threads.emplace_back([&, i] {
      for (int k = 0; k < 20; ++k)
        widths[i] += read_picture(kFiles / (i % 2 == 0 ? "rgb.jpg" : "rgba.png")).width;
    });
  for (auto& thread : threads) thread.join();
  for (const int64_t width : widths) EXPECT_EQ(width, 20 * 24);
}

TEST(PictureResizeTest, SizesAreExact) {
  const Picture picture = waves(101, 67);
  for (const auto& [width, height] :
       {std::pair<int64_t, int64_t>{1, 1}, {7, 300}, {50, 33}, {202, 134}, {101, 68}, {640, 5}}) {
    for (const Picture& out : {resize(picture, width, height), cover_crop(picture, width, height),
                               fit_pad(picture, width, height)}) {
      EXPECT_EQ(out.width, width);
      EXPECT_EQ(out.height, height);
      EXPECT_NO_THROW(require_whole(out, "test"));
    }
  }
}

TEST(PictureResizeTest, MadeSmallerFineLinesBecomeGrey) {
  Picture lines = blank_picture(256, 64);
  for (int64_t i = 0; i < 256 * 64; ++i)
    if (i % 2 == 0) std::fill_n(lines.rgb.begin() + i * 3, 3, uint8_t{0});
  const Picture small = resize(lines, 51, 16);
  for (int64_t x = 4; x < 47; ++x) EXPECT_LE(difference(at(small, x, 8), {127, 127, 127}), 12) << x;
}

TEST(PictureResizeTest, TheSameSizeGivesTheSamePixels) {
  const Picture picture = waves(40, 30);
  EXPECT_EQ(resize(picture, 40, 30).rgb, picture.rgb);
  EXPECT_EQ(cover_crop(picture, 40, 30).rgb, picture.rgb);
  EXPECT_EQ(fit_pad(picture, 40, 30).rgb, picture.rgb);
}

TEST(PictureResizeTest, CoverCropKeepsTheMiddle) {
  Picture picture = blank_picture(90, 30, {255, 0, 0});
  for (int64_t y = 0; y < 30; ++y)
    for (int64_t x = 30; x < 60; ++x)
      std::fill_n(picture.rgb.begin() + (y * 90 + x) * 3, 3, uint8_t{9});
  const Picture middle = cover_crop(picture, 60, 60);
  EXPECT_LE(difference(at(middle, 2, 30), {9, 9, 9}), 2);
  EXPECT_LE(difference(at(middle, 57, 30), {9, 9, 9}), 2);
}

TEST(PictureResizeTest, FitPadKeepsAllAndPadsEvenly) {
  const Picture padded = fit_pad(blank_picture(80, 40, {0, 100, 0}), 40, 40, {7, 8, 9});
  EXPECT_EQ(at(padded, 20, 9), (Colour{7, 8, 9}));
  EXPECT_EQ(at(padded, 20, 10), (Colour{0, 100, 0}));
  EXPECT_EQ(at(padded, 20, 29), (Colour{0, 100, 0}));
  EXPECT_EQ(at(padded, 20, 30), (Colour{7, 8, 9}));
}

TEST(PictureResizeTest, CropIsThatPartAndNothingOutside) {
  const Picture picture = waves(20, 10);
  const Picture part = crop(picture, 3, 4, 5, 6);
  EXPECT_EQ(at(part, 0, 0), at(picture, 3, 4));
  EXPECT_EQ(at(part, 4, 5), at(picture, 7, 9));
  EXPECT_THROW(crop(picture, 16, 0, 5, 5), InvalidInput);
  EXPECT_THROW(crop(picture, -1, 0, 5, 5), InvalidInput);
  EXPECT_THROW(resize(picture, 0, 5), InvalidInput);
}

}  // namespace
}  // namespace vitrine::io
