// train/example.h - what the trainer learns from.
#pragma once
#include <cstdint>
#include <vector>

#include "base/random.h"

namespace vitrine::train {

/// One document. Tokens at positions >= labels_from are learned; those before are context.
/// With `classes` it is each token's class that is learned, where it is not nn::kNoLabel.
/// With `compared` it is one of a group: what is learned is how its texts compare (models/group_objective.h).
struct Example {
  std::vector<int32_t> input_ids;
  int32_t labels_from = 1;
  std::vector<bool> predicted = {};  // by position; empty = all from labels_from on
  std::vector<int32_t> token_type_ids = {}, classes = {};  // as long as input_ids, or empty
  // A group: this document and the others; all of one kind.
  std::vector<Example> compared = {};  // their own `compared` and `weight` are not used
  double reward = 0, ref_logp = 0;     // of this document, as nn::DocumentTarget
  double weight = 1;                   // of the group
};

/// Gives the examples of an epoch; the trainer orders and packs them.
class ExampleSource {
 public:
  virtual ~ExampleSource() = default;
  /// The same epoch and key give the same examples (resume depends on it).
  virtual std::vector<Example> epoch(int epoch_idx, RandomKey key) = 0;
};

/// The same examples in every epoch.
class FixedExamples : public ExampleSource {
 public:
  explicit FixedExamples(std::vector<Example> examples) : examples_(std::move(examples)) {}
  std::vector<Example> epoch(int, RandomKey) override { return examples_; }

 private:
  std::vector<Example> examples_;
};

}  // namespace vitrine::train
