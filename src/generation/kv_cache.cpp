#include "generation/kv_cache.h"

#include <algorithm>

namespace vitrine::generation {
namespace {

using kernels::kKeyBlockTokens;

constexpr size_t kMaxFree = 64;

size_t whole_blocks(size_t tokens) { return (tokens + kKeyBlockTokens - 1) / kKeyBlockTokens * kKeyBlockTokens; }

}  // namespace

KvCache::KvCache(const KvShape& shape, size_t capacity) : shape_(shape), capacity_(whole_blocks(capacity)) {
  const size_t count = offset(shape.n_layer, 0);
  keys_ = std::make_unique_for_overwrite<float[]>(count);
  values_ = std::make_unique_for_overwrite<float[]>(count);
}

void KvCache::store(size_t layer_idx, size_t token_idx, const float* keys, const float* values) {
  const size_t HS = shape_.head_size;
  for (size_t head_idx = 0; head_idx < shape_.n_head; ++head_idx) {
    float* block = keys_.get() + offset(layer_idx, head_idx) + token_idx / kKeyBlockTokens * kKeyBlockTokens * HS;
    for (size_t d = 0; d < HS; ++d) block[d * kKeyBlockTokens + token_idx % kKeyBlockTokens] = keys[head_idx * HS + d];
    std::copy_n(values + head_idx * HS, HS, values_.get() + offset(layer_idx, head_idx) + token_idx * HS);
  }
}

kernels::KvSpan KvCache::span(size_t layer_idx, size_t head_idx, size_t tokens) const {
  return {keys_.get() + offset(layer_idx, head_idx), values_.get() + offset(layer_idx, head_idx), tokens};
}

std::unique_ptr<KvCache> KvCachePool::take(size_t capacity) {
  const auto fits = std::find_if(free_.begin(), free_.end(), [capacity](const auto& cache) {
    return cache->capacity() >= capacity && cache->capacity() <= 2 * capacity + kKeyBlockTokens;
  });
  if (fits == free_.end()) return std::make_unique<KvCache>(shape_, capacity);
  std::unique_ptr<KvCache> cache = std::move(*fits);
  free_.erase(fits);
  return cache;
}

void KvCachePool::give_back(std::unique_ptr<KvCache> cache) {
  if (free_.size() >= kMaxFree) free_.erase(free_.begin());
  free_.push_back(std::move(cache));
}

}  // namespace vitrine::generation
