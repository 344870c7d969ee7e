#include "models/group_objective.h"

#include <cmath>

#include "base/error.h"

namespace vitrine::models {

GroupLosses group_losses(const GroupObjective& objective, const nn::PackedBatch& batch,
                         std::span<const double> values) {
  const auto num_documents = static_cast<size_t>(batch.num_documents());
  VITRINE_REQUIRE(batch.num_groups() > 0, "[group_losses] the batch has no groups");
  VITRINE_REQUIRE(values.size() == num_documents && batch.targets.size() == num_documents,
                  "[group_losses] ", num_documents, " documents, but ", values.size(),
                  " values and ", batch.targets.size(), " targets");
  const std::vector<int32_t> predicted = batch.predicted_tokens();
  GroupLosses result;
  result.derivatives.resize(num_documents);
  for (size_t g = 0; g < batch.group_weights.size(); ++g) {
    const auto first = static_cast<size_t>(batch.cu_groups[g]),
               count = static_cast<size_t>(batch.cu_groups[g + 1]) - first;
    const GroupValues group{values.subspan(first, count),
                            std::span(predicted).subspan(first, count),
                            std::span(batch.targets).subspan(first, count)};
    const auto derivatives = std::span(result.derivatives).subspan(first, count);
    const double weight = batch.group_weights[g],
                 loss = weight * objective.loss(group, derivatives);
    VITRINE_REQUIRE(std::isfinite(loss), "[group_losses] group ", g, " of weight ", weight,
                    ": the loss is ", loss);
    for (double& derivative : derivatives) derivative *= weight;
    result.sum.nll += loss;
  }
  result.sum.objective = result.sum.nll;
  result.sum.num_labels = batch.num_groups();
  return result;
}

}  // namespace vitrine::models
