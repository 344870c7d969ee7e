// Labels of pictures: size, corner, contrast, and the proof by drawing them again.
#include "imagery/explicit_label.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "imagery/ssim.h"
#include "io/picture_resize.h"
#include "support/temporary_directory.h"

namespace vitrine::imagery {
namespace {

using io::blank_picture;
using io::Picture;
using test::message_of;

ProductMask mask_of(const Picture& picture, const Rect& product) {
  ProductMask mask{picture.width, picture.height, std::vector<uint8_t>(picture.rgb.size() / 3)};
  for (int64_t y = product.y; y < product.y + product.height; ++y)
    for (int64_t x = product.x; x < product.x + product.width; ++x)
      mask.product[static_cast<size_t>(y * picture.width + x)] = 1;
  return mask;
}

Rect place_with(const Rect& product, int64_t width = 400, int64_t height = 300) {
  Picture picture = blank_picture(width, height);
  const ProductMask mask = mask_of(picture, product);
  return draw_explicit_label(picture, {.wording = {}, .mask = &mask}).rect;
}

/// Rows of the picture's rectangle that show more of the ink's colour than of the plate's, from
/// first to last.
int64_t rows_of_ink(const Picture& picture, const DrawnLabel& label, int64_t left, int64_t right) {
  int64_t first = -1, last = -2;
  for (int64_t y = label.rect.y; y < label.rect.y + label.rect.height; ++y)
    for (int64_t x = left; x < right; ++x) {
      const int value = picture.rgb[static_cast<size_t>((y * picture.width + x) * 3)];
      if (std::abs(value - label.ink[0]) > std::abs(value - label.plate[0])) continue;
      if (first < 0) first = y;
      last = y;
    }
  return last - first + 1;
}

TEST(ExplicitLabelTest, TheHeightIsAFifthOfAQuarterOfTheShortestSide) {
  const std::vector<std::array<int64_t, 2>> known = {{128, 12}, {240, 12},  {241, 13},  {512, 26},
                                                     {800, 40}, {1024, 52}, {1080, 54}, {1440, 72}};
  for (const auto& [side, height] : known) {
    EXPECT_EQ(required_ink_height(side, 4000), height) << side;
    EXPECT_EQ(required_ink_height(4000, side), height) << side;
  }
}

TEST(ExplicitLabelTest, ContrastIsThatOfTheAccessibilityGuidelines) {
  EXPECT_NEAR(contrast_ratio({0, 0, 0}, {255, 255, 255}), 21, 1e-9);
  EXPECT_NEAR(contrast_ratio({119, 119, 119}, {255, 255, 255}), 4.48, 0.005);
  EXPECT_EQ(contrast_ratio({9, 8, 7}, {9, 8, 7}), 1);
}

TEST(ExplicitLabelTest, WordingsAreThoseOfTheRuleAndHaveGlyphs) {
  EXPECT_EQ(picture_wordings().standard(), "AI生成");
  for (const std::string& wording : picture_wordings().all())
    EXPECT_TRUE(LabelGlyphs::shipped().has_all(wording)) << wording;
}

TEST(ExplicitLabelTest, ALabelStandsBottomRightWithItsMargin) {
  Picture picture = blank_picture(512, 640, {10, 120, 30});
  const DrawnLabel label = draw_explicit_label(picture, {});
  EXPECT_EQ(label.wording, "AI生成");
  EXPECT_GE(label.ink_height, 26);
  EXPECT_LE(label.ink_height, 28);
  const int64_t margin = (label.ink_height + 1) / 2;
  EXPECT_EQ(label.rect.x + label.rect.width, 512 - margin);
  EXPECT_EQ(label.rect.y + label.rect.height, 640 - margin);
  EXPECT_GE(contrast_ratio(label.ink, label.plate), 10);
}

TEST(ExplicitLabelTest, TheHeightIsMeasuredOnRenderedPixelsOfTheLowestCharacter) {
  for (const std::string& wording : picture_wordings().all()) {
    Picture picture = blank_picture(600, 700);
    const DrawnLabel label = draw_explicit_label(picture, {.wording = wording});
    EXPECT_GE(label.ink_height, 30) << wording;
    EXPECT_LE(label.ink_height, 31) << wording;
    // The ink of all characters together is at least as high as that of the lowest one.
    EXPECT_GE(rows_of_ink(picture, label, label.rect.x, label.rect.x + label.rect.width), 30)
        << wording;
  }
}

TEST(ExplicitLabelTest, NothingOutsideTheRectangleChanges) {
  const Picture before = blank_picture(300, 200, {1, 2, 3});
  Picture after = before;
  const Rect r = draw_explicit_label(after, {}).rect;
  for (int64_t y = 0; y < 200; ++y)
    for (int64_t x = 0; x < 300; ++x) {
      const bool inside = x >= r.x && x < r.x + r.width && y >= r.y && y < r.y + r.height;
      ASSERT_TRUE(inside || after.rgb[static_cast<size_t>((y * 300 + x) * 3)] == 1)
          << x << ' ' << y;
    }
}

TEST(ExplicitLabelTest, TheCornerWithLeastOfTheProductIsTaken) {
  const auto is_right = [](const Rect& r) { return r.x > 200; };
  const auto is_low = [](const Rect& r) { return r.y > 150; };
  Rect r = place_with({150, 100, 50, 50});
  EXPECT_TRUE(is_right(r) && is_low(r)) << "no corner is taken: bottom right";
  r = place_with({300, 200, 100, 100});
  EXPECT_TRUE(!is_right(r) && is_low(r)) << "bottom left is next";
  r = place_with({0, 200, 400, 100});
  EXPECT_TRUE(is_right(r) && !is_low(r)) << "then top right";
  r = place_with({100, 0, 300, 300});
  EXPECT_TRUE(!is_right(r) && is_low(r));
  r = place_with({0, 0, 400, 300});
  EXPECT_TRUE(is_right(r) && is_low(r)) << "all alike: bottom right";
  r = place_with({0, 20, 400, 280});
  EXPECT_TRUE(is_right(r) && !is_low(r)) << "the product leaves most of the top free";
}

TEST(ExplicitLabelTest, AProductInEveryCornerGetsAStripBelowWhereThatIsAllowed) {
  Picture picture = blank_picture(400, 300, {200, 10, 10});
  const ProductMask mask = mask_of(picture, {0, 0, 400, 300});
  const DrawnLabel label =
      draw_explicit_label(picture, {.wording = {}, .mask = &mask, .may_grow = true});
  EXPECT_EQ(picture.width, 400);
  EXPECT_GT(picture.height, 300);
  EXPECT_GE(label.rect.y, 300 + (label.ink_height + 1) / 2);
  EXPECT_NO_THROW(io::require_whole(picture, "test"));
  EXPECT_TRUE(prove_label(picture, label, true).holds());
  EXPECT_EQ(io::crop(picture, 0, 0, 400, 300).rgb, blank_picture(400, 300, {200, 10, 10}).rgb);
}

TEST(ExplicitLabelTest, ShortSidesAreRefusedUnder128) {
  Picture smallest = blank_picture(128, 128);
  for (const std::string& wording : picture_wordings().all()) {
    Picture picture = smallest;
    EXPECT_GE(draw_explicit_label(picture, {.wording = wording}).ink_height, 12) << wording;
  }
  Picture small = blank_picture(127, 4000);
  const std::string message = message_of<InvalidInput>([&] { draw_explicit_label(small, {}); });
  EXPECT_NE(message.find("LBL_TOO_SMALL"), std::string::npos) << message;
  EXPECT_NE(message.find("127 x 4000"), std::string::npos) << message;
}

TEST(ExplicitLabelTest, OtherWordingsAndMasksAreRefused) {
  Picture picture = blank_picture(200, 200);
  EXPECT_THROW(draw_explicit_label(picture, {.wording = "自动生成"}), InvalidInput);
  const ProductMask mask{100, 100, std::vector<uint8_t>(10'000)};
  EXPECT_THROW(draw_explicit_label(picture, {.wording = {}, .mask = &mask}), InvalidInput);
}

TEST(ExplicitLabelTest, AStoredLabelIsReadBack) {
  Picture picture = blank_picture(256, 256, {0, 0, 90});
  const DrawnLabel label = draw_explicit_label(picture, {.wording = "人工智能合成"});
  const auto read = read_drawn_label(parse_json(to_json(label).dump(), "label"));
  ASSERT_TRUE(read);
  EXPECT_EQ(to_json(*read), to_json(label));
  for (const char* field :
       {"rect", "text", "height_px", "em_px", "ink", "plate", "glyphs_sha256"}) {
    Json broken = to_json(label);
    broken.erase(field);
    EXPECT_FALSE(read_drawn_label(broken)) << field;
    broken[field] = nullptr;
    EXPECT_FALSE(read_drawn_label(broken)) << field;
  }
  EXPECT_FALSE(read_drawn_label(Json::array()));
}

class LabelProofTest : public testing::Test {
 protected:
  Picture picture_ = blank_picture(400, 400, {90, 140, 40});
  DrawnLabel label_ = draw_explicit_label(picture_, {});
};

TEST_F(LabelProofTest, TheOwnLabelIsProved) {
  const LabelProof proof = prove_label(picture_, label_, true);
  EXPECT_TRUE(proof.holds()) << proof.problem;
  EXPECT_EQ(proof.required, 20);
  EXPECT_GE(proof.height, 20);
  EXPECT_GT(proof.contrast, 10);
}

TEST_F(LabelProofTest, OneOtherPixelIsNoProofInALosslessFile) {
  picture_.rgb[static_cast<size_t>(((label_.rect.y + 3) * 400 + label_.rect.x + 5) * 3)] ^= 1;
  EXPECT_FALSE(prove_label(picture_, label_, true).holds());
  EXPECT_TRUE(prove_label(picture_, label_, false).holds());
}

TEST_F(LabelProofTest, LossyFilesAreComparedBySimilarity) {
  for (const auto format : {io::PictureFormat::jpeg, io::PictureFormat::webp}) {
    const Picture lossy =
        io::read_picture(io::encode_picture(picture_, format, {.quality = 80}), "x");
    const LabelProof proof = prove_label(lossy, label_, false);
    EXPECT_TRUE(proof.holds()) << io::to_string(format) << ' ' << proof.similarity << ' '
                               << proof.contrast;
    EXPECT_FALSE(prove_label(lossy, label_, true).same);
  }
}

TEST_F(LabelProofTest, AMissingMovedOrFaintLabelIsNotProved) {
  const Picture without = blank_picture(400, 400, {90, 140, 40});
  EXPECT_FALSE(prove_label(without, label_, false).holds());
  DrawnLabel moved = label_;
  moved.rect.x -= 3;
  EXPECT_FALSE(prove_label(picture_, moved, false).holds());
  DrawnLabel faint = label_;
  Picture faint_picture = picture_;
  faint.plate = {200, 200, 200};
  faint.ink = {230, 230, 230};
  const io::Picture plate = draw_plate(faint).picture;
  for (int64_t y = 0; y < plate.height; ++y)
    std::copy_n(plate.rgb.begin() + y * plate.width * 3, plate.width * 3,
                faint_picture.rgb.begin() + ((faint.rect.y + y) * 400 + faint.rect.x) * 3);
  const LabelProof proof = prove_label(faint_picture, faint, true);
  EXPECT_TRUE(proof.same);
  EXPECT_LT(proof.contrast, kMinContrast);
  EXPECT_FALSE(proof.holds());
}

TEST_F(LabelProofTest, ALabelInTheMiddleIsNoProof) {
  Picture large = blank_picture(1000, 1000);
  const Picture small = picture_;
  for (int64_t y = 0; y < 400; ++y)
    std::copy_n(small.rgb.begin() + y * 1200, 1200,
                large.rgb.begin() + ((y + 300) * 1000 + 300) * 3);
  DrawnLabel moved = label_;
  moved.rect.x += 300;
  moved.rect.y += 300;
  const LabelProof proof = prove_label(large, moved, true);
  EXPECT_TRUE(proof.same);
  EXPECT_FALSE(proof.edge);
  EXPECT_LT(proof.height, proof.required);
}

TEST_F(LabelProofTest, DescriptionsThatNoLabelFitsAreNoProof) {
  DrawnLabel label = label_;
  label.rect = {-5, 2'000'000'000, 2'000'000'000, 7};
  EXPECT_FALSE(prove_label(picture_, label, true).holds());
  label = label_;
  label.em = 2'000'000'000;
  EXPECT_FALSE(prove_label(picture_, label, true).holds());
  label = label_;
  label.wording = "生成";
  EXPECT_FALSE(prove_label(picture_, label, true).holds());
  label = label_;
  label.glyphs_sha256 = std::string(64, '0');
  EXPECT_NE(prove_label(picture_, label, true).problem.find("other glyphs"), std::string::npos);
}

TEST(SsimTest, IsOneForTheSameAndFallsWithTheDifference) {
  Picture a = blank_picture(60, 40);
  for (size_t i = 0; i < a.rgb.size(); ++i) a.rgb[i] = static_cast<uint8_t>(i / 3 % 60 * 4);
  EXPECT_NEAR(ssim(a, a), 1, 1e-9);
  Picture b = a;
  for (size_t i = 0; i < b.rgb.size(); i += 7) b.rgb[i] ^= 32;
  const double near = ssim(a, b);
  EXPECT_LT(near, 1);
  EXPECT_LT(ssim(a, blank_picture(60, 40)), near);
  EXPECT_THROW(ssim(a, blank_picture(40, 60)), InvalidInput);
}

// Two flat pictures: only the first factor is left, (2 a b + C1) / (a^2 + b^2 + C1).
TEST(SsimTest, HasTheKnownValueForFlatPictures) {
  const double c1 = 0.01 * 255 * 0.01 * 255;
  EXPECT_NEAR(ssim(blank_picture(20, 20, {100, 100, 100}), blank_picture(20, 20, {120, 120, 120})),
              (2 * 100.0 * 120 + c1) / (100.0 * 100 + 120.0 * 120 + c1), 1e-6);
}

TEST(LabelGlyphsTest, TheSamePixelsComeOutOnEveryMachine) {
  const InkLine line = LabelGlyphs::shipped().draw("AI生成人工智能合", 40);
  const auto& ink = line.coverage.ink;
  EXPECT_EQ(sha256_hex({reinterpret_cast<const char*>(ink.data()), ink.size()}),
            "02ddbadfc32fe657e2fbb8920465bad6b35b6a4deb079adc3ba9cbcaa9d05817");
}

TEST(LabelGlyphsTest, FilesThatAreNoOutlinesAreRefused) {
  test::TemporaryDirectory dir;
  const auto path = dir.path() / "glyphs.tsv";
  for (const char* row : {"AI\t100\t0,0 9,0 9,9", "A\t0\t0,0 9,0 9,9", "A\t9\t0,0 9,0",
                          "A\t9\t0,0 9,0 9", "A\t9\t0,0 9,0 9,x", "A\t9\t0,0 9,0 99999999,9",
                          "A\t9\t0,0  9,0 9,9", "A\t9\t0,0 9,0 9,9\nA\t9\t0,0 9,0 9,9"}) {
    write_file_atomic(path, concat("glyph\tadvance\tcontours\n", row, "\n"));
    EXPECT_THROW(LabelGlyphs::load(path), InvalidInput) << row;
  }
  EXPECT_THROW(LabelGlyphs::shipped().draw("画", 40), InvalidInput);
  EXPECT_THROW(LabelGlyphs::shipped().draw("A", 3), InvalidInput);
}

}  // namespace
}  // namespace vitrine::imagery
