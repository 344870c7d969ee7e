#include "generation/kv_cache.h"

#include <algorithm>
#include <utility>

namespace vitrine::generation {
namespace {

using kernels::kKeyBlockTokens;
static_assert(kPageTokens % kKeyBlockTokens == 0);

constexpr size_t kPieceBytes = size_t{16} << 20;

/// Where things lie in a page: [n_layer][n_head] of keys, then values.
struct PageLayout {
  size_t number_bytes, pair, key_rows, key_bytes, head_bytes;

  explicit PageLayout(const KvShape& shape) {
    number_bytes = shape.type == KvType::bfloat16 ? 2 : 4;
    pair = shape.type == KvType::bfloat16 ? 2 : 1;
    key_rows = (shape.head_size + pair - 1) / pair;
    key_bytes = kPageTokens * key_rows * pair * number_bytes;
    head_bytes = key_bytes + kPageTokens * shape.head_size * number_bytes;
  }
};

}  // namespace

KvPagePool::KvPagePool(const KvShape& shape)
    : shape_(shape), head_bytes_(PageLayout(shape).head_bytes), page_bytes_(shape.n_layer * shape.n_head * head_bytes_) {}

KvPage KvPagePool::take() {
  if (free_.empty()) {
    // A piece is large enough to lie in large pages: reading caches would else miss the address cache all the time.
    const size_t stride = kHeaderBytes + (page_bytes_ + kHeaderBytes - 1) / kHeaderBytes * kHeaderBytes;
    const size_t count = std::max<size_t>(1, kPieceBytes / stride);
    pieces_.emplace_back(count * stride);
    for (size_t i = count; i > 0; --i) free_.push_back(pieces_.back().data() + (i - 1) * stride + kHeaderBytes);
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

size_t KvPagePool::size_bytes() const {
  size_t bytes = 0;
  for (const auto& piece : pieces_) bytes += piece.size();
  return bytes;
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

template <typename Number>
void KvCache::store_as(size_t layer_idx, size_t token_idx, const Number* keys, const Number* values) {
  const KvShape& shape = pool_.shape();
  const PageLayout layout(shape);
  const size_t HS = shape.head_size, slot = token_idx % kPageTokens, lane = slot % kKeyBlockTokens;
  std::byte* page = pages_[token_idx / kPageTokens];
  for (size_t head_idx = 0; head_idx < shape.n_head; ++head_idx) {
    std::byte* head = page + (layer_idx * shape.n_head + head_idx) * layout.head_bytes;
    auto* block = reinterpret_cast<Number*>(head) + slot / kKeyBlockTokens * layout.key_rows * kKeyBlockTokens * layout.pair;
    for (size_t d = 0; d < layout.key_rows * layout.pair; ++d) {
      block[(d / layout.pair * kKeyBlockTokens + lane) * layout.pair + d % layout.pair] = d < HS ? keys[head_idx * HS + d] : Number{0};
    }
    std::copy_n(values + head_idx * HS, HS, reinterpret_cast<Number*>(head + layout.key_bytes) + slot * HS);
  }
}

void KvCache::store(const kernels::KernelTable& table, size_t layer_idx, size_t token_idx, const float* keys, const float* values) {
  const KvShape& shape = pool_.shape();
  if (shape.type == KvType::float32) return store_as(layer_idx, token_idx, keys, values);
  thread_local std::vector<uint16_t> rounded;
  const size_t count = shape.n_head * shape.head_size;
  rounded.resize(2 * count);
  table.round_bf16(keys, count, rounded.data());
  table.round_bf16(values, count, rounded.data() + count);
  store_as<uint16_t>(layer_idx, token_idx, rounded.data(), rounded.data() + count);
}

void KvCache::append_spans(size_t layer_idx, size_t head_idx, size_t tokens, std::vector<kernels::KvSpan>& spans) const {
  const KvShape& shape = pool_.shape();
  const PageLayout layout(shape);
  const size_t offset = (layer_idx * shape.n_head + head_idx) * layout.head_bytes;
  for (size_t first = 0; first < tokens; first += kPageTokens) {
    const std::byte* head = pages_[first / kPageTokens] + offset;
    spans.push_back({head, head + layout.key_bytes, std::min(kPageTokens, tokens - first)});
  }
}

}  // namespace vitrine::generation
