#include "copywriting/ranker_input.h"

#include "copywriting/alignment.h"

namespace vitrine::copywriting {
namespace {

constexpr std::string_view kTypeKeyName = "类型";
constexpr int kStatedLength = 110;  // one for all texts, so that the score can see how long a text is

PromptPlan plan_of(const PromptFormat& format, const data::Product& product) {
  PromptPlan plan;
  plan.category = data::category_of(product);
  plan.length = kStatedLength;
  auto& points = plan.groups.emplace_back();
  for (const auto& attribute : product.attributes) {
    if (attribute.key != kTypeKeyName && format.has_key_token(attribute.key)) points.push_back({attribute.key, attribute.val});
  }
  return plan;
}

}  // namespace

std::vector<int32_t> ranker_input(const PromptFormat& format, const data::Product& product, std::string_view text) {
  const Prompt prompt = format.encode(plan_of(format, product));
  std::vector<int32_t> ids = prompt.first_ids();
  bool first = true;
  for (const auto& sentence : split_sentences(text)) {
    const auto between = first ? std::vector<int32_t>() : format.empty_group();
    ids.insert(ids.end(), between.begin(), between.end());
    const auto sentence_ids = format.encode_sentence(sentence, prompt.slots);
    ids.insert(ids.end(), sentence_ids.begin(), sentence_ids.end());
    first = false;
  }
  return ids;
}

}  // namespace vitrine::copywriting
