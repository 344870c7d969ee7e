#include "copywriting/open_plan.h"

#include <algorithm>

namespace vitrine::copywriting {

PromptPlan open_plan_of(const PromptFormat& format, const data::Product& product, int length) {
  PromptPlan plan;
  plan.category = data::category_of(product);
  plan.length = length;
  auto& points = plan.groups.emplace_back();
  for (const auto& attribute : product.attributes) {
    const PromptPoint point{attribute.key, attribute.val};
    const bool is_said = std::any_of(points.begin(), points.end(), [&](const PromptPoint& p) { return p.value == point.value; });
    if (!is_said && point.value != plan.category && format.has_key_token(point.key)) points.push_back(point);
  }
  return plan;
}

CopyDocument document_of(data::Product product, const std::string& text, const std::vector<std::string>& other_terms) {
  product.summary = text;
  CopyDocument document;
  document.category = data::category_of(product);
  const auto aligned = align_products({std::move(product)}, other_terms);
  if (aligned.empty()) return document;  // no text, no sentences
  document = aligned.front();
  document.audience.clear();
  document.style = CopyDocument().style;
  return document;
}

TrainingSequence sequence_after_open_plan(const PromptFormat& format, const data::Product& product, const CopyDocument& document, int length, bool groups) {
  const PromptPlan plan = open_plan_of(format, product, length);
  return open_sequence(format, document, plan.groups.front(), plan.length, {}, groups);
}

}  // namespace vitrine::copywriting
