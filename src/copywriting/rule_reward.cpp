#include "copywriting/rule_reward.h"

#include <cmath>
#include <unordered_set>

#include "base/random.h"

namespace vitrine::copywriting {
namespace {

constexpr size_t kN = 4;

template <typename Visit>
void for_each_ngram(std::u32string_view text, Visit visit) {
  for (size_t i = 0; i + kN <= text.size(); ++i) {
    uint64_t hash = 0;
    for (size_t j = 0; j < kN; ++j) hash = mix64(hash ^ static_cast<uint64_t>(text[i + j]));
    visit(hash);
  }
}

}  // namespace

void NgramFrequencies::add(std::span<const std::u32string> texts) {
  std::unordered_set<uint64_t> own;
  for (const auto& text : texts) for_each_ngram(text, [&](uint64_t hash) { own.insert(hash); });
  for (const uint64_t hash : own) ++products_[hash];
}

double NgramFrequencies::commonness(std::u32string_view text) const {
  double sum = 0;
  int64_t count = 0;
  for_each_ngram(text, [&](uint64_t hash) {
    const auto found = products_.find(hash);
    sum += found == products_.end() ? 0 : std::log(static_cast<double>(found->second));
    ++count;
  });
  return count == 0 ? 0 : sum / static_cast<double>(count);
}

double rule_reward(const RewardParts& parts, const RuleRewardConfig& config) {
  return config.coverage * parts.coverage + config.point_said * parts.point_said + config.point_first * parts.point_first -
         config.point_offset * parts.point_offset - config.hits * parts.hits - config.repetition * parts.repetition -
         config.length_gap * parts.length_gap + config.fluency * parts.fluency - config.commonness * parts.commonness;
}

Json to_json(const RewardParts& parts) {
  return {{"may_leave", parts.may_leave},       {"hits", parts.hits},
          {"coverage", parts.coverage},         {"point_said", parts.point_said},
          {"point_offset", parts.point_offset}, {"point_first", parts.point_first},
          {"repetition", parts.repetition},     {"length_gap", parts.length_gap},
          {"fluency", parts.fluency},           {"commonness", parts.commonness}};
}

RewardParts reward_parts_from(const Json& json) {
  RewardParts parts;
  json.at("may_leave").get_to(parts.may_leave);
  json.at("hits").get_to(parts.hits);
  json.at("coverage").get_to(parts.coverage);
  json.at("point_said").get_to(parts.point_said);
  json.at("point_offset").get_to(parts.point_offset);
  json.at("point_first").get_to(parts.point_first);
  json.at("repetition").get_to(parts.repetition);
  json.at("length_gap").get_to(parts.length_gap);
  json.at("fluency").get_to(parts.fluency);
  json.at("commonness").get_to(parts.commonness);
  return parts;
}

}  // namespace vitrine::copywriting
