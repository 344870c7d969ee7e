#include "copywriting/events.h"

#include <gtest/gtest.h>

#include <map>

#include "base/error.h"
#include "base/file.h"
#include "checks/output_faults.h"
#include "data/advertisegen.h"
#include "support/temporary_directory.h"
#include "text/utf8.h"
#include "unit/checks/case_rows.h"
#include "unit/copywriting/shipped_set.h"

namespace vitrine::copywriting {
namespace {

const std::map<std::string, Event>& shipped_events() {
  static const auto events = [] {
    std::map<std::string, Event> by_id;
    for (const Event& e : read_events(VITRINE_SOURCE_DIR "/examples/events.jsonl")) by_id[e.id] = e;
    return by_id;
  }();
  return events;
}

Event event(const std::string& more) {
  const test::TemporaryDirectory dir;
  write_file_atomic(dir.path() / "events.jsonl",
                    R"({"id":"e","source":"own","expires":"2027-01-31",)" + more + "}\n");
  return read_events(dir.path() / "events.jsonl").at(0);
}

std::string fault_of(const std::string& more) {
  try {
    event(more);
  } catch (const InvalidInput& e) {
    return e.what();
  }
  return "";
}

TEST(EventCases, UnsuitableEventsGiveNoInsertionAndSuitableOnesDo) {
  int refused = 0, accepted = 0;
  for (const auto& row : checks::case_rows("events.txt")) {
    const data::Product product = data::product_from_content(row.at(1));
    const EventDecision decision = decide(shipped_events().at(row.at(0)), product, row.at(2));
    EXPECT_EQ(decision.accepted ? "accepted" : decision.code, row.at(3))
        << row.at(0) << " " << row.at(1) << ": " << decision.reason;
    EXPECT_EQ(decision.accepted, decision.reason.empty());
    EXPECT_EQ(decision.accepted, !decision.clause.empty());
    ++(row.at(3) == "accepted" ? accepted : refused);
  }
  EXPECT_GE(refused, 60);
  EXPECT_GE(accepted, 20);
}

TEST(EventsTest, AnAcceptedClauseNamesItsEvidenceAndAddsNoFault) {
  const std::string text = "这条裙子很轻。整体简约大方。";
  for (const data::Product& product : dev_set()) {
    for (const auto& [id, e] : shipped_events()) {
      const EventDecision decision = decide(e, product, e.expires);
      if (!decision.accepted) continue;
      EXPECT_FALSE(decision.evidence.empty()) << id;
      EXPECT_EQ(decision.clause.find('{'), std::string::npos);
      const std::string woven = weave_in(text, decision.clause);
      EXPECT_FALSE(checks::has_repeated_clause(text::to_utf32(woven))) << woven;
      EXPECT_EQ(check_clause(decision.clause, product), "") << woven;
    }
  }
}

constexpr const char* kAny = R"("requires":{"any":[{"categories":["*"]}]})";

TEST(EventsTest, AClauseThatClaimsWhatTheProductLacksIsRefused) {
  const auto product = data::product_from_content("类型#裙*材质#棉");
  EXPECT_EQ(
      decide(event(std::string(R"("texts":["天冷也保暖"],)") + kAny), product, "2027-01-01").code,
      "text");
  EXPECT_EQ(
      decide(event(std::string(R"("texts":["38℃的夏天"],)") + kAny), product, "2027-01-01").code,
      "text");
  EXPECT_EQ(
      decide(event(std::string(R"("texts":["{v}应景"],)") + kAny), product, "2027-01-01").code,
      "text");
  const auto second = decide(event(std::string(R"("texts":["天冷也保暖","天冷的日子。"],)") + kAny),
                             product, "2027-01-01");
  EXPECT_EQ(second.clause, "天冷的日子");
}

TEST(EventsTest, TheFirstAndTheLastDayCount) {
  const Event e = event(std::string(R"("texts":["天冷的日子"],"starts":"2027-01-10",)") + kAny);
  const auto product = data::product_from_content("类型#裙");
  EXPECT_EQ(decide(e, product, "2027-01-09").code, "not_begun");
  EXPECT_TRUE(decide(e, product, "2027-01-10").accepted);
  EXPECT_TRUE(decide(e, product, "2027-01-31").accepted);
  EXPECT_EQ(decide(e, product, "2027-02-01").code, "expired");
}

TEST(EventsTest, TheClauseStandsBeforeTheLastSentence) {
  EXPECT_EQ(weave_in("甲乙。丙丁！戊己。", "天热"), "甲乙。丙丁！天热。戊己。");
  EXPECT_EQ(weave_in("甲乙。", "天热。"), "甲乙。天热。");
  EXPECT_EQ(weave_in("甲乙", "天热"), "甲乙。天热。");
  EXPECT_EQ(weave_in("甲乙！！", "天热"), "甲乙！！天热。");
  EXPECT_EQ(weave_in("", "天热"), "天热。");
  EXPECT_EQ(weave_in("甲乙。天热。", "天热"), "甲乙。天热。");
}

TEST(EventsTest, BrokenLinesAreRefusedByFieldAndValue) {
  EXPECT_NE(
      fault_of(R"("texts":[],"requires":{"any":[{"key":"风格"}]})").find("line 1, field texts"),
      std::string::npos);
  EXPECT_NE(fault_of(R"("texts":["a"],"requires":{})").find("field requires"), std::string::npos);
  EXPECT_NE(fault_of(R"("texts":["a"],"requires":{"any":[{}]})").find("field any"),
            std::string::npos);
  EXPECT_NE(fault_of(R"("texts":["a"],"starts":"2027-02-30","requires":{"any":[{"key":"k"}]})")
                .find("field starts"),
            std::string::npos);
  EXPECT_NE(fault_of(R"("texts":["a"],"starts":"2028-01-01","requires":{"any":[{"key":"k"}]})")
                .find("before expires"),
            std::string::npos);
  EXPECT_NE(fault_of(R"("texts":"a","requires":{"any":[{"key":"k"}]})").find("field texts"),
            std::string::npos);
}

}  // namespace
}  // namespace vitrine::copywriting
