// support/small_pieces.h - bytes that come a few at a time.
#pragma once
#include <algorithm>
#include <span>
#include <string_view>

#include "base/byte_reader.h"

namespace vitrine::test {

/// At most `most` bytes a read. The bytes must outlive it.
class SmallPieces : public ByteReader {
 public:
  SmallPieces(std::string_view bytes, size_t most) : bytes_(bytes), most_(most) {}
  size_t read(std::span<char> out) override {
    const size_t size = std::min({out.size(), most_, bytes_.size()});
    std::copy_n(bytes_.begin(), size, out.begin());
    bytes_.remove_prefix(size);
    return size;
  }

 private:
  std::string_view bytes_;
  size_t most_;
};

}  // namespace vitrine::test
