// models/group_objective.h - what is minimised where documents are compared: the loss of a group,
// from one number for each of its documents. Plain doubles; models give the numbers and take the
// derivatives.
#pragma once
#include <span>
#include <vector>

#include "base/json.h"
#include "models/trainable.h"

namespace vitrine::models {

/// The documents of one group, all spans as long.
struct GroupValues {
  std::span<const double>
      values;  // score of a ranking model, or sum of log p of the predicted tokens, nats
  std::span<const int32_t> predicted_tokens;  // how many tokens that sum is over
  std::span<const nn::DocumentTarget> targets;
};

/// Any thread.
class GroupObjective {
 public:
  virtual ~GroupObjective() = default;

  /// The loss of a group before its weight. `derivatives`, of as many numbers, receives d loss / d
  /// value.
  virtual double loss(const GroupValues& group, std::span<double> derivatives) const = 0;

  /// Name and settings: a run goes on with the same ones only.
  virtual Json settings() const = 0;
};

struct GroupLosses {
  LossSum sum;                      // of weight * loss; num_labels = groups
  std::vector<double> derivatives;  // [D] d sum.objective / d value
};

/// The objective over all groups of a batch.
///   values  [D]
/// Throws InvalidInput: a batch without groups, another number of values, a value, weight or loss
/// that is not finite.
GroupLosses group_losses(const GroupObjective& objective, const nn::PackedBatch& batch,
                         std::span<const double> values);

}  // namespace vitrine::models
