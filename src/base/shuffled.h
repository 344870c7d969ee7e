// base/shuffled.h - the numbers 0 .. count-1 in random order.
#pragma once
#include <numeric>
#include <vector>

#include "base/random.h"

namespace vitrine {

/// The same for the same count and key.
inline std::vector<size_t> shuffled_indices(size_t count, RandomKey key) {
  std::vector<size_t> order(count);
  std::iota(order.begin(), order.end(), size_t{0});
  RandomStream(key).shuffle(order);
  return order;
}

}  // namespace vitrine
