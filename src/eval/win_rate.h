// eval/win_rate.h - which of two systems is preferred, product by product, and whether the place of
// a text decided.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "eval/bootstrap.h"
#include "eval/ranking_metrics.h"

namespace vitrine::eval {

enum class Winner { a, b, tie };

/// One answer of one judge about two texts of one product.
struct Judgement {
  std::string product_id, system_a, system_b;
  std::string shown_first;  // system_a or system_b; empty = the judge saw no order (a model, or
                            // equal texts)
  Winner winner = Winner::tie;
  std::string judge = {};  // who answered; may be empty
};

/// "a", "b" or "tie"; throws InvalidInput naming `where` and the value.
Winner winner_from(std::string_view word, std::string_view where);

/// Wins of `system` over `other`.
struct WinRate {
  std::string system, other;
  int64_t wins = 0, ties = 0, losses = 0;  // judgements
  /// Mean over products of the product's mean judgement (win 1, tie 0.5, loss 0): a pair that was
  /// asked in both orders counts once. n = products.
  Estimate rate;
};

/// Of all judgements that have an order.
struct PositionBias {
  Estimate first_wins;     // share in which the text shown first won, ties 0.5; 0.5 = no bias
  int64_t asked_both = 0;  // product, systems and judge of which both orders were answered
  /// Share of these in which the two answers name different systems, or one a system and one a tie.
  /// NaN when asked_both is 0.
  Estimate disagreement;
};

/// One for each two systems, in order of first appearance; `system` is the system_a of their first
/// judgement. Throws InvalidInput naming the judgement: a system against itself, shown_first that
/// is neither of the two.
std::vector<WinRate> win_rates(std::span<const Judgement> judgements,
                               const BootstrapConfig& config);
PositionBias position_bias(std::span<const Judgement> judgements, const BootstrapConfig& config);

/// The judgements of a scoring judge: the higher score wins, equal ones tie. [products] each.
/// Throws InvalidInput for sizes that differ or a score that is not finite, naming system and
/// product.
std::vector<Judgement> judgements_of_scores(std::span<const std::string> product_ids,
                                            const std::string& system_a,
                                            std::span<const double> scores_a,
                                            const std::string& system_b,
                                            std::span<const double> scores_b);

/// Which systems are compared: each with the one before it, then with the first one. Pairs of
/// indices (of, over).
std::vector<std::pair<size_t, size_t>> comparisons(size_t num_systems);

Json to_json(const WinRate& rate);
Json to_json(const PositionBias& bias);

/// A line a comparison, for people; then the position bias when it is given.
std::string win_rate_table(std::span<const WinRate> rates, const std::optional<PositionBias>& bias);

}  // namespace vitrine::eval
