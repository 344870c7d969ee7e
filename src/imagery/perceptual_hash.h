// imagery/perceptual_hash.h - 64 bits that stay almost the same when a picture is resized,
// recompressed or slightly edited.
//
// The picture in grey at 32 x 32, its DCT, the 8 x 8 lowest frequencies without the constant row
// and column; a bit says whether a coefficient is over their median. Known as pHash (Zauner 2010,
// "Implementation and Benchmarking of Perceptual Image Hash Functions").
#pragma once
#include <bit>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "io/picture.h"

namespace vitrine::imagery {

/// Throws InvalidInput for a picture that is not whole.
uint64_t perceptual_hash(const io::Picture& picture);

/// 16 hex digits.
std::string hash_text(uint64_t hash);

/// Bits that differ, 0..64.
inline int hamming_distance(uint64_t a, uint64_t b) noexcept { return std::popcount(a ^ b); }

/// Hashes of a growing set, asked for the nearest one. A search looks at all of them: a
/// microsecond for a thousand.
class HashIndex {
 public:
  struct Neighbour {
    size_t index = 0;   // by order of add
    int distance = 64;  // bits
  };
  void add(uint64_t hash) { hashes_.push_back(hash); }
  /// The nearest hash, of equally near ones the first; nothing when all are over max_distance.
  std::optional<Neighbour> nearest(uint64_t hash, int max_distance) const;

 private:
  std::vector<uint64_t> hashes_;
};

}  // namespace vitrine::imagery
