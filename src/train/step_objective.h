// train/step_objective.h - what the loop over steps asks of a model in training.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/random.h"
#include "nn/parameters.h"

namespace vitrine::train {

/// Named numbers in a fixed order, such as {"validation loss", 0.31}.
using Measures = std::vector<std::pair<std::string, double>>;

class StepObjective {
 public:
  virtual ~StepObjective() = default;

  virtual nn::ParameterStore& parameters() = 0;
  /// Adds the gradient of the mean loss of `batch_size` examples, drawn by the key alone, and returns that loss.
  virtual double forward_backward(int batch_size, RandomKey key) = 0;
  /// Losses of fixed examples with fixed noise; the first is the one that a run is judged by. Two calls give the same numbers.
  virtual Measures validate() = 0;
  /// Why the run must end after the last validation, such as a text encoder that has moved too far; "" = it goes on.
  virtual std::string alarm() { return ""; }
  /// Call after the values were written by others.
  virtual void weights_changed() = 0;
  /// A PNG that shows what the weights do by now, for the run's page; "" = none.
  virtual std::string sample_png() { return ""; }
  /// What a saved state belongs to: model shapes, data hashes, settings of the objective.
  virtual Json settings() const = 0;
};

}  // namespace vitrine::train
