#include "base/toml.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace vitrine {
namespace {

TEST(TomlTest, ADatasetConfigBecomesTablesAndValues) {
  const Json json = parse_toml(R"(# kohya
[general]
shuffle_caption = true   # a comment
caption_extension = '.txt'
[[datasets]]
resolution = [512, 768,
  1_024]
[[datasets.subsets]]
image_dir = "a \"b\""
num_repeats = 10
[[datasets.subsets]]
image_dir = 'c\d'
keep = {x = 1, "y z" = -0.5}
[[datasets]]
batch.size = 2
)", "x.toml");
  EXPECT_EQ(json["general"], (Json{{"shuffle_caption", true}, {"caption_extension", ".txt"}}));
  ASSERT_EQ(json["datasets"].size(), 2u);
  EXPECT_EQ(json["datasets"][0]["resolution"], (Json{512, 768, 1024}));
  EXPECT_EQ(json["datasets"][0]["subsets"][0]["image_dir"], "a \"b\"");
  EXPECT_EQ(json["datasets"][0]["subsets"][0]["num_repeats"], 10);
  EXPECT_EQ(json["datasets"][0]["subsets"][1]["image_dir"], "c\\d");
  EXPECT_EQ(json["datasets"][0]["subsets"][1]["keep"]["y z"], -0.5);
  EXPECT_EQ(json["datasets"][1]["batch"]["size"], 2);
}

TEST(TomlTest, AnEmptyTextIsAnEmptyTable) { EXPECT_EQ(parse_toml(" \n# nothing\n", "x"), Json::object()); }

TEST(TomlTest, OtherTextsAreRefusedWithTheirLine) {
  for (const char* text : {"a", "a =", "a = 1 2", "a = \"x", "a = \"\\q\"", "[a", "[[a]", "a = [1", "a = {b = 1", "a = 1979-05-27", "a = \"\"\"x\"\"\"",
                           "a = 1\na = 2", "a = 1\n[a]", "a = nan", "[[a]]\n[[a.b]]\nc=1\n[a.b.c]"}) {
    EXPECT_THROW(parse_toml(text, "x.toml"), Corrupt) << text;
  }
  try {
    parse_toml("a = 1\nb = ?", "x.toml");
    FAIL();
  } catch (const Corrupt& e) {
    EXPECT_NE(std::string(e.what()).find("x.toml line 2"), std::string::npos) << e.what();
  }
}

TEST(TomlTest, DeepTextsAreRefusedNotFollowed) {
  EXPECT_THROW(parse_toml("a = " + std::string(100000, '['), "x"), Corrupt);
}

}  // namespace
}  // namespace vitrine
