#include <bit>

#include "kernels/table.h"

namespace vitrine::kernels::scalar {
namespace {

struct Float32Cache {
  static float key(const KvSpan& span, size_t head_size, size_t token_idx, size_t d) noexcept {
    const auto* block = static_cast<const float*>(span.keys) + token_idx / kKeyBlockTokens * head_size * kKeyBlockTokens;
    return block[d * kKeyBlockTokens + token_idx % kKeyBlockTokens];
  }
  static float value(const KvSpan& span, size_t head_size, size_t token_idx, size_t d) noexcept {
    return static_cast<const float*>(span.values)[token_idx * head_size + d];
  }
};

struct Bfloat16Cache {
  static float widen(uint16_t bits) noexcept { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }
  static float key(const KvSpan& span, size_t head_size, size_t token_idx, size_t d) noexcept {
    const size_t pairs = (head_size + 1) / 2;
    const auto* block = static_cast<const uint16_t*>(span.keys) + token_idx / kKeyBlockTokens * pairs * kKeyBlockTokens * 2;
    return widen(block[(d / 2 * kKeyBlockTokens + token_idx % kKeyBlockTokens) * 2 + d % 2]);
  }
  static float value(const KvSpan& span, size_t head_size, size_t token_idx, size_t d) noexcept {
    return widen(static_cast<const uint16_t*>(span.values)[token_idx * head_size + d]);
  }
};

template <typename Cache>
float score(const AttentionTask& task, const KvSpan& span, size_t token_idx) noexcept {
  float sum = 0;
  for (size_t d = 0; d < task.head_size; ++d) sum += task.q[d] * Cache::key(span, task.head_size, token_idx, d);
  return sum * task.scale;
}

template <typename Cache>
void attention(const AttentionTask& task) noexcept {
  size_t total = 0;
  for (size_t s = 0; s < task.num_spans; ++s) {
    for (size_t t = 0; t < task.spans[s].tokens; ++t) task.scores[total++] = score<Cache>(task, task.spans[s], t);
  }
  const float sum = exp_sum(task.scores, total, max_value(task.scores, total), 1.0f, task.scores);
  for (size_t d = 0; d < task.head_size; ++d) task.out[d] = 0;
  const float* prob = task.scores;
  for (size_t s = 0; s < task.num_spans; ++s) {
    for (size_t t = 0; t < task.spans[s].tokens; ++t, ++prob) {
      for (size_t d = 0; d < task.head_size; ++d) task.out[d] += *prob * Cache::value(task.spans[s], task.head_size, t, d);
    }
  }
  for (size_t d = 0; d < task.head_size; ++d) task.out[d] /= sum;
}

}  // namespace

void attention_f32(const AttentionTask& task) noexcept { attention<Float32Cache>(task); }
void attention_bf16(const AttentionTask& task) noexcept { attention<Bfloat16Cache>(task); }

}  // namespace vitrine::kernels::scalar
