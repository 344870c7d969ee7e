#include "serve/picture_model.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "support/temporary_directory.h"

namespace vitrine::serve {
namespace {

TEST(PictureModelTest, AModelTrainedHereSaysItsSideAndGuidance) {
  const test::TemporaryDirectory folder;
  write_file_atomic(folder.path() / "vitrine.json", R"({"settings": {"width": 128, "height": 160, "sample_guidance_scale": 3.0}})");
  const PictureModelFacts facts = read_picture_model(folder.path());
  EXPECT_EQ(facts.side, 128);
  EXPECT_EQ(facts.guidance_scale, 3);
  EXPECT_EQ(picture_sides(facts), (std::vector<int>{128}));
}

TEST(PictureModelTest, APublicModelIsAsLargeAsItsLatents) {
  const test::TemporaryDirectory folder;
  std::filesystem::create_directories(folder.path() / "unet");
  write_file_atomic(folder.path() / "unet" / "config.json", R"({"sample_size": 64})");
  EXPECT_EQ(picture_sides(read_picture_model(folder.path())), (std::vector<int>{256, 384, 512}));
}

TEST(PictureModelTest, WhatSaysNothingHasTheUsualSize) {
  const PictureModelFacts facts = read_picture_model("/nowhere/model.safetensors");
  EXPECT_EQ(facts.side, 512);
  EXPECT_EQ(facts.guidance_scale, 7.5);
}

}  // namespace
}  // namespace vitrine::serve
