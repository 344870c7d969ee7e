#include "checks/text_label.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "support/temporary_directory.h"

namespace vitrine::checks {
namespace {

LabelWordings wordings_of(const std::string& rows) {
  const test::TemporaryDirectory folder;
  const auto file = folder.path() / "wordings.tsv";
  write_file_atomic(file, "# version\t1\nwording\tnote\n" + rows);
  return LabelWordings::load(file);
}

std::string error_of(const std::string& rows) {
  return test::message_of<InvalidInput>([&] { wordings_of(rows); });
}

ExplicitLabel label_of(size_t max_length, LabelPlace place = LabelPlace::end) {
  return {.wording = "（AI生成）", .place = place, .max_length = max_length, .length = nullptr};
}

TEST(LabelWordingsTest, TheShippedDefaultIsTheOneOfTheStandard) {
  EXPECT_EQ(LabelWordings::shipped().standard(), "（本文由AI生成）");
  EXPECT_EQ(LabelWordings::shipped().allowed(""), "（本文由AI生成）");
  EXPECT_THROW(LabelWordings::shipped().allowed("（自动生成）"), InvalidInput);
}

TEST(LabelWordingsTest, AWordingThatLacksOneOfItsTwoWordsIsRefusedWithFileAndRow) {
  EXPECT_EQ(error_of("（人工智能合成）\t\n"), "");
  for (const char* bad : {"（自动生成）", "（AI制作）", "（智能合成）", "AI"}) {
    const std::string error = error_of("（AI生成）\t\n" + std::string(bad) + "\t\n");
    EXPECT_NE(error.find("wordings.tsv line 4"), std::string::npos) << bad << error;
    EXPECT_NE(error.find(bad), std::string::npos) << error;
  }
  EXPECT_NE(error_of("（AI生成）\t\n（AI生成）\t\n").find("twice"), std::string::npos);
  EXPECT_NE(error_of("").find("at least one"), std::string::npos);
}

TEST(LabelWordingsTest, FullWidthLettersAreTheSameLabel) {
  EXPECT_EQ(LabelWordings::shipped().find_in("好看的裙子。（本文由ＡＩ生成）"), "（本文由AI生成）");
  EXPECT_FALSE(LabelWordings::shipped().find_in("AI也爱的裙子"));
}

TEST(LabelWordingsTest, ATextIsGivenWithoutItsLabel) {
  const LabelWordings& wordings = LabelWordings::shipped();
  EXPECT_EQ(wordings.without("好看的裙子。（本文由ＡＩ生成）"), "好看的裙子。");
  EXPECT_EQ(wordings.without("（AI生成）好看（AI生成）。"), "好看。");
  EXPECT_EQ(wordings.without("AI也爱的裙子"), "AI也爱的裙子");
  EXPECT_EQ(wordings.without("（AI生成）"), "");
}

TEST(ExplicitLabelTest, ItStandsAtItsPlace) {
  EXPECT_EQ(with_explicit_label("好看。", label_of(0)), "好看。（AI生成）");
  EXPECT_EQ(with_explicit_label("好看。", label_of(0, LabelPlace::start)), "（AI生成）好看。");
}

TEST(ExplicitLabelTest, TheBodyIsCutAndNeverTheLabel) {
  const std::string body = "简约的裙子，百搭又好看。面料柔软，穿着舒服。";  // 12 + 10 characters
  EXPECT_EQ(with_explicit_label(body, label_of(28)), body + "（AI生成）");
  EXPECT_EQ(with_explicit_label(body, label_of(27)), "简约的裙子，百搭又好看。（AI生成）");
  EXPECT_EQ(with_explicit_label(body, label_of(18)), "简约的裙子，百搭又好看。（AI生成）");
  EXPECT_EQ(with_explicit_label(body, label_of(17)), "简约的裙子。（AI生成）");
  EXPECT_EQ(with_explicit_label(body, label_of(12, LabelPlace::start)), "（AI生成）简约的裙子。");
}

TEST(ExplicitLabelTest, AShortSentenceGivesWayToALongClause) {
  EXPECT_EQ(with_explicit_label("好看。简约的裙子百搭，面料柔软。", label_of(20)),
            "好看。简约的裙子百搭。（AI生成）");
}

TEST(ExplicitLabelTest, WithoutRoomForAClauseThereIsNoText) {
  EXPECT_FALSE(with_explicit_label("简约的裙子，百搭。", label_of(11)));
  EXPECT_FALSE(with_explicit_label("没有标点的一句话", label_of(10)));
  EXPECT_FALSE(with_explicit_label("好看。", label_of(3)));
}

TEST(ExplicitLabelTest, NothingIsCutInsideBracketsQuotesOrNumbers) {
  EXPECT_EQ(with_explicit_label("好看。人称“最美，不止一点”的裙子，百搭。", label_of(19)),
            "好看。（AI生成）");
  EXPECT_EQ(with_explicit_label("售出1,000件裙子。", label_of(13)), std::nullopt);
}

TEST(ExplicitLabelTest, ALengthOfAnotherUnitIsAskedForTheWholeText) {
  ExplicitLabel label = label_of(30);
  label.length = [](std::string_view text) {
    return text.size();
  };  // UTF-8 bytes: the label has 14
  EXPECT_EQ(with_explicit_label("好看。百搭。", label), "好看。（AI生成）");
}

TEST(AdjacentFieldTest, ShortFieldsRelyOnTheirDescription) {
  for (const char* field : {"title", "short_title", "alt"}) EXPECT_TRUE(is_adjacent_field(field));
  EXPECT_FALSE(is_adjacent_field("description"));
}

}  // namespace
}  // namespace vitrine::checks
