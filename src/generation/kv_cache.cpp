#include "generation/kv_cache.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace vitrine::generation {
namespace {

using kernels::kKeyBlockTokens;
static_assert(kPageTokens % kKeyBlockTokens == 0);

constexpr size_t kFirstPieceBytes = size_t{4} << 20, kLargestPieceBytes = size_t{16} << 20;

constexpr size_t up(size_t value, size_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

/// Where things lie in a page: [n_layer][n_head] of keys, values, and of int8 the scales of both.
struct PageLayout {
  size_t number_bytes, key_group;  // numbers of a token's key that lie together
  size_t key_size, value_size;     // numbers of a token, filled up
  size_t values_at, scales_at, head_bytes;

  explicit PageLayout(const KvShape& shape) {
    const bool int8 = shape.type == KvType::int8;
    number_bytes = int8 ? 1 : shape.type == KvType::bfloat16 ? 2 : 4;
    key_group = 4 / number_bytes;
    key_size = up(shape.head_size, key_group);
    value_size = int8 ? up(shape.head_size, 16) : shape.head_size;
    values_at = kPageTokens * key_size * number_bytes;
    scales_at = values_at + kPageTokens * value_size * number_bytes;
    head_bytes = scales_at + (int8 ? 2 * kPageTokens * sizeof(float) : 0);
  }
};

}  // namespace

void attend(const kernels::KernelTable& table, KvType type,
            const kernels::AttentionTask& task) noexcept {
  switch (type) {
    case KvType::float32:
      return table.attention_f32(task);
    case KvType::bfloat16:
      return table.attention_bf16(task);
    case KvType::int8:
      return table.attention_int8(task);
  }
}

size_t kv_token_bytes(const KvShape& shape) {
  return shape.n_layer * shape.n_head * PageLayout(shape).head_bytes / kPageTokens;
}

KvPagePool::KvPagePool(const KvShape& shape)
    : shape_(shape),
      head_bytes_(PageLayout(shape).head_bytes),
      page_bytes_(shape.n_layer * shape.n_head * head_bytes_) {}

KvPage KvPagePool::take() {
  if (free_.empty()) {
    // A piece is large enough to lie in large pages: reading caches would else miss the address
    // cache all the time. The first ones are smaller, for those who need few.
    const size_t stride = kHeaderBytes + up(page_bytes_, kHeaderBytes);
    const size_t wanted =
        std::min(kLargestPieceBytes, kFirstPieceBytes << std::min<size_t>(pieces_.size(), 2));
    const size_t count = std::max<size_t>(1, wanted / stride);
    pieces_.emplace_back(count * stride);
    for (size_t i = count; i > 0; --i)
      free_.push_back(pieces_.back().data() + (i - 1) * stride + kHeaderBytes);
  }
  const KvPage page = free_.back();
  free_.pop_back();
  count_of(page) = 1;
  return page;
}

void KvPagePool::give_back(KvPage page) {
  if (--count_of(page) == 0) free_.push_back(page);
}

KvPage KvPagePool::copy(KvPage page) {
  const KvPage mine = take();
  std::copy_n(page, page_bytes_, mine);
  return mine;
}

KvCache::KvCache(const KvCache& other, size_t tokens) : pool_(other.pool_) {
  const size_t whole = tokens / kPageTokens;
  for (size_t i = 0; i < whole; ++i) {
    pages_.push_back(other.pages_[i]);
    pool_.share(pages_.back());
  }
  if (tokens % kPageTokens != 0) pages_.push_back(pool_.copy(other.pages_[whole]));
}

KvCache::~KvCache() {
  for (const KvPage page : pages_) pool_.give_back(page);
}

void KvCache::grow_to(size_t tokens) {
  while (pages_.size() * kPageTokens < tokens) pages_.push_back(pool_.take());
}

std::byte* KvCache::head_of(size_t layer_idx, size_t head_idx, size_t token_idx) const {
  return pages_[token_idx / kPageTokens] +
         (layer_idx * pool_.shape().n_head + head_idx) * pool_.head_bytes();
}

template <typename Number>
void KvCache::store_as(size_t layer_idx, size_t token_idx, const Number* keys,
                       const Number* values) {
  const KvShape& shape = pool_.shape();
  const PageLayout layout(shape);
  const size_t HS = shape.head_size, slot = token_idx % kPageTokens, lane = slot % kKeyBlockTokens;
  for (size_t head_idx = 0; head_idx < shape.n_head; ++head_idx) {
    std::byte* head = head_of(layer_idx, head_idx, token_idx);
    auto* block = reinterpret_cast<Number*>(head) +
                  slot / kKeyBlockTokens * layout.key_size * kKeyBlockTokens;
    for (size_t d = 0; d < layout.key_size; ++d) {
      block[(d / layout.key_group * kKeyBlockTokens + lane) * layout.key_group +
            d % layout.key_group] = d < HS ? keys[head_idx * HS + d] : Number{0};
    }
    std::copy_n(values + head_idx * HS, HS,
                reinterpret_cast<Number*>(head + layout.values_at) + slot * HS);
  }
}

void KvCache::store_int8(const kernels::KernelTable& table, size_t layer_idx, size_t token_idx,
                         const float* keys, const float* values) {
  const KvShape& shape = pool_.shape();
  const PageLayout layout(shape);
  const size_t HS = shape.head_size, slot = token_idx % kPageTokens, lane = slot % kKeyBlockTokens;
  uint8_t rounded[kernels::kMaxInt8HeadSize] = {};  // what fills up a key meets zeros of q
  for (size_t head_idx = 0; head_idx < shape.n_head; ++head_idx) {
    std::byte* head = head_of(layer_idx, head_idx, token_idx);
    auto* scales = reinterpret_cast<float*>(head + layout.scales_at);
    scales[slot] = table.quantize_row(keys + head_idx * HS, HS, rounded);
    std::byte* quads = head + slot / kKeyBlockTokens * layout.key_size * kKeyBlockTokens + lane * 4;
    for (size_t d = 0; d < layout.key_size; d += 4)
      std::memcpy(quads + d * kKeyBlockTokens, rounded + d, 4);
    scales[kPageTokens + slot] = table.quantize_row(values + head_idx * HS, HS, rounded);
    auto* column = reinterpret_cast<uint8_t*>(head + layout.values_at) +
                   slot / 4 * layout.value_size * 4 + slot % 4;
    for (size_t d = 0; d < HS; ++d) column[4 * d] = rounded[d] ^ 0x80;  // q + 128 as q
  }
}

void KvCache::store(const kernels::KernelTable& table, size_t layer_idx, size_t token_idx,
                    const float* keys, const float* values) {
  const KvShape& shape = pool_.shape();
  if (shape.type == KvType::float32) return store_as(layer_idx, token_idx, keys, values);
  if (shape.type == KvType::int8) return store_int8(table, layer_idx, token_idx, keys, values);
  thread_local std::vector<uint16_t> rounded;
  const size_t count = shape.n_head * shape.head_size;
  rounded.resize(2 * count);
  table.round_bf16(keys, count, rounded.data());
  table.round_bf16(values, count, rounded.data() + count);
  store_as<uint16_t>(layer_idx, token_idx, rounded.data(), rounded.data() + count);
}

void KvCache::append_spans(size_t layer_idx, size_t head_idx, size_t tokens,
                           std::vector<kernels::KvSpan>& spans) const {
  const PageLayout layout(pool_.shape());
  for (size_t first = 0; first < tokens; first += kPageTokens) {
    const std::byte* head = head_of(layer_idx, head_idx, first);
    const auto* scales = reinterpret_cast<const float*>(head + layout.scales_at);
    spans.push_back({head, head + layout.values_at, std::min(kPageTokens, tokens - first), scales,
                     scales + kPageTokens});
  }
}

}  // namespace vitrine::generation
