// base/random.h - random numbers that depend on a key and a counter alone.
//
// A key is split by folding in names and numbers, so that a draw depends on what it is for and not
// on how many draws came before it or on the thread that makes it.
#pragma once
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace vitrine {

/// The finaliser of splitmix64 (Steele et al. 2014): a bijection of 64 bits.
uint64_t mix64(uint64_t value) noexcept;

class RandomKey {
 public:
  explicit RandomKey(uint64_t seed) : state_(mix64(seed + 0x9e3779b97f4a7c15ULL)) {}

  /// A new key for a part of the work, named by a number or a string.
  RandomKey fold_in(uint64_t value) const;
  RandomKey fold_in(std::string_view name) const;

  /// The counter-th draw of this key: 64 bits, [0, 1), or an integer in [0, bound), bound >= 1.
  uint64_t bits(uint64_t counter) const noexcept;
  double uniform(uint64_t counter) const noexcept;
  uint64_t below(uint64_t bound, uint64_t counter) const noexcept;

 private:
  uint64_t state_;
};

/// Draws one after another from a key.
class RandomStream {
 public:
  explicit RandomStream(RandomKey key) : key_(key) {}
  double uniform() noexcept { return key_.uniform(counter_++); }
  uint64_t below(uint64_t bound) noexcept { return key_.below(bound, counter_++); }

  /// Fisher-Yates.
  template <typename T>
  void shuffle(std::vector<T>& values) {
    for (size_t left = values.size(); left > 1; --left) std::swap(values[left - 1], values[below(left)]);
  }

 private:
  RandomKey key_;
  uint64_t counter_ = 0;
};

}  // namespace vitrine
