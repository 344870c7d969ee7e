#include "train/caption_batch.h"

#include <ATen/ATen.h>

#include <map>

namespace vitrine::train {

at::Tensor ids_tensor(const std::vector<std::vector<int32_t>>& rows) {
  std::vector<int64_t> ids;
  for (const std::vector<int32_t>& row : rows) ids.insert(ids.end(), row.begin(), row.end());
  return at::tensor(ids, at::kLong).view({static_cast<int64_t>(rows.size()), -1});
}

at::Tensor groups_of(const std::vector<std::vector<int32_t>>& rows) {
  std::map<std::vector<int32_t>, int64_t> first;
  std::vector<int64_t> groups;
  for (const auto& row : rows) groups.push_back(first.try_emplace(row, static_cast<int64_t>(first.size())).first->second);
  return at::tensor(groups, at::kLong);
}

double first_is_right(const at::Tensor& scores, const at::Tensor& groups) {
  return groups.index_select(0, scores.argmax(-1)).eq(groups).to(at::kFloat).mean().item<double>();
}

}  // namespace vitrine::train
