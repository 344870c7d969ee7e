#include "train/fit_projection.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "base/error.h"

namespace vitrine::train {

at::Tensor fit_projection(const at::Tensor& inputs, const at::Tensor& targets, double ridge) {
  VITRINE_REQUIRE(inputs.dim() == 2 && targets.dim() == 2 && inputs.size(0) == targets.size(0) && inputs.size(0) > 0,
                  "[fit_projection] expected inputs [N, C] and targets [N, E], got ", inputs.sizes(), " and ", targets.sizes());
  VITRINE_REQUIRE(ridge > 0, "[fit_projection] ridge: expected more than 0, got ", ridge);
  const at::NoGradGuard no_grad;
  const at::Tensor x = inputs.to(at::kCPU, at::kDouble), y = targets.to(at::kCPU, at::kDouble);
  const auto N = static_cast<double>(x.size(0));
  const double square = x.square().mean().item<double>();
  VITRINE_REQUIRE(square > 0, "[fit_projection] all inputs are 0");
  const at::Tensor covariance = at::matmul(x.t(), x) / N + ridge * square * at::eye(x.size(1), x.options());  // [C, C]
  return at::linalg_solve(covariance, at::matmul(x.t(), y) / N).t().to(at::kFloat).contiguous();
}

}  // namespace vitrine::train
