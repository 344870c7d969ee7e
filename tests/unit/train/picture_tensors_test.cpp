#include "train/picture_tensors.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace vitrine::train {
namespace {

namespace fs = std::filesystem;

TEST(PictureTensorsTest, WhatCannotBeReadOrIsTooLargeIsLeftOut) {
  const fs::path pictures = fs::path(VITRINE_SOURCE_DIR) / "tests/data/golden/pictures";
  std::vector<data::PictureFile> files;
  for (const char* name : {"megapixels64.png", "rgb.png", "truncated.jpg"}) files.push_back({.file = pictures / name, .member = {}});
  std::vector<size_t> kept;
  const PictureTensors loaded = load_pictures(files, {.width = 16, .height = 8}, kept);
  EXPECT_EQ(loaded.pixels.sizes(), (std::vector<int64_t>{1, 3, 8, 16}));
  EXPECT_EQ(kept, std::vector<size_t>{1});
  EXPECT_EQ(loaded.files, std::vector<fs::path>{pictures / "rgb.png"});
  EXPECT_THROW(load_pictures({pictures / "megapixels64.png"}, {}), NotFound) << "none is left";
}

}  // namespace
}  // namespace vitrine::train
