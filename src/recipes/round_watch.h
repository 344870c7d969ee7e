// recipes/round_watch.h - what a tuned model writes, against the SFT model: the watch for reward hacking of one round.
#pragma once
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/config.h"
#include "base/json.h"
#include "copywriting/copy_model.h"
#include "eval/hacking_watch.h"
#include "recipes/round_order.h"

namespace vitrine::recipes {

struct WatchConfig {
  int watch_products = 200;
  int watch_candidates = 4;
  bool ignore_alarms = false;
  eval::HackingWatchConfig limits;

  void describe(FieldVisitor& v) {
    v.field("watch_products", watch_products, "products that each round's model writes for, drawn by their ids", 1, 1e9);
    v.field("watch_candidates", watch_candidates, "texts of each of them", 2, 1000);
    v.field("ignore_alarms", ignore_alarms, "an alarm is reported, but the loop goes on");
    limits.describe(v);
  }
};

struct RoundWatch {
  eval::RoundNumbers numbers;
  Json points;  // of all texts: coverage, place of the distinctive point (summary_of)
};

/// What the texts are judged by: the same as in the order of a round.
struct WatchContext {
  OrderContext order;  // its ranking model is for the disagreement with the rules; without one that is NaN
  copywriting::RuleRewardConfig reward;
};

/// Lets `model` write for the watched products (temperature 0.8, nucleus 0.9, one draw a sentence, nothing written anew), and counts.
/// kl_to_sft is the mean over these texts, a proxy of the divergence: they are not drawn from the whole distribution.
///   sft   for kl_to_sft; null = `model` is the SFT model
RoundWatch watch_round(const copywriting::CopyModel& model, const copywriting::CopyModel* sft, std::string name,
                       std::span<const data::Product> products, const WatchContext& context, const WatchConfig& config);

Json to_json(const RoundWatch& watch);
/// Throws Corrupt when it is none.
RoundWatch round_watch_from(const Json& json);

}  // namespace vitrine::recipes
