// data/byte_blocks.h - questions about eight bytes of a text at once. Internal to the room.
//
// The answers are exact for the whole block: not 0 = at least one byte is such. Which one is not said.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace vitrine::data {

inline constexpr size_t kBlockBytes = 8;
inline constexpr uint64_t kBlockOnes = 0x0101010101010101ULL, kBlockHighBits = 0x8080808080808080ULL;

inline uint64_t load_block(const char* at) {
  uint64_t block = 0;
  std::memcpy(&block, at, kBlockBytes);
  return block;
}

/// Bytes below `limit`, which is at most 0x80.
inline uint64_t has_below(uint64_t block, uint8_t limit) { return (block - kBlockOnes * limit) & ~block & kBlockHighBits; }

inline uint64_t has_byte(uint64_t block, char byte) { return has_below(block ^ (kBlockOnes * static_cast<uint8_t>(byte)), 1); }

}  // namespace vitrine::data
