#include "train/text_drift.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <vector>

#include "base/error.h"

namespace vitrine::train {
namespace {

constexpr int64_t kDrawn = 8;  // prompts of a step

}  // namespace

at::Tensor state_likeness(const at::Tensor& states, const at::Tensor& other) {
  VITRINE_REQUIRE(states.sizes() == other.sizes(), "[state_likeness] expected states of one shape, got ", states.sizes(), " and ", other.sizes());
  return at::cosine_similarity(states.to(at::kFloat), other.to(at::kFloat), -1).mean();
}

TextDrift::TextDrift(const at::Tensor& input_ids, const at::Tensor& start, TextStates states, const DriftConfig& config)
    : input_ids_(input_ids), states_(std::move(states)), start_(start.detach().to(at::kFloat, /*non_blocking=*/false, /*copy=*/true)), config_(config) {
  VITRINE_REQUIRE(input_ids.dim() == 2 && input_ids.size(0) > 0, "[TextDrift] input_ids: expected [G, T], got ", input_ids.sizes());
  VITRINE_REQUIRE(start.dim() == 3 && start.size(0) == input_ids.size(0) && start.size(1) == input_ids.size(1), "[TextDrift] start: expected [",
                  input_ids.size(0), ", ", input_ids.size(1), ", C], got ", start.sizes());
}

at::Tensor TextDrift::loss(RandomKey key) const {
  if (config_.drift_weight == 0) return {};
  const int64_t G = input_ids_.size(0);
  std::vector<int64_t> rows;
  for (int64_t i = 0; i < std::min(kDrawn, G); ++i) rows.push_back(static_cast<int64_t>(key.below(static_cast<uint64_t>(G), static_cast<uint64_t>(i))));
  const at::Tensor index = at::tensor(rows, at::kLong).to(input_ids_.device());
  const at::Tensor now = states_(input_ids_.index_select(0, index));
  return config_.drift_weight * (1 - state_likeness(now, start_.index_select(0, index.to(start_.device()))));
}

double TextDrift::cosine() const {
  const at::NoGradGuard no_grad;
  return state_likeness(states_(input_ids_), start_).item<double>();
}

std::string TextDrift::alarm() const {
  const double now = cosine();
  if (now >= config_.least_cosine) return "";
  return concat("the text encoder has left its base: mean cosine ", now, " on general prompts, least_cosine ", config_.least_cosine);
}

}  // namespace vitrine::train
