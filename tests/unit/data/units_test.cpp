#include "data/units.h"

#include <gtest/gtest.h>

#include "data/table_file.h"

namespace vitrine::data {
namespace {

class UnitsTest : public ::testing::Test {
 protected:
  std::string measure(std::string_view text, std::vector<std::string> classes, std::string bare = "", bool dimensions = false) {
    const auto result = parse_measure(fold_name(text), {std::move(classes), std::move(bare), dimensions}, units_);
    return result ? result->text : "nothing";
  }
  UnitTable units_ = UnitTable::load();
};

TEST_F(UnitsTest, SpellingsOfAUnitAreOne) {
  for (const char* text : {"45㎡", "45平方米", "45 平米", "４５ｍ²", "45平", "四十五平米"}) EXPECT_EQ(measure(text, {"area"}), "45㎡") << text;
  EXPECT_EQ(measure("1.5公斤", {"mass"}), "1.5kg");
  EXPECT_EQ(measure("500毫升", {"volume"}), "500ml");
  EXPECT_EQ(measure("5000MAH", {"charge"}), "5000mAh");
  EXPECT_EQ(measure("12w", {"power"}), "12W");
  EXPECT_EQ(measure("14升", {"volume"}), "14L");
}

TEST_F(UnitsTest, AUnitOfAnotherClassIsNoMeasure) {
  EXPECT_EQ(measure("45㎡", {"mass"}), "nothing");
  EXPECT_EQ(measure("45", {"mass"}), "nothing");
  EXPECT_EQ(measure("45", {"mass"}, "kg"), "45kg");
  EXPECT_EQ(measure("45kg左右", {"mass"}), "nothing");
}

TEST_F(UnitsTest, RangesTimesAndDimensionsKeepTheirShape) {
  EXPECT_EQ(measure("40-60厘米", {"length"}), "40-60cm");
  EXPECT_EQ(measure("500g*2袋", {"mass"}), "nothing");
  EXPECT_EQ(measure("500g*2瓶", {"mass"}), "500g×2瓶");
  EXPECT_EQ(measure("30*20*10cm", {"length"}, "", true), "30×20×10cm");
  EXPECT_EQ(measure("30cm×20mm", {"length"}, "", true), "nothing");
}

TEST_F(UnitsTest, ValuesConvertInsideTheirClassOnly) {
  EXPECT_DOUBLE_EQ(*units_.convert(1, "斤", "克"), 500);
  EXPECT_DOUBLE_EQ(*units_.convert(2.5, "米", "cm"), 250);
  EXPECT_FALSE(units_.convert(1, "kg", "cm"));
  EXPECT_FALSE(units_.convert(1, "光年", "cm"));
}

TEST_F(UnitsTest, ChineseNumeralsAreRead) {
  const auto number = [](std::u32string_view text) {
    size_t at = 0;
    return read_number(text, at).value_or(-1);
  };
  EXPECT_EQ(number(U"十二"), 12);
  EXPECT_EQ(number(U"两"), 2);
  EXPECT_EQ(number(U"一百二十"), 120);
  EXPECT_EQ(number(U"二十"), 20);
  EXPECT_EQ(number(U"1,200.5"), 1200.5);
  EXPECT_EQ(number(U"米"), -1);
}

TEST_F(UnitsTest, RoomsAndTimesOfDayHaveOneForm) {
  EXPECT_EQ(parse_layout("两室一厅1卫"), "2室1厅1卫");
  EXPECT_EQ(parse_layout("三居室"), "3室");
  EXPECT_EQ(parse_layout("大平层"), std::nullopt);
  EXPECT_EQ(parse_time_of_day("下午2点后"), "14:00");
  EXPECT_EQ(parse_time_of_day("15:30"), "15:30");
  EXPECT_EQ(parse_time_of_day("14:00-22:00"), std::nullopt);
  EXPECT_EQ(parse_time_of_day("25:00"), std::nullopt);
}

}  // namespace
}  // namespace vitrine::data
