// fuzz/fuzz.h - what fuzz targets share. A target defines LLVMFuzzerTestOneInput, as libFuzzer
// asks.
#pragma once
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

/// Ends the program, as a sanitizer would, when what must always hold does not.
#define FUZZ_CHECK(condition)                                                             \
  do {                                                                                    \
    if (!(condition)) {                                                                   \
      std::fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                       \
    }                                                                                     \
  } while (false)

namespace vitrine::fuzz {

/// Any bytes as code points. The first byte chooses: even, the rest is UTF-8, where a byte that
/// fits nowhere becomes a lone surrogate; odd, four bytes a value, also beyond Unicode.
inline std::u32string code_points_of(const uint8_t* data, size_t size) {
  std::u32string text;
  if (size == 0) return text;
  if (data[0] % 2 == 1) {
    for (size_t at = 1; at + 4 <= size; at += 4) {
      text.push_back(static_cast<char32_t>(data[at]) | static_cast<char32_t>(data[at + 1]) << 8 |
                     static_cast<char32_t>(data[at + 2]) << 16 |
                     static_cast<char32_t>(data[at + 3]) << 24);
    }
    return text;
  }
  for (size_t at = 1; at < size;) {
    const uint32_t lead = data[at];
    const size_t length = lead < 0x80    ? 1
                          : lead >= 0xF0 ? 4
                          : lead >= 0xE0 ? 3
                          : lead >= 0xC0 ? 2
                                         : 0;
    uint32_t value = length == 1 ? lead : lead & (0x7FU >> length);
    bool fits = length > 0 && at + length <= size;
    for (size_t i = 1; fits && i < length; ++i) {
      fits = (data[at + i] & 0xC0U) == 0x80;
      value = value << 6 | (data[at + i] & 0x3FU);
    }
    text.push_back(fits ? static_cast<char32_t>(value) : static_cast<char32_t>(0xD800 + lead));
    at += fits ? length : 1;
  }
  return text;
}

}  // namespace vitrine::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
