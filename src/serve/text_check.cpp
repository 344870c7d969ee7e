#include "serve/text_check.h"

#include "checks/fixer.h"

namespace vitrine::serve {
namespace {

checks::CheckContext context_of(const TextPlace& place) {
  return {.platform = place.platform,
          .field = place.field,
          .style = place.style,
          .company_info = false,
          .today = checks::today()};
}

Json fixed_json(const checks::FixedText& fixed) {
  Json steps = Json::array();
  for (const auto& step : fixed.steps) {
    steps.push_back({{"rule_id", step.rule_id}, {"before", step.before}, {"after", step.after}});
  }
  return {{"text", fixed.dropped ? "" : fixed.report.text},
          {"dropped", fixed.dropped},
          {"rounds", fixed.rounds},
          {"verdict", checks::verdict_name(fixed.report.verdict())},
          {"steps", std::move(steps)}};
}

}  // namespace

data::Product checked_product(const Service& service, data::Product product) {
  service.normalizer.normalize(product);
  return product;
}

checks::CheckReport check_text(const Service& service, const std::string& text,
                               const data::Product& product, const TextPlace& place) {
  const auto context = context_of(place);
  return service.checker.check(text, checks::Evidence(product, context.today), context);
}

Json check_json(const Service& service, const std::string& text_id, const std::string& text,
                const data::Product& product, const TextPlace& place, bool fix) {
  Json json = checks::to_json(check_text(service, text, product, place), text_id);
  if (fix) {
    const auto context = context_of(place);
    const checks::Evidence evidence(product, context.today);
    json["fixed"] = fixed_json(checks::fix(service.checker, text, evidence, context));
  }
  return json;
}

}  // namespace vitrine::serve
