#include "base/random.h"

#include "base/hash.h"

namespace vitrine {

uint64_t mix64(uint64_t value) noexcept {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31);
}

RandomKey RandomKey::fold_in(uint64_t value) const {
  RandomKey key(0);
  key.state_ = mix64(state_ ^ mix64(value + 0x632be59bd9b4e019ULL));
  return key;
}

RandomKey RandomKey::fold_in(std::string_view name) const { return fold_in(hash64(name, 1)); }

uint64_t RandomKey::bits(uint64_t counter) const noexcept {
  return mix64(mix64(state_ + 0x9e3779b97f4a7c15ULL * (counter + 1)) ^ state_);
}

double RandomKey::uniform(uint64_t counter) const noexcept {
  return static_cast<double>(bits(counter) >> 11) * 0x1.0p-53;
}

uint64_t RandomKey::below(uint64_t bound, uint64_t counter) const noexcept {
  return static_cast<uint64_t>((static_cast<unsigned __int128>(bits(counter)) * bound) >> 64);
}

}  // namespace vitrine
