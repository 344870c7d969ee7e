// train/caption_batch.h - the captions of a batch as one tensor, and which of them are the same.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace vitrine::train {

/// [B, T] int64 of B >= 1 rows of equal length.
at::Tensor ids_tensor(const std::vector<std::vector<int32_t>>& rows);

/// [B] int64: equal for rows with the same tokens.
at::Tensor groups_of(const std::vector<std::vector<int32_t>>& rows);

/// Share of the rows of `scores` [B, B] whose best column is of the row's group [B].
double first_is_right(const at::Tensor& scores, const at::Tensor& groups);

}  // namespace vitrine::train
