// generation/kv_cache.h - keys and values of the tokens already seen, float32.
#pragma once
#include <cstddef>
#include <memory>
#include <vector>

#include "kernels/table.h"

namespace vitrine::generation {

struct KvShape {
  size_t n_layer, n_head, head_size;
};

/// Room for `capacity` tokens in all layers and heads, in the layout of kernels::KvSpan. Not zeroed.
class KvCache {
 public:
  KvCache(const KvShape& shape, size_t capacity);

  size_t capacity() const { return capacity_; }
  /// Puts the keys and values [NH, HS] of one token into a layer.
  void store(size_t layer_idx, size_t token_idx, const float* keys, const float* values);
  /// The first `tokens` tokens of a layer and head.
  kernels::KvSpan span(size_t layer_idx, size_t head_idx, size_t tokens) const;

 private:
  size_t offset(size_t layer_idx, size_t head_idx) const { return (layer_idx * shape_.n_head + head_idx) * capacity_ * shape_.head_size; }

  KvShape shape_;
  size_t capacity_;  // a multiple of kKeyBlockTokens
  std::unique_ptr<float[]> keys_;
  std::unique_ptr<float[]> values_;
};

/// Caches that are used again instead of being freed. One thread.
class KvCachePool {
 public:
  explicit KvCachePool(const KvShape& shape) : shape_(shape) {}
  std::unique_ptr<KvCache> take(size_t capacity);
  void give_back(std::unique_ptr<KvCache> cache);

 private:
  KvShape shape_;
  std::vector<std::unique_ptr<KvCache>> free_;
};

}  // namespace vitrine::generation
