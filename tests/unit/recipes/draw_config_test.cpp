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
  EXPECT_THROW(parse_lora("a:much"), UsageError);
  EXPECT_THROW(parse_lora("a:"), UsageError);
}

std::string refusal(const DrawConfig& config) {
  try {
    config.validate();
  } catch (const UsageError& e) {
    return e.what();
  }
  return "accepted";
}

TEST(DrawConfigTest, SettingsThatDoNotFitTogetherAreWrongUsageOfAnOption) {
  DrawConfig config;
  EXPECT_EQ(refusal(config), "accepted");
  config.use_karras_sigmas = true;
  EXPECT_EQ(refusal(config), "accepted") << "the model's own scheduler may have them";
  config.scheduler = "lcm";
  EXPECT_EQ(refusal(config), "--use-karras-sigmas: expected the scheduler euler or dpmpp_2m, got lcm");
  config = {};
  config.height = 64;
  EXPECT_EQ(refusal(config), "--height: expected at least 128, as a smaller picture holds no legible label, got 64");
  config = {};
  config.background = "mauve";
  EXPECT_EQ(refusal(config), "--background: expected a colour such as white or 白色, or none, got 'mauve'");
  config = {};
  config.lora = {"F:abc"};
  EXPECT_EQ(refusal(config), "--lora: expected FILE or FILE:weight, got 'F:abc'");
  config = {};
  config.strength = 0;
  EXPECT_THROW(config.validate(), InvalidInput);
}

}  // namespace
}  // namespace vitrine::recipes
