// Odd texts through the whole check: nothing crashes, and none takes more than linear time.
#include <gtest/gtest.h>

#include <chrono>

#include "base/error.h"
#include "checks/checker.h"
#include "checks/fixer.h"
#include "data/advertisegen.h"

namespace vitrine::checks {
namespace {

std::string repeated(const std::string& text, size_t times) {
  std::string result;
  for (size_t i = 0; i < times; ++i) result += text;
  return result;
}

CheckReport check(const std::string& text) {
  const Evidence evidence(data::product_from_content("类型#裙*裙长#95cm"), "2026-11-24");
  return Checker::shipped().check(text, evidence, {.today = "2026-11-24"});
}

TEST(EngineInputTest, NothingAndOneCharacterGiveAReport) {
  EXPECT_TRUE(check("").claims.empty());
  EXPECT_EQ(check("").lengths.code_points, 0);
  EXPECT_EQ(check("裙").lengths.code_points, 1);
  EXPECT_EQ(check("\n").text, "\n");
}

TEST(EngineInputTest, BytesThatAreNoTextAreRefused) {
  EXPECT_THROW(check("裙\xff"), InvalidInput);
  EXPECT_THROW(check("\xed\xa0\x80"), InvalidInput);
}

TEST(EngineInputTest, ATermIsFoundThroughTenThousandInvisibleSigns) {
  const auto report = check("最" + repeated("\u200b", 10000) + "佳的裙");
  ASSERT_FALSE(report.hits.empty());
  EXPECT_EQ(report.hits.front().rule->id, "ABS-01");
  EXPECT_EQ(report.hits.front().end, 10002U);
}

TEST(EngineInputTest, TenThousandCombiningMarksAreOneCharacterOfText) {
  const auto report = check("e" + repeated("\u0301", 10000) + "最佳");
  EXPECT_EQ(report.hits.back().end, 10003U);
}

/// Texts of 200 kB of one thing over and over; a loop within a loop would take minutes.
TEST(EngineInputTest, LongTextsTakeLinearTime) {
  const auto start = std::chrono::steady_clock::now();
  for (const char* piece : {"透气5cm", "防水", "黑色长裙", "【", "(", "最", "独家", "，", "采用某面料", "abc", "“",
                            "第一", "\u200b", "据统计90%的用户", "全网", "一"}) {
    const std::string text = repeated(piece, 200000 / std::string_view(piece).size());
    const auto before = std::chrono::steady_clock::now();
    EXPECT_EQ(check(text).text.size(), text.size());
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - before;
    if (seconds.count() > 1) std::printf("%s: %.1f s\n", piece, seconds.count());
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  EXPECT_LT(seconds.count(), 60);
}

TEST(EngineInputTest, ALongTextOfFaultsIsRepairedInLinearTime) {
  const auto start = std::chrono::steady_clock::now();
  const Evidence evidence(data::product_from_content("类型#裙"), "2026-11-24");
  const std::string text = repeated("透气的裙子，裙长5cm，", 5000);
  EXPECT_TRUE(fix(Checker::shipped(), text, evidence, {.today = "2026-11-24"}).dropped);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

}  // namespace
}  // namespace vitrine::checks
