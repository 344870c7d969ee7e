// A Stable Diffusion model as a command names it, and the size that it says it was trained at.
#include "recipes/picture_model.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "support/temporary_directory.h"

namespace vitrine::recipes {
namespace {
namespace fs = std::filesystem;

const fs::path kTiny = fs::path(VITRINE_SOURCE_DIR) / "tests/data/sd_tiny/model";

TEST(PictureModelTest, AFileAFolderAndANameInModelsAreFound) {
  const test::TemporaryDirectory dir;
  write_file_atomic(dir.path() / "one.safetensors", "x");
  EXPECT_EQ(find_picture_model((dir.path() / "one.safetensors").string()), dir.path() / "one.safetensors");
  EXPECT_EQ(find_picture_model(kTiny.string() + "/"), kTiny);
  EXPECT_EQ(find_picture_model("sd-mini").filename(), "sd-mini");
  EXPECT_THROW(find_picture_model("no-such-model"), NotFound);
}

TEST(PictureModelTest, TheSizeOfTheTrainingStandsBeforeTheSquareOfTheUNet) {
  const test::TemporaryDirectory dir;
  const fs::path model = dir.path() / "model";
  fs::copy(kTiny, model, fs::copy_options::recursive);
  const models::StableDiffusionFiles files = models::open_stable_diffusion(model);
  const int64_t square = files.settings.unet.sample_size * files.settings.vae.downscale();
  EXPECT_EQ(own_sides(files).width, square);
  EXPECT_EQ(own_sides(files).height, square);
  write_file_atomic(model / "vitrine.json", R"({"settings": {"width": 128, "height": 160}})");
  EXPECT_EQ(own_sides(files).width, 128);
  EXPECT_EQ(own_sides(files).height, 160);
  write_file_atomic(model / "vitrine.json", R"({"settings": {"width": 0, "height": "tall"}})");
  EXPECT_EQ(own_sides(files).width, square);
  EXPECT_EQ(own_sides(files).height, square);
}

}  // namespace
}  // namespace vitrine::recipes
