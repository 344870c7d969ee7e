// Pictures as CLIP takes them against transformers' image processor.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "io/picture.h"
#include "models/clip/pixels.h"

namespace vitrine::models {
namespace {

const std::filesystem::path kData = std::filesystem::path(VITRINE_SOURCE_DIR) / "tests/data/golden/clip_pixels";
constexpr double kOneLevel = 1.01 / 255 / 0.26130258;  // rounding between the two passes of a resize may fall either way

TEST(ClipPixelsGoldenTest, PixelsAreThoseOfTransformers) {
  const io::Picture picture = io::read_picture(kData / "picture.png");
  const Json record = read_json_file(kData / "expected.json");
  for (const auto& [name, expected] : record["cases"].items()) {
    const ClipPreprocess config = clip_preprocess_from_json(expected["settings"], name);
    const at::Tensor pixels = clip_pixels(picture, config);
    ASSERT_EQ(pixels.sizes(), at::IntArrayRef({3, config.crop_size, config.crop_size})) << name;
    const at::Tensor values = at::tensor(expected["values"].get<std::vector<float>>()).view(pixels.sizes());
    const at::Tensor difference = (pixels - values).abs();
    EXPECT_LE(difference.max().item<double>(), kOneLevel) << name;
    EXPECT_LE(difference.mean().item<double>(), 0.05 * kOneLevel) << name;  // most pixels are equal
  }
}

}  // namespace
}  // namespace vitrine::models
