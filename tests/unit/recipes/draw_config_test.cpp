#include "recipes/draw_config.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace vitrine::recipes {
namespace {

TEST(DrawConfigTest, AnAdapterMayHaveAWeight) {
  EXPECT_EQ(parse_lora("a.safetensors").weight, 1);
  EXPECT_EQ(parse_lora("dir/a.safetensors:0.5").path, "dir/a.safetensors");
  EXPECT_EQ(parse_lora("dir/a.safetensors:0.5").weight, 0.5);
  EXPECT_EQ(parse_lora("a:-1").weight, -1);
  EXPECT_THROW(parse_lora("a:much"), InvalidInput);
  EXPECT_THROW(parse_lora("a:"), InvalidInput);
}

TEST(DrawConfigTest, SettingsThatDoNotFitTogetherAreRefused) {
  DrawConfig config;
  config.validate();
  config.use_karras_sigmas = true;
  config.validate();  // where the model's own scheduler has them
  config.scheduler = "ddim";
  EXPECT_THROW(config.validate(), InvalidInput);
  config = {};
  config.width = 64;
  EXPECT_THROW(config.validate(), InvalidInput);
  config = {};
  config.strength = 0;
  EXPECT_THROW(config.validate(), InvalidInput);
}

}  // namespace
}  // namespace vitrine::recipes
