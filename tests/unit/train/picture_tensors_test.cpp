#include "train/picture_tensors.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "io/picture.h"
#include "support/temporary_directory.h"

namespace vitrine::train {
namespace {
namespace fs = std::filesystem;

TEST(PictureTensorsTest, WhatCannotBeReadIsLeftOutWithAWarning) {
  const test::TemporaryDirectory dir;
  const fs::path good = dir.path() / "good.png", broken = dir.path() / "broken.png", large = dir.path() / "large.png", missing = dir.path() / "missing.png";
  io::write_picture(good, io::blank_picture(8, 8));
  write_file_atomic(broken, "no picture");
  write_file_atomic(large, "x");
  fs::resize_file(large, 100'000'001);  // a hole: more bytes than the limit
  const fs::path wide = fs::path(VITRINE_SOURCE_DIR) / "tests/data/golden/pictures/megapixels64.png";
  testing::internal::CaptureStderr();
  const PictureTensors read = load_pictures({large, broken, wide, good, missing}, {4, 4});
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(read.files, std::vector{good});
  EXPECT_EQ(read.pixels.sizes(), (std::vector<int64_t>{1, 3, 4, 4}));
  for (const char* why : {"bytes, the limit", "pixels, the limit", "IMG_UNREADABLE", "missing.png"}) EXPECT_NE(said.find(why), std::string::npos) << why << "\n" << said;
  EXPECT_THROW(load_pictures({large}, {4, 4}), NotFound);
}

}  // namespace
}  // namespace vitrine::train
