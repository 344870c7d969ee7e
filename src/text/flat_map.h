// text/flat_map.h - a small hash table of 64-bit keys: open addressing, no erase, quick look-ups.
#pragma once
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace vitrine::text {

/// Keys are any uint64_t but kEmpty (all bits set). Not thread-safe while it is filled.
template <typename Value>
class FlatMap {
 public:
  static constexpr uint64_t kEmpty = ~uint64_t{0};

  /// Room for `count` keys without growing.
  void reserve(size_t count) {
    size_t capacity = 16;
    while (capacity < count * 2) capacity *= 2;
    if (capacity > slots_.size()) rebuild(capacity);
  }

  /// The value of `key`, made by default when it is new.
  Value& operator[](uint64_t key) {
    if ((count_ + 1) * 2 > slots_.size()) rebuild(slots_.empty() ? 16 : slots_.size() * 2);
    Slot& slot = slots_[place(key)];
    if (slot.key == kEmpty) {
      slot.key = key;
      ++count_;
    }
    return slot.value;
  }

  /// nullptr when `key` is not there.
  const Value* find(uint64_t key) const noexcept {
    if (slots_.empty()) return nullptr;
    const Slot& slot = slots_[place(key)];
    return slot.key == key ? &slot.value : nullptr;
  }

  size_t size() const noexcept { return count_; }

 private:
  struct Slot {
    uint64_t key = kEmpty;
    Value value{};
  };

  size_t place(uint64_t key) const noexcept {
    size_t at = static_cast<size_t>(key * 0x9e3779b97f4a7c15ULL >> shift_);
    while (slots_[at].key != key && slots_[at].key != kEmpty) at = (at + 1) & (slots_.size() - 1);
    return at;
  }

  void rebuild(size_t capacity) {
    std::vector<Slot> old(capacity);
    old.swap(slots_);
    shift_ = 64;
    while (capacity > 1) {
      capacity /= 2;
      --shift_;
    }
    for (Slot& slot : old) {
      if (slot.key != kEmpty) slots_[place(slot.key)] = std::move(slot);
    }
  }

  std::vector<Slot> slots_;  // a power of two, at most half full
  size_t count_ = 0;
  int shift_ = 64;
};

}  // namespace vitrine::text
