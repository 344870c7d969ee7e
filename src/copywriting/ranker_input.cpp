#include "copywriting/ranker_input.h"

#include <algorithm>

#include "copywriting/alignment.h"

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

std::vector<int32_t> ranker_input(const PromptFormat& format, const data::Product& product, std::string_view text) {
  const Prompt prompt = format.encode(open_plan_of(format, product));
  std::vector<int32_t> ids = prompt.header;
  const auto append = [&](const std::vector<int32_t>& more) { ids.insert(ids.end(), more.begin(), more.end()); };
  for (const auto& sentence : split_sentences(text)) {
    append(format.empty_group());
    append(format.encode_sentence(sentence, prompt.slots));
  }
  append(prompt.groups.front());
  return ids;
}

}  // namespace vitrine::copywriting
