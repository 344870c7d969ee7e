#include "checks/lengths.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "checks/cut_text.h"
#include "support/temporary_directory.h"
#include "text/encoding.h"
#include "text/utf8.h"
#include "unit/checks/case_rows.h"

namespace vitrine::checks {
namespace {

namespace fs = std::filesystem;

const RuleSet& rules() {
  static const RuleSet set = RuleSet::load(fs::path(VITRINE_SOURCE_DIR) / "rules/checks");
  return set;
}

TEST(LengthsTest, ATextIsCountedInEveryWay) {
  const Lengths lengths = measure_lengths("真丝V领，85㎡");
  EXPECT_EQ(lengths.code_points, 8);
  EXPECT_EQ(lengths.weighted, 13);  // 真丝 领 ， 2 each, V 8 5 1 each, ㎡ is wide
  EXPECT_EQ(lengths.utf8_bytes, 18);
  EXPECT_EQ(lengths.gb18030_bytes, 13);
  EXPECT_EQ(measure_lengths("").code_points, 0);
  EXPECT_EQ(measure_lengths("\n裙\n \n衣").lines, 2);
}

TEST(LengthsTest, MarksComposeAndEmojiSequencesCountTwo) {
  EXPECT_EQ(measure_lengths("e\u0308").code_points, 1);
  EXPECT_EQ(measure_lengths("e\u0308").utf8_bytes, 3);
  for (const char* emoji :
       {"😀", "👩‍👩‍👧", "👍🏽", "🇨🇳", "1️⃣", "❤️", "✨"}) {
    EXPECT_EQ(measure_lengths(emoji).weighted, 2) << emoji;
  }
}

TEST(LengthsTest, GbBytesAreThoseOfTheConverterForTheWholeBasicPlane) {
  int refused = 0;
  for (char32_t c = 1; c < 0x10000; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    const std::string utf8 = text::to_utf8(c);
    std::string gb18030;
    try {
      gb18030 = text::encode(utf8, text::Encoding::gb18030);
    } catch (const InternalError&) {  // some private code points
      EXPECT_TRUE(c >= 0xE000 && c < 0xF900) << static_cast<uint32_t>(c);
      ++refused;
      continue;
    }
    ASSERT_EQ(measure_lengths(utf8).gb18030_bytes, static_cast<int64_t>(gb18030.size()))
        << static_cast<uint32_t>(c);
  }
  EXPECT_LT(refused, 100);
}

LengthRules with_shop_row(const std::string& rows) {
  const test::TemporaryDirectory dir;
  const std::string header =
      "rule_id\tplatform\tfield\tunit\tmin\tmax\tno_emoji\tmax_tags\tchecked_at\tstatus\n";
  write_file_atomic(dir.path() / "shop.tsv", header + rows);
  return LengthRules::load(rules(), dir.path() / "shop.tsv");
}

std::string fault_of(const std::string& rows) {
  try {
    with_shop_row(rows);
  } catch (const InvalidInput& e) {
    return e.what();
  }
  return "";
}

TEST(LengthRulesTest, AShopsRowsReplaceThoseOfTheSameField) {
  const LengthRules lengths = with_shop_row(
      "LEN-JD\tjd\tshort_title\tcode_points\t15\t27\t\t\t2026-11-24\tunverified\n"
      "LEN-JD\tjd\ttitle\tcode_points\t\t45\t\t\t2026-11-24\tunverified\n");
  EXPECT_EQ(lengths.find_limit("jd", "short_title")->min, 15);
  EXPECT_EQ(lengths.find_limit("jd", "title")->max, 45);
  EXPECT_EQ(LengthRules::load(rules()).find_limit("jd", "title"), nullptr);
  EXPECT_EQ(lengths.platforms().front(), "taobao");
}

TEST(LengthRulesTest, BrokenRowsAreRefusedByLineAndField) {
  const std::string end = "\t\t\t2026-11-24\tunverified\n";
  EXPECT_NE(fault_of("LEN-JD\tjd\ttitle\tpages\t\t4" + end).find("line 2, field unit"),
            std::string::npos);
  EXPECT_NE(fault_of("LEN-JD\tjd\ttitle\tweighted\t\tx" + end).find("got 'x'"), std::string::npos);
  EXPECT_NE(fault_of("LEN-JD\tjd\ttitle\tweighted\t5\t4" + end).find("field min"),
            std::string::npos);
  EXPECT_NE(fault_of("FMT-1\tjd\ttitle\tweighted\t\t4" + end).find("field rule_id"),
            std::string::npos);
  const std::string row = "LEN-JD\tjd\ttitle\tweighted\t\t4" + end;
  EXPECT_NE(fault_of(row + row).find("again"), std::string::npos);
}

TEST(LengthRulesTest, AnEmojiInATitleCanBeRemoved) {
  std::vector<RuleHit> hits;
  LengthRules::load(rules()).find("真丝连衣裙墨绿色✨", {.platform = "doudian", .field = "title"},
                                  hits);
  ASSERT_EQ(hits.size(), 1U);
  EXPECT_EQ(hits[0].term, "✨");
  EXPECT_EQ(hits[0].level, Level::warn);  // not verified, so it only warns
  EXPECT_EQ(hits[0].repair->text, "");
}

Limit at_most(int64_t max) {
  Limit limit;
  limit.unit = LengthUnit::code_points;
  limit.max = max;
  return limit;
}

std::string cut(const std::string& text, CutRequest request,
                const std::vector<std::string>& keep = {}) {
  for (const auto& word : keep) {
    const auto spans = spans_of(text::to_utf32(text), text::to_utf32(word));
    request.protected_spans.insert(request.protected_spans.end(), spans.begin(), spans.end());
  }
  const auto result = cut_to_limit(text, request);
  return result ? result->after : "none";
}

constexpr const char* kCopy = "真丝连衣裙，面料轻盈。圆领大方，九分袖利落。整体简约。";

TEST(CutTextTest, WholeSentencesGoFirstThenClauses) {
  EXPECT_EQ(cut(kCopy, {.limit = at_most(40)}), kCopy);
  EXPECT_EQ(cut(kCopy, {.limit = at_most(26)}), "真丝连衣裙，面料轻盈。圆领大方，九分袖利落。");
  EXPECT_EQ(cut(kCopy, {.limit = at_most(20)}), "真丝连衣裙，面料轻盈。");
  EXPECT_EQ(cut(kCopy, {.limit = at_most(10)}), "真丝连衣裙。");
  EXPECT_EQ(cut(kCopy, {.limit = at_most(26), .reserved = 8}), "真丝连衣裙，面料轻盈。");
}

TEST(CutTextTest, ProtectedWordsStayOrNothingIsExported) {
  EXPECT_EQ(cut(kCopy, {.limit = at_most(16)}, {"简约"}), "真丝连衣裙，面料轻盈。整体简约。");
  EXPECT_EQ(cut(kCopy, {.limit = at_most(12)}, {"九分袖", "连衣裙"}), "真丝连衣裙。九分袖利落。");
  EXPECT_EQ(cut(kCopy, {.limit = at_most(4)}, {"九分袖", "连衣裙"}), "none");
}

TEST(CutTextTest, TitlesLoseWholeWordsAndAttributes) {
  const std::string title = "北屿真丝V领墨绿色气质连衣裙";
  EXPECT_EQ(cut(title, {.limit = at_most(12)}, {"北屿", "连衣裙"}), "北屿真丝V领墨绿色连衣裙");
  CutRequest request{.limit = at_most(11)};
  request.atoms = spans_of(text::to_utf32(title), U"V领墨绿色");
  EXPECT_EQ(cut(title, request, {"北屿", "连衣裙"}), "北屿真丝连衣裙");
  EXPECT_EQ(cut("一👩‍👩‍👧", {.limit = at_most(4)}), "一");
}

TEST(CutTextTest, ATextUnderTheMinimumIsNotExported) {
  CutRequest request{.limit = at_most(10)};
  request.limit.min = 8;
  EXPECT_EQ(cut(kCopy, request), "none");
  EXPECT_EQ(cut("短", request), "none");
  EXPECT_THROW(cut_to_limit("裙", {.limit = at_most(1), .protected_spans = {{0, 2}}}),
               InvalidInput);
  EXPECT_THROW(cut_to_limit("裙", {.limit = at_most(1), .reserved = -1}), InvalidInput);
}

}  // namespace
}  // namespace vitrine::checks
