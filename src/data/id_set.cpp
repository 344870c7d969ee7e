#include "data/id_set.h"

#include <utility>

#include "base/hash.h"

namespace vitrine::data {

bool IdSet::insert(std::string_view id) {
  if ((count_ + 1) * 2 > slots_.size()) grow();
  // The low bit is always set, so that no key is the free one.
  const bool is_new = place({hash64(id, 1), hash64(id, 2) | 1});
  count_ += is_new;
  return is_new;
}

bool IdSet::place(Key key) {
  const size_t mask = slots_.size() - 1;
  for (size_t at = key.high & mask;; at = (at + 1) & mask) {
    if (slots_[at] == key) return false;
    if (slots_[at] == Key{}) {
      slots_[at] = key;
      return true;
    }
  }
}

void IdSet::grow() {
  const auto old =
      std::exchange(slots_, std::vector<Key>(slots_.empty() ? 1024 : slots_.size() * 2));
  for (const Key& key : old) {
    if (key != Key{}) place(key);
  }
}

}  // namespace vitrine::data
