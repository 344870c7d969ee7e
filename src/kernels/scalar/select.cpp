#include "kernels/table.h"

namespace vitrine::kernels::scalar {

void block_max(const float* x, size_t count, float* maxima) noexcept {
  for (size_t begin = 0; begin < count; begin += kMaxBlock) {
    const size_t end = count - begin < kMaxBlock ? count : begin + kMaxBlock;
    float max = x[begin];
    for (size_t i = begin + 1; i < end; ++i) max = x[i] > max ? x[i] : max;
    maxima[begin / kMaxBlock] = max;
  }
}

size_t collect_at_least(const float* x, size_t count, float threshold, int32_t* idxs) noexcept {
  size_t found = 0;
  for (size_t i = 0; i < count; ++i) {
    idxs[found] = static_cast<int32_t>(i);
    found += x[i] >= threshold;
  }
  return found;
}

}  // namespace vitrine::kernels::scalar
