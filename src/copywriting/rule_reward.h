// copywriting/rule_reward.h - what a sampled text is worth by written rules: the source "rule" of an order.
//
// The rules know what the shop wants said (all points, the distinctive one early), what must not be
// said, and what reads badly. The ranking model learns this order, and others beside it.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/config.h"
#include "base/json.h"

namespace vitrine::copywriting {

/// How common the 4-grams of texts are: sameness across a catalogue. Filled by add, then read from any thread.
class NgramFrequencies {
 public:
  /// All texts of one product: a 4-gram counts once.
  void add(std::span<const std::u32string> texts);
  /// Mean natural logarithm of the number of products that share a 4-gram of the text, from 0; 0 for less than one.
  double commonness(std::u32string_view text) const;

 private:
  std::unordered_map<uint64_t, int32_t> products_;  // by the 4-gram's hash
};

/// What is measured of one text.
struct RewardParts {
  bool may_leave = true;      // the checks let it
  int hits = 0;               // what the checks only warn about
  double coverage = 0;        // values said / values
  bool point_said = false;    // the distinctive one
  double point_offset = 1;    // 0..1; 1 when it is not said
  bool point_first = false;   // in the first sentence
  double repetition = 0;      // share of 4-grams that stood before, 0..1
  double length_gap = 0;      // |length - wanted| / wanted
  double fluency = 0;         // mean log-probability of a token under the SFT model, nats
  double commonness = 0;      // NgramFrequencies
};

/// Weights: how much a part adds for each unit of it.
struct RuleRewardConfig {
  double coverage = 8;
  double point_said = 1.5;
  double point_first = 1.0;
  double point_offset = 2;     // subtracted
  double hits = 0.3;           // subtracted
  double repetition = 8;       // subtracted
  double length_gap = 2;       // subtracted
  double fluency = 0.7;
  double commonness = 0.4;     // subtracted

  void describe(FieldVisitor& v) {
    v.field("reward_coverage", coverage, "of said values / values", 0, 1000);
    v.field("reward_point_said", point_said, "when the distinctive point is said", 0, 1000);
    v.field("reward_point_first", point_first, "when it stands in the first sentence", 0, 1000);
    v.field("reward_point_offset", point_offset, "subtracted, of its place / length", 0, 1000);
    v.field("reward_hits", hits, "subtracted for each warning of the checks", 0, 1000);
    v.field("reward_repetition", repetition, "subtracted, of repeated 4-grams / 4-grams", 0, 1000);
    v.field("reward_length_gap", length_gap, "subtracted, of |length - wanted| / wanted", 0, 1000);
    v.field("reward_fluency", fluency, "of the mean log-probability of a token under the SFT model", 0, 1000);
    v.field("reward_commonness", commonness, "subtracted, of the mean log of the products that share a 4-gram", 0, 1000);
  }
};

/// The weighted sum. Whether the text may leave is not in it: that comes before any sum.
double rule_reward(const RewardParts& parts, const RuleRewardConfig& config);

Json to_json(const RewardParts& parts);
/// The inverse. Throws Json::exception when a field lacks.
RewardParts reward_parts_from(const Json& json);

}  // namespace vitrine::copywriting
