// imagery/pair_scorer.h - how well a text fits a picture, by whatever model judges it.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "imagery/captions.h"
#include "io/picture.h"

namespace vitrine::imagery {

class PairScorer {
 public:
  virtual ~PairScorer() = default;
  /// The cosine of picture i and text i, -1..1. Throws InvalidInput for unequal numbers.
  virtual std::vector<double> score(std::span<const io::Picture> pictures, std::span<const std::string> texts) = 0;
  /// probabilities[i][j] that text j, of all the texts, is that of picture i: the softmax of the cosines at the model's own temperature
  /// (Radford et al. 2021, section 3.1.2).
  virtual std::vector<std::vector<double>> classify(std::span<const io::Picture> pictures, std::span<const std::string> texts) = 0;
  /// The cosines of all pairs, [texts, pictures] row after row.
  virtual std::vector<float> similarities(std::span<const io::Picture> pictures, std::span<const std::string> texts) = 0;
  /// The language of texts that are made for it.
  virtual Language language() const = 0;
  /// Which model it is: {"model", "sha256", …}; goes into reports.
  virtual Json description() const = 0;
};

}  // namespace vitrine::imagery
