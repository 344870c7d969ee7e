#include "kernels/scalar/attention_int8.h"

#include <cmath>
#include <cstring>

namespace vitrine::kernels::scalar {
namespace {

size_t up(size_t value, size_t multiple) noexcept {
  return (value + multiple - 1) / multiple * multiple;
}

int32_t key_dot(const KvSpan& span, size_t head_size, size_t token_idx,
                const int16_t* steps) noexcept {
  const size_t rows = up(head_size, 4);
  const auto* block =
      static_cast<const uint8_t*>(span.keys) + token_idx / kKeyBlockTokens * rows * kKeyBlockTokens;
  int32_t sum = 0;
  for (size_t d = 0; d < rows; ++d)
    sum += steps[d] * block[(d / 4 * kKeyBlockTokens + token_idx % kKeyBlockTokens) * 4 + d % 4];
  return sum;
}

/// Adds the weighted values of one dimension over a span; weights as round_weights leaves them.
void add_values(const KvSpan& span, size_t head_size, size_t d, const uint8_t* weights,
                int32_t& high, int32_t& low) noexcept {
  const size_t columns = up(head_size, 16);
  const auto* values = static_cast<const int8_t*>(span.values);
  for (size_t t = 0; t < span.tokens; ++t) {
    const int32_t value = values[(t / 4 * columns + d) * 4 + t % 4];
    high += weights[t / 4 * 8 + t % 4] * value;
    low += weights[t / 4 * 8 + 4 + t % 4] * value;
  }
}

}  // namespace

RoundedQuery round_query(const float* q, size_t head_size, int16_t* steps) noexcept {
  float max = 0;
  bool finite = true;
  for (size_t d = 0; d < head_size; ++d) {
    const float magnitude = std::fabs(q[d]);
    finite = finite && magnitude <= 3.4e38f;
    max = magnitude > max ? magnitude : max;
  }
  std::memset(steps, 0, up(head_size, 4) * sizeof(int16_t));
  if (!finite) return {NAN, 0};
  if (max < 1e-30f) return {0, 0};
  const float inverse = static_cast<float>(kInt8QuerySteps) / max;
  int32_t sum = 0;
  for (size_t d = 0; d < head_size; ++d) {
    steps[d] = static_cast<int16_t>(std::nearbyint(q[d] * inverse));
    sum += steps[d];
  }
  return {max / static_cast<float>(kInt8QuerySteps), sum};
}

float round_weights(const AttentionTask& task, size_t total) noexcept {
  float max = 0;
  bool finite = true;
  float* weight = task.scores;
  for (size_t s = 0; s < task.num_spans; ++s) {
    for (size_t t = 0; t < task.spans[s].tokens; ++t, ++weight) {
      *weight *= task.spans[s].value_scales[t];
      finite = finite && *weight <= 3.4e38f;
      max = *weight > max ? *weight : max;
    }
  }
  const float inverse = max > 0 ? static_cast<float>(kInt8WeightSteps) / max : 0;
  auto* bytes = reinterpret_cast<uint8_t*>(task.scores);
  for (size_t first = 0; first < total;
       first += 4) {  // 16 bytes are read before 8 are written at or before them
    int32_t steps[4] = {};
    for (size_t i = 0; i < 4 && first + i < total && finite; ++i) {
      steps[i] = static_cast<int32_t>(std::nearbyint(task.scores[first + i] * inverse));
    }
    for (size_t i = 0; i < 4; ++i) {
      bytes[2 * first + i] = static_cast<uint8_t>(steps[i] >> 7);
      bytes[2 * first + 4 + i] = static_cast<uint8_t>(steps[i] & 127);
    }
  }
  return finite ? max / static_cast<float>(kInt8WeightSteps) : NAN;
}

void attention_int8(const AttentionTask& task) noexcept {
  int16_t steps[kMaxInt8HeadSize];
  const RoundedQuery query = round_query(task.q, task.head_size, steps);
  size_t total = 0;
  for (size_t s = 0; s < task.num_spans; ++s) {
    const KvSpan& span = task.spans[s];
    for (size_t t = 0; t < span.tokens; ++t) {
      const int32_t dot = key_dot(span, task.head_size, t, steps) - 128 * query.sum;
      task.scores[total++] =
          static_cast<float>(dot) * (query.scale * task.scale * span.key_scales[t]);
    }
  }
  const float sum = exp_sum(task.scores, total, max_value(task.scores, total), 1.0f, task.scores);
  const float step = round_weights(task, total) / sum;
  for (size_t d = 0; d < task.head_size; ++d) {
    const auto* weights = reinterpret_cast<const uint8_t*>(task.scores);
    int32_t high = 0, low = 0;
    for (size_t s = 0; s < task.num_spans; ++s) {
      add_values(task.spans[s], task.head_size, d, weights, high, low);
      weights += 2 * task.spans[s].tokens;
    }
    task.out[d] = (static_cast<float>(high) * 128 + static_cast<float>(low)) * step;
  }
}

}  // namespace vitrine::kernels::scalar
