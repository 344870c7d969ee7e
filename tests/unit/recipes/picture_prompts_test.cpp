#include "recipes/picture_prompts.h"

#include <gtest/gtest.h>

#include <set>

#include "base/error.h"

namespace vitrine::recipes {
namespace {

std::vector<PicturePrompt> numbered(int count) {
  std::vector<PicturePrompt> prompts;
  for (int i = 0; i < count; ++i) prompts.push_back({"prompt " + std::to_string(i)});
  return prompts;
}

TEST(PicturePromptsTest, EveryClassIsAskedForInEveryColour) {
  const auto words = imagery::CaptionWords::load();
  const auto prompts = prompts_of_classes(words, {"dress", "pants"}, {"red", "blue"}, imagery::Language::en);
  ASSERT_EQ(prompts.size(), 4u);
  EXPECT_EQ(prompts[1].text, "dress, blue");
  EXPECT_EQ(prompts[2].facts.label, "pants");
  EXPECT_EQ(prompts[2].facts.colour, imagery::ColourName::red);
  EXPECT_EQ(text_in(words, prompts[0], imagery::Language::zh), "连衣裙 红色");
  EXPECT_EQ(text_in(words, {"a text of the set"}, imagery::Language::zh), "a text of the set");
  EXPECT_THROW(prompts_of_classes(words, {"dress"}, {"reddish"}, imagery::Language::en), InvalidInput);
}

TEST(PicturePromptsTest, ThePoolHasEachTextOnceAndTheSameSplitEveryTime) {
  std::vector<PicturePrompt> prompts = numbered(10);
  prompts.push_back(prompts.front());
  const PromptPool pool = split_pool(prompts, 3), again = split_pool(prompts, 3);
  EXPECT_EQ(pool.training.size(), 7u);
  ASSERT_EQ(pool.held_out.size(), 3u);
  std::set<std::string> texts;
  for (const auto* part : {&pool.training, &pool.held_out}) {
    for (const PicturePrompt& prompt : *part) texts.insert(prompt.text);
  }
  EXPECT_EQ(texts.size(), 10u);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(pool.held_out[i].text, again.held_out[i].text);
}

TEST(PicturePromptsTest, APoolThatIsAllHeldOutIsEmpty) {
  try {
    split_pool(numbered(3), 3);
    FAIL();
  } catch (const InvalidInput& error) {
    EXPECT_NE(std::string(error.what()).find("pool of prompts is empty: of 3"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace vitrine::recipes
