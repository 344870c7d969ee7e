#include "checks/rule_set.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "support/temporary_directory.h"

namespace vitrine::checks {
namespace {

constexpr const char* kLaws =
    "law\tname\tdocument\teffective_from\tchecked_at\tstatus\tsource\n"
    "AD\t广告法\t\t2021-04-29\t2026-11-24\tverified\t\n";
constexpr const char* kHeader =
    "# version\t2026.11.1\nrule_id\ttitle\ttest\ttype\tlevel\tlaw\tarticle\tpenalty\t"
    "effective_from\tchecked_at\tstatus\n";

RuleSet load(const std::string& row) {
  const test::TemporaryDirectory dir;
  write_file_atomic(dir.path() / "laws.tsv", kLaws);
  write_file_atomic(dir.path() / "rules.tsv", kHeader + row);
  return RuleSet::load(dir.path());
}

std::string fault_of(const std::string& row) {
  try {
    load(row);
  } catch (const InvalidInput& e) {
    return e.what();
  }
  return "";
}

TEST(RuleSetTest, AnUnverifiedRuleOnlyWarnsUntilTheShopRaisesIt) {
  RuleSet rules = load("A-1\tt\tlexicon\t\tblock\tAD\t\t\t\t\tunverified\n");
  EXPECT_EQ(rules.at("A-1", "test").level, Level::warn);
  rules.raise("A-1");
  EXPECT_EQ(rules.at("A-1", "test").level, Level::block);
}

TEST(RuleSetTest, OnlyUnverifiedRulesCanBeRaised) {
  RuleSet rules = load("A-1\tt\tlexicon\t\twarn\tAD\t\t\t\t2026-11-24\tpractice\n");
  EXPECT_THROW(rules.raise("A-1"), InvalidInput);
  EXPECT_THROW(rules.raise("B-1"), InvalidInput);
}

TEST(RuleSetTest, AFaultNamesFileLineFieldAndValue) {
  const std::string fault = fault_of("A-1\tt\tlexicon\t\tfatal\tAD\t\t\t\t\tunverified\n");
  EXPECT_NE(fault.find("rules.tsv line 3, field level"), fault.npos) << fault;
  EXPECT_NE(fault.find("got 'fatal'"), fault.npos) << fault;
}

TEST(RuleSetTest, BrokenRowsAreRefused) {
  const std::string rest = "\t\t\t\t2026-11-24\tverified\n";
  EXPECT_NE(fault_of("A-1\tt\tguess\t\tblock\tAD" + rest).find("field test"), std::string::npos);
  EXPECT_NE(fault_of("A-1\tt\tlexicon\t\tblock\tXX" + rest).find("field law"), std::string::npos);
  EXPECT_NE(fault_of("A-1\t\tlexicon\t\tblock\tAD" + rest).find("field title"), std::string::npos);
  EXPECT_NE(fault_of("A-1\tt\tlexicon\t\tblock\tAD\t\t\t\t2026-02-30\tverified\n")
                .find("field checked_at"),
            std::string::npos);
  EXPECT_NE(fault_of("A-1\tt\tlexicon\t\tblock\tAD\t\t\t\t\tverified\n").find("field checked_at"),
            std::string::npos);
  EXPECT_NE(fault_of("A-1\tt\tlexicon\t\tblock\tAD\t\t\t\t\tsure\n").find("field status"),
            std::string::npos);
}

TEST(RuleSetTest, ARuleTakesTheDateOfItsLawAndMayLieInTheFuture) {
  const RuleSet rules = load(
      "A-1\tt\tlexicon\t\tblock\tAD\t\t\t\t2026-11-24\tverified\n"
      "A-2\tt\tlexicon\t\tblock\tAD\t\t\t2027-01-01\t2026-11-24\tverified\n");
  EXPECT_TRUE(applies(rules.at("A-1", "test"), "2026-11-24"));
  EXPECT_FALSE(applies(rules.at("A-1", "test"), "2021-04-28"));
  EXPECT_FALSE(applies(rules.at("A-2", "test"), "2026-12-31"));
  EXPECT_TRUE(applies(rules.at("A-2", "test"), "2027-01-01"));
}

TEST(RuleSetTest, ARuleIsStaleAfter180Days) {
  const RuleSet rules = load("A-1\tt\tlexicon\t\tblock\tAD\t\t\t\t2026-01-01\tverified\n");
  EXPECT_FALSE(is_stale(rules.at("A-1", "test"), "2026-06-30"));
  EXPECT_TRUE(is_stale(rules.at("A-1", "test"), "2026-07-01"));
}

TEST(RuleSetTest, TheShippedRulesLoad) {
  const RuleSet rules =
      RuleSet::load(std::filesystem::path(VITRINE_SOURCE_DIR) / "rules/checks");
  EXPECT_EQ(rules.sha256().size(), 64U);
  EXPECT_EQ(rules.at("ABS-09", "test").level, Level::warn);
  EXPECT_EQ(rules.of_type("material", "test").id, "CLM-MAT");
}

}  // namespace
}  // namespace vitrine::checks
