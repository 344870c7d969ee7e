// Hits on human texts that were judged by reading: tests/data/checks/human_hits.tsv.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <map>

#include "base/file.h"
#include "checks/checker.h"
#include "checks/tsv_rules.h"
#include "data/advertisegen.h"
#include "data/normalization.h"

namespace vitrine::checks {
namespace {

std::vector<CheckReport> reports_of_first(size_t count) {
  const auto normalizer = data::AttributeNormalizer::load();
  const auto dir = std::filesystem::path(VITRINE_SOURCE_DIR) / "data/advertisegen";
  std::vector<CheckReport> reports;
  for (const auto& line : split(read_file(dir / "dev.jsonl"), '\n')) {
    if (reports.size() == count) break;
    const Json json = parse_json(line, "dev.jsonl");
    auto product = data::product_from_content(json["content"].get<std::string>());
    normalizer.normalize(product);
    reports.push_back(Checker::shipped().check(json["summary"].get<std::string>(),
                                               Evidence(product), {.today = "2026-11-24"}));
  }
  return reports;
}

bool still_there(const CheckReport& report, const RuleRow& row) {
  const size_t begin = std::stoul(row.at("begin")), end = std::stoul(row.at("end"));
  return std::any_of(report.hits.begin(), report.hits.end(), [&](const RuleHit& hit) {
    return hit.rule->id == row.at("rule_id") && hit.begin < end && begin < hit.end;
  });
}

TEST(HumanHits, WhatWasJudgedTrueIsFoundAndFewFalseAlarmsStay) {
  const auto rows = read_rule_file(std::filesystem::path(VITRINE_SOURCE_DIR) /
                                   "tests/data/checks/human_hits.tsv")
                        .rows;
  const auto reports = reports_of_first(200);
  std::map<std::string, std::pair<int, int>> counts;  // judged -> found now, all
  for (const RuleRow& row : rows) {
    auto& [found, all] = counts[row.at("judged")];
    ++all;
    found += still_there(reports.at(std::stoul(row.at("row")) - 1), row);
  }
  for (const auto& [judged, count] : counts) {
    std::printf("judged %s: %d of %d are found now\n", judged.c_str(), count.first, count.second);
  }
  const auto [kept_true, all_true] = counts["true"];
  const auto [kept_false, all_false] = counts["false"];
  EXPECT_GE(kept_true, 0.9 * all_true);
  EXPECT_LE(kept_false, all_false);
  EXPECT_GE(kept_true, 4 * kept_false);
}

}  // namespace
}  // namespace vitrine::checks
