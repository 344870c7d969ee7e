#include "checks/checker.h"

#include <algorithm>
#include <tuple>

#include "base/error.h"
#include "base/utc_time.h"
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
  VITRINE_REQUIRE(named.size() == spans.size(), "[Checker] judge: expected an answer for each of ",
                  spans.size(), " spans, got ", named.size());
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

Checker Checker::load(const RuleSet& rules, const std::filesystem::path& shop_lengths) {
  Checker checker;
  checker.rules_ = &rules;
  checker.claims_ = ClaimFinder::load(rules);
  checker.absolute_terms_ = AbsoluteTerms::load(rules);
  checker.categories_ = CategoryRules::load(rules);
  checker.quoted_sources_ = QuotedSources::load(rules);
  checker.lengths_ = LengthRules::load(rules, shop_lengths);
  checker.sentences_ = SentenceRules::load(rules);
  return checker;
}

const Checker& Checker::shipped() {
  static const Checker checker = load(RuleSet::shipped());
  return checker;
}

CheckReport Checker::check(std::string_view text, const Evidence& evidence,
                           const CheckContext& context, EvidenceJudge* judge) const {
  const std::u32string code_points = text::to_utf32(text);
  CheckReport report{.text = std::string(text), .hits = {}, .claims = {}, .lengths = measure_lengths(text), .rules = rules_};
  const NormalizedText normalized = normalize_for_checks(code_points);
  report.claims = claims_.find(code_points, evidence);
  if (judge != nullptr) ask(*judge, code_points, evidence, report.claims);
  for (const Claim& claim : report.claims) {
    if (is_unsupported(claim) && claim.level >= Level::warn) report.hits.push_back(hit_of(claim));
  }
  absolute_terms_.find(normalized, evidence, context, report.hits);
  categories_.find(normalized, evidence, context, report.hits);
  quoted_sources_.find(normalized, evidence, context, report.hits);
  lengths_.find(text, context, report.hits);
  sentences_.find(code_points, evidence, context, report.hits);
  std::erase_if(report.hits, [&](const RuleHit& hit) { return !applies(*hit.rule, context.today); });
  std::stable_sort(report.hits.begin(), report.hits.end(), [](const auto& a, const auto& b) {
    return std::tie(a.begin, a.rule->id, a.end) < std::tie(b.begin, b.rule->id, b.end);
  });
  return report;
}

namespace {

bool has_latin(const std::string& term) {
  return std::any_of(term.begin(), term.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::vector<std::string> joined(std::vector<std::string> a, const std::vector<std::string>& b) {
  a.insert(a.end(), b.begin(), b.end());
  std::erase_if(a, has_latin);
  std::sort(a.begin(), a.end());
  a.erase(std::unique(a.begin(), a.end()), a.end());
  return a;
}

}  // namespace

std::vector<std::string> Checker::blocking_terms() const {
  auto terms = joined(claims_.terms(Level::block), absolute_terms_.blocking_terms());
  for (const Level level : {Level::warn, Level::harmless}) {
    terms = joined(std::move(terms), claims_.terms(level, "keep_out"));
  }
  return terms;
}

std::vector<std::string> Checker::exceptions() const {
  return joined(claims_.terms(Level::pass), absolute_terms_.exceptions());
}

std::string today() { return to_iso_date(system_utc_clock()()); }

}  // namespace vitrine::checks
