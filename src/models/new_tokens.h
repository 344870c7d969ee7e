// models/new_tokens.h - tokens that a loaded model gets behind its vocabulary, and their first rows.
#pragma once
#include <cstdint>
#include <vector>

#include "base/random.h"

namespace at {
class Tensor;
}

namespace vitrine::models {

constexpr double kNewRowNoise = 0.02;  // standard deviation; that of the matrices of GPT-2, BERT and CLIP when they begin

struct NewTokens {
  /// Of each new token: the old ids whose mean row it starts from. Empty: the mean of all rows, and
  /// Normal(0, kNewRowNoise) of `key`, so that no two start alike.
  std::vector<std::vector<int32_t>> pieces;
  RandomKey key{0};

  int64_t count() const { return static_cast<int64_t>(pieces.size()); }
};

/// Fills the rows behind the first V - count() ones, which are read.
///   matrix  [V, C] float32 on the CPU, such as wte.weight
/// Throws InvalidInput for a piece outside the old rows.
void fill_new_rows(const at::Tensor& matrix, const NewTokens& tokens);

}  // namespace vitrine::models
