#include "imagery/perceptual_hash.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "io/picture_resize.h"

namespace vitrine::imagery {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> clothing_pictures() {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::recursive_directory_iterator(VITRINE_SOURCE_DIR "/tests/data/clothing/validation"))
    if (entry.path().extension() == ".jpg") paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  return paths;
}

io::Picture recompressed(const io::Picture& picture, int quality) {
  return io::read_picture(io::encode_picture(picture, io::PictureFormat::jpeg, {.quality = quality}), "copy");
}

io::Picture brighter(io::Picture picture) {
  for (uint8_t& value : picture.rgb) value = static_cast<uint8_t>(std::min(255, value + 15));
  return picture;
}

TEST(PerceptualHashTest, NinetyFivePercentOfEditedCopiesAreWithinEightBits) {
  int found = 0, copies = 0;
  for (const auto& path : clothing_pictures()) {
    const io::Picture picture = io::read_picture(path);
    const uint64_t hash = perceptual_hash(picture);
    for (const io::Picture& copy : {io::resize(picture, picture.width / 2, picture.height / 2), recompressed(picture, 40), brighter(picture),
                                    io::resize(picture, picture.width * 2, picture.height * 2)}) {
      found += hamming_distance(hash, perceptual_hash(copy)) <= 8;
      ++copies;
    }
  }
  ASSERT_EQ(copies, 240);
  std::cout << found << " of " << copies << " edited copies within 8 bits\n";
  EXPECT_GE(found * 100, copies * 95);
}

TEST(PerceptualHashTest, DifferentPicturesAreFurtherApart) {
  std::vector<uint64_t> hashes;
  for (const auto& path : clothing_pictures()) hashes.push_back(perceptual_hash(io::read_picture(path)));
  for (size_t i = 0; i < hashes.size(); ++i) {
    for (size_t j = 0; j < i; ++j) EXPECT_GT(hamming_distance(hashes[i], hashes[j]), 8) << i << " " << j;
  }
}

TEST(PerceptualHashTest, HalfOfTheBitsAreSet) {
  const auto hash = perceptual_hash(io::read_picture(clothing_pictures().front()));
  EXPECT_EQ(std::popcount(hash), 32);
  EXPECT_THROW(perceptual_hash({}), InvalidInput);
}

TEST(PerceptualHashTest, AHashIsSixteenDigits) {
  EXPECT_EQ(hash_text(0x00ab), "00000000000000ab");
  EXPECT_EQ(hash_text(~uint64_t{0}), "ffffffffffffffff");
}

TEST(HashIndexTest, TheNearestOfTheFirstIsFound) {
  HashIndex index;
  EXPECT_FALSE(index.nearest(0, 64));
  for (const uint64_t hash : {0xffULL, 0x0fULL, 0x0fULL}) index.add(hash);
  const auto near = index.nearest(0x1f, 4);
  ASSERT_TRUE(near);
  EXPECT_EQ(near->index, 1u);
  EXPECT_EQ(near->distance, 1);
  EXPECT_FALSE(index.nearest(~uint64_t{0}, 4));
}

}  // namespace
}  // namespace vitrine::imagery
