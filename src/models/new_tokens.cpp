#include "models/new_tokens.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "base/error.h"
#include "nn/initialize.h"

namespace vitrine::models {

void fill_new_rows(const at::Tensor& matrix, const NewTokens& tokens) {
  if (tokens.pieces.empty()) return;
  const at::NoGradGuard no_grad;
  const int64_t old_rows = matrix.size(0) - tokens.count();
  const at::Tensor old = matrix.narrow(0, 0, old_rows);
  const at::Tensor mean = old.mean(0, false, at::kDouble);  // [C]
  at::Tensor noise = at::empty({tokens.count(), matrix.size(1)}, at::kFloat);
  nn::fill_normal(noise, kNewRowNoise, tokens.key);
  for (int64_t i = 0; i < tokens.count(); ++i) {
    const auto& pieces = tokens.pieces[static_cast<size_t>(i)];
    at::Tensor row = matrix.select(0, old_rows + i);
    if (pieces.empty()) {
      row.copy_(mean + noise.select(0, i));
      continue;
    }
    for (const int32_t id : pieces) {
      VITRINE_REQUIRE(id >= 0 && id < old_rows, "[fill_new_rows] new token ", i, ": expected pieces below ", old_rows, ", got ", id);
    }
    row.copy_(old.index_select(0, at::tensor(pieces, at::kLong)).mean(0, false, at::kDouble));
  }
}

}  // namespace vitrine::models
