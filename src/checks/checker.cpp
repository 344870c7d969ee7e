#include "checks/checker.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <tuple>

#include "text/utf8.h"

namespace vitrine::checks {
namespace {

/// Types of claims that attributes can say in other words than the lists know.
bool is_for_judge(const Claim& claim) {
  return claim.support == Support::unsupported &&
         (claim.type == "material" || claim.type == "function" || claim.type == "look");
}

void ask(EvidenceJudge& judge, std::u32string_view text, const Evidence& evidence,
         std::vector<Claim>& claims) {
  std::vector<Claim*> suspicions;
  std::vector<std::pair<size_t, size_t>> spans;
  for (Claim& claim : claims) {
    if (!is_for_judge(claim)) continue;
    suspicions.push_back(&claim);
    spans.emplace_back(claim.begin, claim.end);
  }
  if (spans.empty()) return;
  const auto named = judge.supporting(text, spans, evidence);
  for (size_t i = 0; i < suspicions.size(); ++i) {
    if (named[i].empty()) continue;
    suspicions[i]->support = Support::entailed;
    suspicions[i]->evidence = named[i];
  }
}

RuleHit hit_of(const Claim& claim) {
  RuleHit hit{.begin = claim.begin, .end = claim.end, .term = claim.value};
  hit.rule = claim.rule;
  hit.level = claim.level;
  hit.evidence_required = claim.rule->evidence_required;
  hit.repair = claim.repair;
  return hit;
}

}  // namespace

Checker Checker::load(const RuleSet& rules) {
  Checker checker;
  checker.rules_ = &rules;
  checker.claims_ = ClaimFinder::load(rules);
  return checker;
}

const Checker& Checker::shipped() {
  static const Checker checker = load(RuleSet::shipped());
  return checker;
}

CheckReport Checker::check(std::string_view text, const Evidence& evidence,
                           const CheckContext& context, EvidenceJudge* judge) const {
  const std::u32string code_points = text::to_utf32(text);
  CheckReport report{.text = std::string(text), .hits = {}, .claims = {}, .rules = rules_};
  report.claims = claims_.find(code_points, evidence);
  if (judge != nullptr) ask(*judge, code_points, evidence, report.claims);
  for (const Claim& claim : report.claims) {
    if (is_unsupported(claim) && claim.level >= Level::warn) report.hits.push_back(hit_of(claim));
  }
  std::erase_if(report.hits, [&](const RuleHit& hit) { return !applies(*hit.rule, context.today); });
  std::stable_sort(report.hits.begin(), report.hits.end(), [](const auto& a, const auto& b) {
    return std::tie(a.begin, a.rule->id, a.end) < std::tie(b.begin, b.rule->id, b.end);
  });
  return report;
}

std::string today() {
  const std::chrono::year_month_day date{
      std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now())};
  char text[40];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return text;
}

}  // namespace vitrine::checks
