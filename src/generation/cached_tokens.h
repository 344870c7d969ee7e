// generation/cached_tokens.h - tokens and their keys and values, kept for requests that begin with
// them.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "generation/kv_cache.h"

namespace vitrine::generation {

class CachedTokens {
 public:
  /// cache: holds all of `tokens`. The pool lives as long as this.
  CachedTokens(std::vector<int32_t> tokens, std::unique_ptr<KvCache> cache,
               std::shared_ptr<KvPagePool> pool)
      : pool_(std::move(pool)), tokens_(std::move(tokens)), cache_(std::move(cache)) {}

  const std::vector<int32_t>& tokens() const { return tokens_; }
  const KvCache& cache() const { return *cache_; }

 private:
  std::shared_ptr<KvPagePool> pool_;  // before the cache, which gives its pages back to it
  std::vector<int32_t> tokens_;
  std::unique_ptr<KvCache> cache_;
};

}  // namespace vitrine::generation
