#include "checks/numbers.h"

#include <gtest/gtest.h>

#include "text/utf8.h"

namespace vitrine::checks {
namespace {

std::vector<std::string> numbers_in(const std::string& text) {
  static const TokenRules rules = TokenRules::load(std::filesystem::path(VITRINE_SOURCE_DIR) / "rules/checks");
  std::vector<std::string> result;
  for (const Token& token : rules.find(fold(text::to_utf32(text)))) result.push_back(text::to_utf8(token.text));
  return result;
}

using Found = std::vector<std::string>;

TEST(NumbersTest, AUnitBelongsToItsNumber) { EXPECT_EQ(numbers_in("厚3.5厘米，重12盎司，含70％棉"), (Found{"3.5厘米", "12盎司", "70%"})); }
TEST(NumbersTest, AFullStopBehindANumberIsNotItsOwn) { EXPECT_EQ(numbers_in("共30."), (Found{"30"})); }
TEST(NumbersTest, ChineseNumeralsCountBeforeAMeasureOnly) { EXPECT_EQ(numbers_in("三厘米的花边，一件外套，九分裤"), (Found{"三厘米"})); }
TEST(NumbersTest, LatinWordsOfTheListPassAndOthersDoNot) { EXPECT_EQ(numbers_in("logo和evaouxiu，v领"), (Found{"evaouxiu"})); }
TEST(NumbersTest, IdiomsWithDigitsPass) { EXPECT_EQ(numbers_in("3d立体剪裁的9分裤"), Found{}); }

}  // namespace
}  // namespace vitrine::checks
