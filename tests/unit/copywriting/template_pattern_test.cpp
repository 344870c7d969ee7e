#include "copywriting/template_pattern.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace vitrine::copywriting {
namespace {

std::string letters(const std::string& slot) { return slot == "空" ? "" : "<" + slot + ">"; }

TEST(TemplatePatternTest, AnOptionalPartIsLeftOutWithItsEmptySlot) {
  const auto pattern = TemplatePattern::parse("这条{主体}[，{其余}][。{空}]。", "row 1");
  EXPECT_EQ(pattern.render(letters), "这条<主体>，<其余>。");
  EXPECT_EQ(pattern.required(), std::vector<std::string>{"主体"});
  EXPECT_EQ(pattern.fixed_text(), "这条，。。");
}

TEST(TemplatePatternTest, AnEmptyRequiredSlotGivesNothing) {
  const auto pattern = TemplatePattern::parse("{空}{主体}", "row 1");
  EXPECT_EQ(pattern.render(letters), std::nullopt);
  EXPECT_EQ(pattern.render(letters, {"空"}), "<主体>");
}

TEST(TemplatePatternTest, BracesThatDoNotMatchAreRefusedWithTheirPlace) {
  for (const char* bad : {"{主体", "主体}", "{}", "[{a}", "{a}]", "[[{a}]]", "{a{b}}"}) {
    try {
      TemplatePattern::parse(bad, "plans.tsv row 7");
      ADD_FAILURE() << bad;
    } catch (const Corrupt& e) {
      EXPECT_NE(std::string(e.what()).find("plans.tsv row 7"), std::string::npos) << e.what();
    }
  }
}

}  // namespace
}  // namespace vitrine::copywriting
