#include "generation/packed_cache.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <limits>

#include "base/error.h"
#include "base/hash.h"
#include "generation/decoder.h"
#include "support/random_gpt2.h"
#include "support/temporary_directory.h"

namespace vitrine::generation {
namespace {

namespace fs = std::filesystem;

/// A model whose packed weights are large enough to be kept.
class PackedCacheTest : public ::testing::Test {
 protected:
  PackedCacheTest() {
    ::setenv("XDG_CACHE_HOME", (home_.path() / "cache").c_str(), 1);
    write_model(1);
  }
  ~PackedCacheTest() override { ::unsetenv("XDG_CACHE_HOME"); }

  void write_model(uint64_t seed) const {
    test::write_random_gpt2(
        model(), {.vocab_size = 9000, .n_positions = 64, .n_embd = 128, .n_layer = 1, .n_head = 2},
        0.3f, seed);
  }
  fs::path model() const { return home_.path() / "model"; }
  fs::path cache() const { return model() / "packed-float32.cache"; }
  static Decoder load(const fs::path& dir) {
    return Decoder::load(dir, {.threads = 1, .dtype = "float32"});
  }
  std::vector<float> logits() const {
    return load(model()).logits_last(std::vector<int32_t>{3, 1, 4});
  }
  static void end_with_nan(const fs::path& path) {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(-static_cast<int>(sizeof nan), std::ios::end);
    file.write(reinterpret_cast<const char*>(&nan), sizeof nan);
  }

  test::TemporaryDirectory home_;
};

TEST_F(PackedCacheTest, TheSecondDecoderReadsWhatTheFirstOnePacked) {
  EXPECT_FALSE(PackedCache(model(), "float32").is_there());
  const auto packed = logits();
  ASSERT_TRUE(fs::exists(cache()));
  EXPECT_TRUE(PackedCache(model(), "float32").is_there());
  EXPECT_EQ(logits(), packed);
  EXPECT_EQ(load(model()).weights_sha256(), sha256_file(model() / "model.safetensors"));
}

TEST_F(PackedCacheTest, OtherWeightsOfTheSameSizeAreNotTakenForTheSame) {
  const auto packed = logits();
  const auto time = fs::last_write_time(model() / "model.safetensors");
  write_model(2);
  fs::last_write_time(model() / "model.safetensors", time);
  EXPECT_FALSE(PackedCache(model(), "float32").is_there());
  EXPECT_NE(logits(), packed);
}

TEST_F(PackedCacheTest, ACopiedModelIsKnownByItsContent) {
  const auto packed = logits();
  const fs::path copy = home_.path() / "copy";
  fs::copy(model(), copy);
  EXPECT_TRUE(PackedCache(copy, "float32").is_there());
  EXPECT_EQ(load(copy).logits_last(std::vector<int32_t>{3, 1, 4}), packed);
}

TEST_F(PackedCacheTest, ADamagedCacheIsMadeAnew) {
  const auto packed = logits();
  for (const auto size : {uintmax_t{0}, uintmax_t{100}, fs::file_size(cache()) - 1}) {
    fs::resize_file(cache(), size);
    EXPECT_FALSE(PackedCache(model(), "float32").is_there()) << size;
    EXPECT_EQ(logits(), packed) << size;
    EXPECT_TRUE(PackedCache(model(), "float32").is_there()) << size;
  }
}

TEST_F(PackedCacheTest, ADecoderGoesOnWhenItsDirectoryIsDeleted) {
  const auto packed = logits();
  Decoder decoder = load(model());
  fs::remove_all(model());
  EXPECT_EQ(decoder.logits_last(std::vector<int32_t>{3, 1, 4}), packed);
}

TEST_F(PackedCacheTest, ReadOnlyModelsAreKeptInTheUsersCacheFolder) {
  fs::create_directory(cache());  // nothing can be renamed to it
  const auto packed = logits();
  const fs::path folder = home_.path() / "cache" / "vitrine" / "packed";
  ASSERT_TRUE(fs::exists(folder));
  EXPECT_TRUE(PackedCache(model(), "float32").is_there());
  EXPECT_EQ(logits(), packed);
}

TEST_F(PackedCacheTest, SmallModelsLeaveNoFile) {
  const fs::path small = home_.path() / "small";
  test::write_random_gpt2(
      small, {.vocab_size = 50, .n_positions = 64, .n_embd = 32, .n_layer = 1, .n_head = 2}, 0.3f);
  load(small);
  EXPECT_FALSE(fs::exists(small / "packed-float32.cache"));
}

TEST_F(PackedCacheTest, WeightsThatAreNotFiniteAreFoundAlthoughAnOlderCacheIsThere) {
  logits();
  end_with_nan(model() / "model.safetensors");
  EXPECT_THROW(logits(), Corrupt);
}

}  // namespace
}  // namespace vitrine::generation
