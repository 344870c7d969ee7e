// The rows of tests/cases/lengths.txt, sentences.txt and keywords.txt.
#include <gtest/gtest.h>

#include <set>

#include "base/error.h"
#include "checks/keyword_plan.h"
#include "checks/lengths.h"
#include "checks/sentence_rules.h"
#include "data/advertisegen.h"
#include "text/utf8.h"
#include "unit/checks/case_rows.h"

namespace vitrine::checks {
namespace {

const RuleSet& rules() {
  static const RuleSet set =
      RuleSet::load(std::filesystem::path(VITRINE_SOURCE_DIR) / "rules/checks");
  return set;
}

std::string joined(const std::vector<std::string>& parts, const std::string& separator) {
  std::string all;
  for (const std::string& part : parts) all += (all.empty() ? "" : separator) + part;
  return all.empty() ? "-" : all;
}

std::string places_of(const std::vector<RuleHit>& hits) {
  std::vector<std::string> places;
  for (const RuleHit& hit : hits) {
    places.push_back(hit.rule->id + " " + std::to_string(hit.begin) + "-" +
                     std::to_string(hit.end));
  }
  return joined(places, "; ");
}

TEST(LengthCases, EveryRowGivesItsHits) {
  const LengthRules lengths = LengthRules::load(rules());
  std::set<std::string> hit_rules, clean_rules;
  for (const auto& row : case_rows("lengths.txt")) {
    std::vector<RuleHit> hits;
    const CheckContext context{.platform = row.at(0), .field = row.at(1)};
    lengths.find(expanded(row.at(2)), context, hits);
    EXPECT_EQ(places_of(hits), row.at(3)) << row.at(0) << " " << row.at(1) << " " << row.at(2);
    const Limit* limit = lengths.find_limit(row.at(0), row.at(1));
    if (limit != nullptr) (hits.empty() ? clean_rules : hit_rules).insert(limit->rule->id);
  }
  for (const Rule* rule : rules().rules()) {
    if (rule->test != "length") continue;
    EXPECT_TRUE(hit_rules.contains(rule->id)) << "no positive row for " << rule->id;
    EXPECT_TRUE(clean_rules.contains(rule->id)) << "no negative row for " << rule->id;
  }
}

std::string terms_of(const std::vector<RuleHit>& hits) {
  std::vector<std::string> terms;
  for (const RuleHit& hit : hits) {
    const std::u32string term = text::to_utf32(hit.term);
    const bool is_long = term.size() > 5;
    terms.push_back(hit.rule->id + " " + text::to_utf8(term.substr(0, 5)) + (is_long ? "…" : ""));
  }
  return joined(terms, "; ");
}

TEST(SentenceCases, EveryRowGivesItsHitsAndItsRepair) {
  const SentenceRules sentences = SentenceRules::load(rules());
  std::set<std::string> hit_rules;
  for (const auto& row : case_rows("sentences.txt")) {
    const Evidence evidence(data::product_from_content(row.at(0)));
    const CheckContext context{.style = row.at(1)};
    const std::u32string text = text::to_utf32(expanded(row.at(2)));
    std::vector<RuleHit> hits;
    sentences.find(text, evidence, context, hits);
    EXPECT_EQ(terms_of(hits), row.at(3)) << row.at(2);
    for (const RuleHit& hit : hits) {
      EXPECT_EQ(hit.level, Level::warn);
      EXPECT_EQ(hit.term, text::to_utf8(text.substr(hit.begin, hit.end - hit.begin)));
      hit_rules.insert(hit.rule->id);
    }
    const std::u32string repaired = sentences.repair(text, evidence, context);
    const bool stays = row.at(4) == "=";
    EXPECT_EQ(text::to_utf8(repaired), stays ? text::to_utf8(text) : row.at(4)) << row.at(2);
  }
  for (const Rule* rule : rules().rules()) {
    if (rule->test != "sentence") continue;
    EXPECT_TRUE(hit_rules.contains(rule->id)) << "no positive row for " << rule->id;
  }
}

std::vector<Keyword> keywords_of(const std::string& cell) {
  std::vector<Keyword> keywords;
  for (const std::string& part : split(cell, ';')) {
    const size_t colon = part.find(':');
    const bool has_field = colon != std::string::npos;
    keywords.push_back({.word = has_field ? part.substr(colon + 1) : part,
                        .field = has_field ? part.substr(0, colon) : ""});
  }
  return keywords;
}

std::string written(const KeywordReport& report) {
  const auto& first = report.first_weighted_position;
  return "covered " + joined(report.covered, "+") + "; missing " + joined(report.missing, "+") +
         "; stuffed " + joined(report.stuffed, "+") + "; first " +
         (first ? std::to_string(*first) : "none") + "; " +
         (report.within_30 ? "within_30" : "late") + "; " + (report.dense ? "dense" : "thin");
}

TEST(KeywordCases, EveryRowGivesItsReport) {
  for (const auto& row : case_rows("keywords.txt")) {
    const auto report = report_keywords(keywords_of(row.at(1)), row.at(2), row.at(0));
    EXPECT_EQ(written(report), row.at(3)) << row.at(1) << " | " << row.at(2);
  }
}

TEST(KeywordCases, DensityCountsACodePointOnceAndIsPrinted) {
  const std::vector<Keyword> plan{{.word = "连衣裙", .field = ""}, {.word = "裙", .field = ""}};
  const auto report = report_keywords(plan, "连衣 裙 连衣裙很轻", "description");
  EXPECT_DOUBLE_EQ(report.density, 4.0 / 8);
  const Json json = to_json(report);
  EXPECT_EQ(json["keywords"][1]["count"], 2);
  EXPECT_EQ(json["keywords"][0]["first_weighted_position"], 14);
  EXPECT_THROW(report_keywords(std::vector<Keyword>{{.word = "", .field = ""}}, "裙", "title"),
               InvalidInput);
}

}  // namespace
}  // namespace vitrine::checks
