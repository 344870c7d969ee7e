#include "nn/initialize.h"

#include <ATen/ATen.h>

#include <cmath>

#include "nn/parallel.h"

namespace vitrine::nn {

/// Box-Muller: two draws of the key give elements 2k and 2k + 1.
void fill_normal(const at::Tensor& values, double stddev, RandomKey key) {
  at::Tensor host = at::empty(values.sizes(), at::kFloat);
  float* out = host.mutable_data_ptr<float>();
  const int64_t numel = host.numel();
  parallel_for(0, (numel + 1) / 2, 1 << 12, [&](int64_t begin, int64_t end) {
    for (int64_t k = begin; k < end; ++k) {
      const auto draw = static_cast<uint64_t>(2 * k);
      const double radius = stddev * std::sqrt(-2 * std::log(1 - key.uniform(draw)));
      const double angle = 2 * M_PI * key.uniform(draw + 1);
      out[2 * k] = static_cast<float>(radius * std::cos(angle));
      if (2 * k + 1 < numel) out[2 * k + 1] = static_cast<float>(radius * std::sin(angle));
    }
  });
  at::Tensor(values).copy_(host);
}

}  // namespace vitrine::nn
