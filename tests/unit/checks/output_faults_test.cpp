#include "checks/output_faults.h"

#include <gtest/gtest.h>

namespace vitrine::checks {
namespace {

using Faults = std::vector<std::string>;

Faults faults_of(const std::string& text, const std::string& category = "裙") {
  data::Product product;
  if (!category.empty()) data::add_attribute(product, "类型", category);
  return output_faults(text, product);
}

TEST(OutputFaultsTest, AnOrdinaryCopyIsClean) { EXPECT_EQ(faults_of("简约的连衣裙，衬出好气色。"), Faults{}); }
TEST(OutputFaultsTest, BrokenUtf8IsTheOnlyFaultNamed) { EXPECT_EQ(faults_of("连衣裙\xE4\xB8"), Faults{"bad_utf8"}); }
TEST(OutputFaultsTest, APostMayHaveLinesAndTagsAndPicturesBehindItsLastSentence) {
  const auto post_faults = [](const std::string& text) { return output_faults(text, {}, {.is_post = true}); };
  EXPECT_EQ(post_faults("简约的裙子。\n很好看。✨\n#广告 #裙子"), Faults{});
  EXPECT_EQ(post_faults("简约的裙子\n#广告 #裙子"), Faults{"cut_off"});
  EXPECT_EQ(post_faults("#裙子 简约的裙子。"), Faults{});
  EXPECT_EQ(post_faults("简约的裙子。\t好。"), Faults{"control_character"});
  EXPECT_EQ(faults_of("简约的裙子。\n#裙子"), (Faults{"control_character", "cut_off"}));
}
TEST(OutputFaultsTest, APlaceholderIsAFault) { EXPECT_EQ(faults_of("<UNK>的连衣裙。"), Faults{"placeholder"}); }
TEST(OutputFaultsTest, AReplacementCharacterIsAFault) {
  EXPECT_EQ(faults_of("连衣裙\xEF\xBF\xBD。"), (Faults{"control_character", "placeholder"}));
}
TEST(OutputFaultsTest, ATextThatStopsInsideASentenceIsCutOff) {
  EXPECT_EQ(faults_of("简约的连衣裙，衬"), Faults{"cut_off"});
  EXPECT_EQ(faults_of(""), (Faults{"cut_off", "no_product_word"}));
}
TEST(OutputFaultsTest, ARepeatedClauseIsAFault) { EXPECT_EQ(faults_of("连衣裙，好看。好看。"), Faults{"repeated_clause"}); }
TEST(OutputFaultsTest, ARepeated4gramIsAFaultUnlessAllowed) {
  EXPECT_EQ(faults_of("修身的连衣裙，这条修身的连裙。"), Faults{"repeated_4gram"});
  EXPECT_TRUE(output_faults("修身的连衣裙，这条修身的连裙。", {}, {.max_repeated_4grams = 1}).empty());
}
TEST(OutputFaultsTest, TheRepeatedShareIsOfAllPlaces) {
  EXPECT_DOUBLE_EQ(repeated_share(U"修身的裙修身的裙", 4), 0.2);
  EXPECT_DOUBLE_EQ(repeated_share(U"修身的裙", 4), 0);
  EXPECT_DOUBLE_EQ(repeated_share(U"裙", 4), 0);
}
TEST(OutputFaultsTest, PunctuationAndSpacesMakeNo4grams) { EXPECT_EQ(faults_of("裙，美。。裙，美。"), Faults{"repeated_clause"}); }
TEST(OutputFaultsTest, TheProductMustBeNamed) {
  EXPECT_EQ(faults_of("简约大方。"), Faults{"no_product_word"});
  EXPECT_EQ(faults_of("简约的衬衫。", "上衣"), Faults{});
  EXPECT_EQ(faults_of("简约的水杯。", "水杯"), Faults{});
  EXPECT_EQ(faults_of("简约大方。", ""), Faults{});
}

TEST(OutputFaultsTest, CoverageCountsValuesAndOnRequestTheCategoryByAnyWord) {
  data::Product product;
  data::add_attribute(product, "类型", "上衣");
  data::add_attribute(product, "衣领型", "V领");
  EXPECT_DOUBLE_EQ(literal_coverage(U"这件卫衣是v领", product, false), 0.5);
  EXPECT_DOUBLE_EQ(literal_coverage(U"这件卫衣是v领", product, true), 1);
  EXPECT_DOUBLE_EQ(literal_coverage(U"x", data::Product{}, false), 1);
}

}  // namespace
}  // namespace vitrine::checks
