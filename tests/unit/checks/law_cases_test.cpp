// The rows of tests/cases about advertising law, and that they leave out no rule of the data.
#include "support/law_cases.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace vitrine::checks {
namespace {

using test::LawCase;

const test::LawFinders& finders() {
  static const test::LawFinders result;
  return result;
}

const std::vector<LawCase>& cases() {
  static const std::vector<LawCase> rows = [] {
    std::vector<LawCase> all;
    for (const auto* name :
         {"absolute.txt", "evasions.txt", "exemptions.txt", "categories.txt", "citations.txt"}) {
      auto rows_of_file = test::read_law_cases(name);
      all.insert(all.end(), rows_of_file.begin(), rows_of_file.end());
    }
    return all;
  }();
  return rows;
}

/// "EX-5-1 yes" and "EX-5-1 no" of all hits.
std::set<std::string> exemptions_of(const std::vector<RuleHit>& hits) {
  std::set<std::string> result;
  for (const RuleHit& hit : hits) {
    for (const auto& test : hit.exemption_tested) {
      result.insert(test.id + " " + test.result.substr(0, test.result.find(':')));
    }
  }
  return result;
}

std::vector<std::string> pieces(const std::string& cell) {
  std::vector<std::string> result;
  for (std::string piece : split(cell, ';'))
    result.push_back(piece.substr(piece.find_first_not_of(' ')));
  return result;
}

TEST(LawCases, EveryRowGivesItsHits) {
  ASSERT_GT(cases().size(), 200U);
  for (const LawCase& row : cases())
    EXPECT_EQ(test::written(finders().find(row)), row.hits) << row.where;
}

TEST(LawCases, EveryRowTriesItsExemptions) {
  for (const LawCase& row : cases()) {
    const auto tried = exemptions_of(finders().find(row));
    for (const std::string& wanted : pieces(row.exemptions))
      EXPECT_TRUE(tried.contains(wanted)) << row.where << " | " << wanted;
  }
}

TEST(LawCases, EveryRuleHasARowThatItHitsAndOneThatItDoesNot) {
  std::map<std::string, std::set<bool>> sides;
  for (const LawCase& row : cases()) {
    for (const Rule* rule : finders().rules.rules()) {
      sides[rule->id].insert(row.hits.find(rule->id + " ") != row.hits.npos);
    }
  }
  size_t count = 0;
  for (const Rule* rule : finders().rules.rules()) {
    if (!rule->id.starts_with("ABS-") && !rule->id.starts_with("CAT-") &&
        !rule->id.starts_with("CIT-"))
      continue;
    ++count;
    EXPECT_EQ(sides[rule->id].size(), 2U) << rule->id;
  }
  EXPECT_EQ(count, 11U + 18U + 3U);
}

/// EX-5-3 is for reviewers and never holds; EX-6-2 holds where a term is no hit at all.
TEST(LawCases, EveryExemptionHasARowWhereItHoldsAndOneWhereItDoesNot) {
  std::set<std::string> sides;
  for (const LawCase& row : cases()) {
    for (const auto& side : pieces(row.exemptions)) sides.insert(side);
  }
  const auto file = finders().rules.dir() / "exemptions.tsv";
  for (const RuleRow& row : read_rule_file(file).rows) {
    const std::string& test = row.at("test");
    if (test == "never_lowered") continue;
    EXPECT_TRUE(sides.contains(row.at("id") + " no")) << row.at("id");
    EXPECT_TRUE(test == "reviewer" || test == "use" || sides.contains(row.at("id") + " yes"))
        << row.at("id");
  }
}

bool holds(const std::string& text, std::u32string_view word) {
  return normalize_for_checks(text::to_utf32(text))
             .compact.text.find(normalize_for_checks(word).compact.text) != std::u32string::npos;
}

TEST(LawCases, EveryExceptionOfTheListHasARowWithoutAbsoluteHits) {
  const auto file = finders().rules.dir() / "absolute_exceptions.tsv";
  for (const RuleRow& row : read_rule_file(file).rows) {
    const auto phrases = expand_pattern(folded_term(row.at("pattern")));
    const bool found = std::any_of(cases().begin(), cases().end(), [&](const LawCase& c) {
      return c.hits == "-" && std::any_of(phrases.begin(), phrases.end(),
                                          [&](const auto& p) { return holds(c.text, p); });
    });
    EXPECT_TRUE(found) << row.at("pattern");
  }
}

TEST(LawCases, EverySpellingOfTheTableHasARow) {
  for (const RuleRow& row : read_rule_file(finders().rules.dir() / "evasions.tsv").rows) {
    const auto spellings = expand_pattern(folded_term(row.at("spelling")));
    const bool found = std::any_of(cases().begin(), cases().end(), [&](const LawCase& c) {
      const auto text = folded_term(c.text);
      return std::any_of(spellings.begin(), spellings.end(),
                         [&](const auto& s) { return text.find(s) != text.npos; });
    });
    EXPECT_TRUE(found) << row.at("spelling");
  }
}

TEST(LawCases, WhatIsAppendedEndsTheHitThatAskedForIt) {
  size_t appended = 0;
  for (const LawCase& row : cases()) {
    for (const RuleHit& hit : finders().find(row)) {
      if (!hit.repair || hit.repair->kind != Repair::Kind::append) continue;
      EXPECT_EQ(hit.begin, hit.end);
      LawCase repaired = row;
      repaired.text += hit.repair->text;
      for (const RuleHit& left : finders().find(repaired))
        EXPECT_NE(left.term, hit.term) << repaired.text;
      ++appended;
    }
  }
  EXPECT_GT(appended, 7U);
}

TEST(LawCases, EveryMandatorySentenceHasARowWithItAndOneWithout) {
  for (const RuleRow& row : read_rule_file(finders().rules.dir() / "mandatory_warnings.tsv").rows) {
    const std::string missing = row.at("rule_id") + " " + row.at("text") + " ";
    const bool without = std::any_of(cases().begin(), cases().end(), [&](const LawCase& c) {
      return c.hits.find(missing) != c.hits.npos;
    });
    EXPECT_TRUE(without) << missing;
    if (!row.at("document").empty()) continue;
    const bool with = std::any_of(cases().begin(), cases().end(), [&](const LawCase& c) {
      return c.text.find(row.at("text")) != c.text.npos && c.hits.find(missing) == c.hits.npos;
    });
    EXPECT_TRUE(with) << missing;
  }
}

}  // namespace
}  // namespace vitrine::checks
