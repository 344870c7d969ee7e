#include "checks/check_report.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "checks/checker.h"

#include "data/advertisegen.h"
#include "text/utf8.h"

namespace vitrine::checks {
namespace {

const Checker& checker() {
  static const RuleSet rules =
      RuleSet::load(std::filesystem::path(VITRINE_SOURCE_DIR) / "rules/checks");
  static const Checker result = Checker::load(rules);
  return result;
}

CheckReport check(const std::string& text, const std::string& content = "类型#裙",
                  EvidenceJudge* judge = nullptr) {
  const Evidence evidence(data::product_from_content(content), "2026-11-24");
  return checker().check(text, evidence, {.field = "title", .today = "2026-11-24"}, judge);
}

std::vector<std::string> keys_of(const Json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;
}

TEST(CheckReportTest, TheJsonHasTheKeysOfItsFormatInOrder) {
  const Json json = to_json(check("真丝裙，全网最低。"), "t1");
  EXPECT_EQ(keys_of(json), (std::vector<std::string>{"text_id", "ruleset", "ruleset_sha256", "verdict",
                                                     "message", "hits", "claims", "lengths"}));
  ASSERT_FALSE(json["hits"].empty());
  const auto keys = keys_of(json["hits"][0]);
  for (const char* key : {"span", "term", "rule_id", "level", "law", "article", "status",
                          "exemption_tested", "evidence_required", "evidence_id", "rewrite"}) {
    EXPECT_NE(std::find(keys.begin(), keys.end(), key), keys.end()) << key;
  }
  EXPECT_EQ(keys_of(json["claims"][0]),
            (std::vector<std::string>{"span", "type", "value", "support", "evidence"}));
  EXPECT_EQ(json["text_id"], "t1");
  EXPECT_EQ(json["ruleset"], checker().rules().version());
}

TEST(CheckReportTest, HitsStandInOrderOfBeginThenRule) {
  const auto report = check("😀真丝，最佳，95cm，透气又防水，真丝，最佳，来自BRAND。");
  ASSERT_GT(report.hits.size(), 5U);
  for (size_t i = 1; i < report.hits.size(); ++i) {
    const auto &a = report.hits[i - 1], &b = report.hits[i];
    EXPECT_TRUE(a.begin < b.begin || (a.begin == b.begin && a.rule->id <= b.rule->id));
  }
}

TEST(CheckReportTest, SpansAreCodePointsOfTheTextAsItWasGiven) {
  const std::string text = "😀e\u0301最\u200b佳的裙";
  const auto report = check(text);
  const auto code_points = text::to_utf32(text);
  ASSERT_FALSE(report.hits.empty());
  EXPECT_EQ(report.hits[0].rule->id, "ABS-01");
  EXPECT_EQ(report.hits[0].begin, 3U);
  EXPECT_EQ(report.hits[0].end, 6U);
  EXPECT_EQ(code_points.substr(3, 3), U"最\u200b佳");
  EXPECT_TRUE(report.hits[0].evasion);
}

TEST(CheckReportTest, ATextWithoutHitsIsNeverCalledGood) {
  const auto report = check("一条好看的裙子");
  const Json json = to_json(report, "t");
  EXPECT_EQ(json["verdict"], "no_hit");
  EXPECT_EQ(json["message"], "未命中规则 v" + checker().rules().version());
  for (const std::string& said : {json.dump(), to_terminal(report, "t", true)}) {
    EXPECT_EQ(said.find("没问题"), said.npos);
    EXPECT_EQ(said.find("合规"), said.npos);
  }
}

TEST(CheckReportTest, TheSameTextGivesTheSameBytes) {
  const std::string text = "真丝裙，全网最低，95cm，透气。";
  EXPECT_EQ(dump_line(to_json(check(text), "t")), dump_line(to_json(check(text), "t")));
}

TEST(CheckReportTest, TheTerminalMarksSpansAndNamesRuleLawAndWording) {
  const std::string plain = to_terminal(check("最佳的裙"), "t", false);
  EXPECT_NE(plain.find("【最佳】的裙"), plain.npos) << plain;
  EXPECT_NE(plain.find("ABS-01"), plain.npos);
  EXPECT_NE(plain.find("《广告法》9(3)"), plain.npos) << plain;
  EXPECT_NE(plain.find("建议改为“很好”"), plain.npos) << plain;
  EXPECT_EQ(plain.find('\033'), plain.npos);
  EXPECT_NE(to_terminal(check("最佳的裙"), "t", true).find("\033[4;31m最佳\033[0m"), std::string::npos);
}

/// Answers from a table and keeps what it was asked.
class FakeJudge : public EvidenceJudge {
 public:
  std::vector<std::vector<std::string>> supporting(
      std::u32string_view text, const std::vector<std::pair<size_t, size_t>>& spans,
      const Evidence&) override {
    std::vector<std::vector<std::string>> named;
    for (const auto& [begin, end] : spans) {
      asked.push_back(text::to_utf8(text.substr(begin, end - begin)));
      named.push_back(asked.back() == yes ? std::vector<std::string>{"attr:a1"}
                                          : std::vector<std::string>());
    }
    if (answers_too_few) named.pop_back();
    return named;
  }

  std::string yes;
  bool answers_too_few = false;
  std::vector<std::string> asked;
};

const Claim* claim_of(const CheckReport& report, const std::string& value) {
  for (const Claim& claim : report.claims) {
    if (claim.value == value) return &claim;
  }
  return nullptr;
}

TEST(EvidenceJudgeTest, LowersASuspicionOnlyWhenItNamesEvidence) {
  FakeJudge judge;
  judge.yes = "透气";
  const auto report = check("透气又防水的裙。", "类型#裙", &judge);
  ASSERT_NE(claim_of(report, "透气"), nullptr);
  EXPECT_EQ(claim_of(report, "透气")->support, Support::entailed);
  EXPECT_EQ(claim_of(report, "透气")->evidence, std::vector<std::string>{"attr:a1"});
  EXPECT_EQ(claim_of(report, "防水")->support, Support::unsupported);
  for (const auto& hit : report.hits) EXPECT_NE(hit.term, "透气");
}

TEST(EvidenceJudgeTest, IsAskedAboutUnsupportedMaterialsFunctionsAndLooksAlone) {
  FakeJudge judge;
  check("真丝，透气，红色，长裙，95cm，veromoda，热销，BRAND。", "裙长#短裙*功能#透气", &judge);
  EXPECT_EQ(judge.asked, (std::vector<std::string>{"真丝", "红色"}));
}

TEST(EvidenceJudgeTest, IsNotAskedWhenNothingIsSuspicious) {
  FakeJudge judge;
  check("一条好看的裙子", "类型#裙", &judge);
  EXPECT_TRUE(judge.asked.empty());
}

TEST(EvidenceJudgeTest, AnAnswerForEachSpanIsDemanded) {
  FakeJudge judge;
  judge.answers_too_few = true;
  EXPECT_THROW(check("透气。", "类型#裙", &judge), InvalidInput);
}

}  // namespace
}  // namespace vitrine::checks
