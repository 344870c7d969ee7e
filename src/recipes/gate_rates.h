// recipes/gate_rates.h - what the checks keep from leaving, for best-of-n with several n.
#pragma once
#include <span>
#include <vector>

#include "base/json.h"
#include "recipes/evaluate_model.h"

namespace vitrine::recipes {

/// Of the one text a product gets when the best of its first n candidates is taken.
struct GateRate {
  int n = 0;
  int64_t products = 0;
  /// Shares of products: before = by score alone, no check; after = as `write` does (checked,
  /// written anew, ordered by verdict first). Products without a text count as clean.
  double unsupported_before = 0, unsupported_after = 0;  // a claim or number without evidence blocks
  double banned_before = 0, banned_after = 0;            // any other rule blocks
  double empty_after = 0;                                // no candidate may leave
  double ranker = 0;  // mean score of the best text after, by the ranking model; NaN without one or without texts
  std::vector<std::string> texts;  // after, of each product; "" where none may leave
};

struct GateRates {
  std::string name;  // of the model, and of its plans where they are not the planner's
  std::vector<GateRate> rates;  // ascending n
  /// Of all candidates after: what the gate dropped, and what may leave because decoding turned away
  /// from a banned term.
  int64_t candidates = 0, dropped = 0, saved = 0;
};

/// Writes max(n) candidates of each product twice with config.write: without and with checks. With config.write.ranker_name() the
/// ranking model has its say in which is best.
/// ns: ascending, >= 1. Throws what loading the model throws, and Cancelled.
GateRates gate_rates(std::span<const data::Product> products, const EvaluateModelConfig& config,
                     const std::vector<int>& ns);

Json to_json(const GateRates& rates);
/// A table for the terminal, Chinese.
std::string to_table(const GateRates& rates);

}  // namespace vitrine::recipes
