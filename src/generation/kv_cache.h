// generation/kv_cache.h - keys and values of the tokens already seen, in pages that caches take as they grow.
#pragma once
#include <cstddef>
#include <memory>
#include <vector>

#include "kernels/aligned_buffer.h"
#include "kernels/isa.h"

namespace vitrine::generation {

constexpr size_t kPageTokens = 32;

enum class KvType { float32, bfloat16 };

struct KvShape {
  size_t n_layer, n_head, head_size;
  KvType type = KvType::float32;
};

/// Room for kPageTokens tokens in all layers and heads, in that order.
using KvPage = std::byte*;

/// Pages cut from large pieces of memory and used again instead of being freed. One thread.
class KvPagePool {
 public:
  explicit KvPagePool(const KvShape& shape);

  const KvShape& shape() const { return shape_; }
  /// From the keys or values of a head in a page to those of the next head, or of the next layer's first.
  size_t head_bytes() const { return head_bytes_; }
  KvPage take();
  void give_back(KvPage page) { free_.push_back(page); }

 private:
  KvShape shape_;
  size_t head_bytes_;
  size_t page_bytes_;
  std::vector<kernels::AlignedBuffer<std::byte>> pieces_;
  std::vector<KvPage> free_;
};

/// The cache of one sequence or prompt; gives its pages back when it goes. The pool must outlive it.
/// Different tokens and layers may be stored and read from different threads once grow_to has made room.
class KvCache {
 public:
  explicit KvCache(KvPagePool& pool) : pool_(pool) {}
  ~KvCache();
  KvCache(const KvCache&) = delete;
  KvCache& operator=(const KvCache&) = delete;

  /// Takes pages until there is room for `tokens` tokens. What is there stays.
  void grow_to(size_t tokens);
  /// Puts the keys and values [NH, HS] of one token into a layer. REQUIRES: room for it.
  void store(const kernels::KernelTable& table, size_t layer_idx, size_t token_idx, const float* keys, const float* values);
  const KvPagePool& pool() const { return pool_; }
  /// Adds the spans of the first `tokens` tokens of a layer and head.
  void append_spans(size_t layer_idx, size_t head_idx, size_t tokens, std::vector<kernels::KvSpan>& spans) const;

 private:
  template <typename Number>
  void store_as(size_t layer_idx, size_t token_idx, const Number* keys, const Number* values);

  KvPagePool& pool_;
  std::vector<KvPage> pages_;
};

}  // namespace vitrine::generation
