// data/id_set.h - which ids a file had already, in 32 to 64 bytes an id.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

namespace vitrine::data {

/// Holds 128-bit hashes: of a thousand million different ids, the chance that any two count as one
/// is below 1e-20.
class IdSet {
 public:
  /// Whether `id` is new.
  bool insert(std::string_view id);

 private:
  struct Key {
    uint64_t high = 0, low = 0;
    bool operator==(const Key&) const = default;
  };
  bool place(Key key);
  void grow();

  std::vector<Key> slots_;  // 0, 0 = free
  size_t count_ = 0;
};

}  // namespace vitrine::data
