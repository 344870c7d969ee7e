// recipes/preference_sources.h - the pairs that a ranking model is trained on, from every source that is there.
//
//   pick, feedback  what people chose and bought: all of them, with their own weights
//   human           a person's copy, as it passed the funnel, over a text of the model after an open plan
//   rule            a text of the model over another one of the same product that must not leave, or has a lower rule reward
//   synthetic       a good text over itself made worse by one rule (copywriting/corruptions.h)
#pragma once
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/config.h"
#include "base/random.h"
#include "copywriting/distinctive_point.h"
#include "data/preferences.h"
#include "data/product.h"
#include "recipes/round_order.h"

namespace vitrine::recipes {

struct PairSourcesConfig {
  int ranker_pairs = 10000;
  double human_pairs_share = 0.25;
  double rule_pairs_share = 0.35;  // the rest is synthetic, each rule alike
  double least_rule_gap = 0.5;
  double human_weight = 1, rule_weight = 0.7, synthetic_weight = 1;
  double held_out_share = 0.1;

  void describe(FieldVisitor& v) {
    v.field("ranker_pairs", ranker_pairs, "pairs for the ranking model, picks and feedback aside", 8, 1e9);
    v.field("human_pairs_share", human_pairs_share, "of them a person's copy over a text of the model", 0, 1);
    v.field("rule_pairs_share", rule_pairs_share, "of them texts of the model that the rules order; the rest is synthetic", 0, 1);
    v.field("least_rule_gap", least_rule_gap, "difference of rule rewards that makes a pair", 0, 1000);
    v.field("human_weight", human_weight, "of such a pair in the loss", 0.001, 1000);
    v.field("rule_weight", rule_weight, "of such a pair in the loss", 0.001, 1000);
    v.field("synthetic_weight", synthetic_weight, "of such a pair in the loss", 0.001, 1000);
    v.field("held_out_share", held_out_share, "of the products, whose pairs only measure the ranking model", 0, 0.9);
  }
  /// Throws InvalidInput.
  void validate() const;
};

struct PairSources {
  std::span<const data::Product> products;
  std::span<const OrderedProduct> ordered;   // of products[i]
  std::span<const data::Product> humans;     // curated, with copy; ids of products
  std::span<const data::PreferencePair> given;  // picks and feedback
};

/// Pairs for training and for measuring; no product is in both.
struct PairSets {
  std::vector<data::PreferencePair> training, held_out;
  std::map<std::string, int64_t> by_source;  // source, or source/type → pairs, both sets together
};

/// The same for the same sources, config and key. Throws InvalidInput for settings, and when there is no pair.
PairSets collect_pairs(const PairSources& sources, const copywriting::ValueFrequencies& frequencies,
                       const PairSourcesConfig& config, RandomKey key);

}  // namespace vitrine::recipes
