// Labels of pictures of any size: high enough, inside a corner, with their margin and contrast, and
// provable.
#include <gtest/gtest.h>

#include <random>

#include "imagery/explicit_label.h"

namespace vitrine::imagery {
namespace {

io::Picture noise(int64_t width, int64_t height, std::mt19937& random) {
  io::Picture picture = io::blank_picture(width, height);
  const auto base = static_cast<uint8_t>(random());
  for (size_t i = 0; i < picture.rgb.size(); ++i)
    picture.rgb[i] = static_cast<uint8_t>(base + (i * 2654435761U >> 27));
  return picture;
}

TEST(PictureLabelProperty, EveryWordingHoldsOnEverySize) {
  std::mt19937 random(20261124);
  std::uniform_int_distribution<int64_t> sides(128, 2048);
  for (int round = 0; round < 200; ++round) {
    const int64_t width = round == 0 ? 128 : sides(random),
                  height = round <= 1 ? 128 : sides(random);
    const io::Picture master = noise(width, height, random);
    for (const std::string& wording : picture_wordings().all()) {
      io::Picture picture = master;
      const DrawnLabel label = draw_explicit_label(picture, {.wording = wording});
      const std::string where =
          wording + " on " + std::to_string(width) + " x " + std::to_string(height);
      const auto& r = label.rect;
      const int64_t least = std::max<int64_t>(12, (std::min(width, height) + 19) / 20);
      ASSERT_GE(label.ink_height, least) << where;
      ASSERT_LE(label.ink_height, least + 2) << where;
      for (const int64_t margin : {r.x, r.y, width - r.x - r.width, height - r.y - r.height})
        ASSERT_GE(2 * margin, label.ink_height) << where;
      ASSERT_GE(contrast_ratio(label.ink, label.plate), 4.5) << where;
      const LabelProof proof = prove_label(picture, label, true);
      ASSERT_TRUE(proof.holds()) << where << ": " << proof.problem;
      ASSERT_EQ(proof.height, label.ink_height) << where;
    }
  }
}

}  // namespace
}  // namespace vitrine::imagery
