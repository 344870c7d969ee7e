// train/fit_projection.h - a linear map from one set of features to another, in closed form.
//
// A head that is fitted before the model below it is tuned keeps the first steps from tearing that model's features apart: Kumar et al.
// 2022, Fine-Tuning can Distort Pretrained Features (arXiv 2202.10054).
#pragma once
#include <ATen/core/Tensor.h>

namespace vitrine::train {

/// W [E, C] float32 that minimises mean |W x - y|^2 + ridge * s * |W|^2, s the mean square of the inputs' numbers (Hoerl and Kennard 1970);
/// solved in float64.
///   inputs [N, C], targets [N, E]  any floating type, N >= 1
///   ridge                          > 0
/// Throws InvalidInput for shapes that do not fit and for inputs that are all 0.
at::Tensor fit_projection(const at::Tensor& inputs, const at::Tensor& targets, double ridge);

}  // namespace vitrine::train
