// The finders of the law on any text: spans lie in the text, nothing is lowered that hides, and a
// term behind a full stop is found whatever stands before.
#include <array>

#include "checks/absolute_terms.h"
#include "checks/category_rules.h"
#include "checks/quoted_sources.h"
#include "fuzz.h"
#include "text/utf8.h"

namespace {

using namespace vitrine;
using namespace vitrine::checks;

struct Finders {
  AbsoluteTerms absolute = AbsoluteTerms::load(RuleSet::shipped());
  CategoryRules category = CategoryRules::load(RuleSet::shipped());
  QuotedSources quoted = QuotedSources::load(RuleSet::shipped());
};

constexpr std::array<const char*, 8> kCategories{"连衣裙", "药品", "保健食品", "酸奶",
                                                 "白酒",   "新房", "面霜",     "玩具"};

data::Product product_of(uint8_t choice) {
  data::Product product;
  product.category_path = {kCategories[choice % kCategories.size()]};
  product.brand = "首选牌";
  if (choice >= 128) {
    product.extra["docs"] =
        Json::array({{{"id", "d1"}, {"type", "survey"}, {"valid_to", "2027-01-01"}},
                     {{"id", "d2"}, {"type", "award"}, {"scope", "最佳"}}});
  }
  return product;
}

void check_hit(const RuleHit& hit, const NormalizedText& text) {
  FUZZ_CHECK(hit.rule != nullptr && hit.level != Level::pass);
  FUZZ_CHECK(hit.begin <= hit.end && hit.end <= text.original.size());
  FUZZ_CHECK(text::is_valid_utf8(hit.term));
  FUZZ_CHECK(!hit.repair || text::is_valid_utf8(hit.repair->text));
  FUZZ_CHECK(!hit.repair || hit.rule->status != RuleStatus::unverified);
}

void check_absolute(const std::vector<RuleHit>& hits, const NormalizedText& text) {
  size_t end = 0;
  for (const RuleHit& hit : hits) {
    check_hit(hit, text);
    FUZZ_CHECK(hit.begin >= end && hit.begin < hit.end);
    FUZZ_CHECK(!hit.evasion || (hit.exemption_tested.empty() && hit.level == hit.rule->level));
    end = hit.end;
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Finders finders;
  if (size < 2) return 0;
  const Evidence evidence(product_of(data[1]), "2026-11-24");
  const CheckContext context{.style = data[1] % 3 == 0 ? "douyin" : "",
                             .company_info = data[1] % 5 == 0,
                             .today = "2026-11-24"};
  std::u32string original = fuzz::code_points_of(data, size);
  const size_t length = original.size();
  original += U"。国家级。";
  const NormalizedText text = normalize_for_checks(original);
  std::vector<RuleHit> hits;
  finders.absolute.find(text, evidence, context, hits);
  check_absolute(hits, text);
  FUZZ_CHECK(!hits.empty() && hits.back().begin == length + 1 && hits.back().end == length + 4);
  hits.clear();
  finders.category.find(text, evidence, context, hits);
  finders.quoted.find(text, evidence, context, hits);
  for (const RuleHit& hit : hits) check_hit(hit, text);
  return 0;
}
