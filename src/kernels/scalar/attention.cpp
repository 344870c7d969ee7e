#include "kernels/table.h"

namespace vitrine::kernels::scalar {
namespace {

float score(const AttentionTask& task, const KvSpan& span, size_t token_idx) noexcept {
  const float* key = span.keys + token_idx / kKeyBlockTokens * task.head_size * kKeyBlockTokens + token_idx % kKeyBlockTokens;
  float sum = 0;
  for (size_t d = 0; d < task.head_size; ++d) sum += task.q[d] * key[d * kKeyBlockTokens];
  return sum * task.scale;
}

}  // namespace

void attention(const AttentionTask& task) noexcept {
  size_t total = 0;
  for (size_t s = 0; s < task.num_spans; ++s) {
    for (size_t t = 0; t < task.spans[s].tokens; ++t) task.scores[total++] = score(task, task.spans[s], t);
  }
  const float sum = exp_sum(task.scores, total, max_value(task.scores, total), 1.0f, task.scores);
  for (size_t d = 0; d < task.head_size; ++d) task.out[d] = 0;
  const float* prob = task.scores;
  for (size_t s = 0; s < task.num_spans; ++s) {
    for (size_t t = 0; t < task.spans[s].tokens; ++t, ++prob) {
      const float* value = task.spans[s].values + t * task.head_size;
      for (size_t d = 0; d < task.head_size; ++d) task.out[d] += *prob * value[d];
    }
  }
  for (size_t d = 0; d < task.head_size; ++d) task.out[d] /= sum;
}

}  // namespace vitrine::kernels::scalar
