// generation/kv_cache.h - keys and values of the tokens already seen, in pages that caches take as
// they grow and share.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/aligned_buffer.h"
#include "kernels/isa.h"

namespace vitrine::generation {

constexpr size_t kPageTokens = 32;

/// int8: a scale for each token and head, largest |x| / 127.
enum class KvType { float32, bfloat16, int8 };

struct KvShape {
  size_t n_layer, n_head, head_size;
  KvType type = KvType::float32;
};

/// Bytes of a token's keys and values in all layers, scales included.
size_t kv_token_bytes(const KvShape& shape);

/// The attention of a table over spans of caches of this type.
void attend(const kernels::KernelTable& table, KvType type,
            const kernels::AttentionTask& task) noexcept;

/// Room for kPageTokens tokens in all layers and heads, in that order.
using KvPage = std::byte*;

/// Pages cut from large pieces of memory and used again instead of being freed. A page goes back to
/// the pool when the last cache that shares it lets go. One thread.
class KvPagePool {
 public:
  explicit KvPagePool(const KvShape& shape);
  KvPagePool(const KvPagePool&) = delete;
  KvPagePool& operator=(const KvPagePool&) = delete;

  const KvShape& shape() const { return shape_; }
  /// From the keys or values of a head in a page to those of the next head, or of the next layer's
  /// first.
  size_t head_bytes() const { return head_bytes_; }
  KvPage take();
  void share(KvPage page) { ++count_of(page); }
  void give_back(KvPage page);
  /// A page of its own with the same content.
  KvPage copy(KvPage page);

 private:
  static uint64_t& count_of(KvPage page) {
    return *reinterpret_cast<uint64_t*>(page - kHeaderBytes);
  }
  static constexpr size_t kHeaderBytes = 64;  // before each page: how many caches hold it

  KvShape shape_;
  size_t head_bytes_;
  size_t page_bytes_;
  std::vector<kernels::AlignedBuffer<std::byte>> pieces_;
  std::vector<KvPage> free_;
};

/// The cache of one sequence or prompt; lets its pages go when it goes. The pool must outlive it.
/// Different tokens and layers may be stored and read from different threads once grow_to has made
/// room; all else is for the pool's thread.
class KvCache {
 public:
  explicit KvCache(KvPagePool& pool) : pool_(pool) {}
  /// Begins with the first `tokens` tokens of another cache: whole pages are shared, the rest is
  /// copied. REQUIRES: they are there. Neither cache may store tokens before `tokens` from now on.
  KvCache(const KvCache& other, size_t tokens);
  ~KvCache();
  KvCache(const KvCache&) = delete;
  KvCache& operator=(const KvCache&) = delete;

  /// Takes pages until there is room for `tokens` tokens. What is there stays.
  void grow_to(size_t tokens);
  /// Puts the keys and values [NH, HS] of one token into a layer. REQUIRES: room for it.
  void store(const kernels::KernelTable& table, size_t layer_idx, size_t token_idx,
             const float* keys, const float* values);
  const KvPagePool& pool() const { return pool_; }
  /// Adds the spans of the first `tokens` tokens of a layer and head.
  void append_spans(size_t layer_idx, size_t head_idx, size_t tokens,
                    std::vector<kernels::KvSpan>& spans) const;

 private:
  std::byte* head_of(size_t layer_idx, size_t head_idx, size_t token_idx) const;
  void store_int8(const kernels::KernelTable& table, size_t layer_idx, size_t token_idx,
                  const float* keys, const float* values);
  template <typename Number>
  void store_as(size_t layer_idx, size_t token_idx, const Number* keys, const Number* values);

  KvPagePool& pool_;
  std::vector<KvPage> pages_;
};

}  // namespace vitrine::generation
