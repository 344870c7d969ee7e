#include "train/tensor_cache.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "support/temporary_directory.h"

namespace vitrine::train {
namespace {

TEST(TensorCacheTest, GivesBackWhatWasWrittenForTheSameContentAlone) {
  const test::TemporaryDirectory folder;
  const TensorCache cache{folder.path() / "a.safetensors", "one"};
  EXPECT_FALSE(cache.find("x").defined());
  cache.write({{"x", at::tensor({1.5f, -2.0f})}});
  EXPECT_TRUE(at::equal(cache.find("x"), at::tensor({1.5f, -2.0f})));
  EXPECT_FALSE(cache.find("y").defined());
  EXPECT_FALSE((TensorCache{cache.file, "two"}.find("x").defined()));
}

TEST(TensorCacheTest, WithoutAFileNothingIsKept) {
  const TensorCache cache{"", "one"};
  cache.write({{"x", at::ones({1})}});
  EXPECT_FALSE(cache.find("x").defined());
}

}  // namespace
}  // namespace vitrine::train
