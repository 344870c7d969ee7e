// io/byte_order.h - whole numbers out of and into the bytes of picture files.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace vitrine::io {

/// The number in all bytes of `bytes`, at most eight.
inline uint64_t big_endian(std::string_view bytes) {
  uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<uint8_t>(c);
  return value;
}
inline uint64_t little_endian(std::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = bytes.size(); i > 0; --i) value = value << 8 | static_cast<uint8_t>(bytes[i - 1]);
  return value;
}
inline std::string to_big_endian(uint64_t value, size_t size) {
  std::string bytes(size, '\0');
  for (size_t i = size; i > 0; --i, value >>= 8) bytes[i - 1] = static_cast<char>(value & 0xFF);
  return bytes;
}
inline std::string to_little_endian(uint64_t value, size_t size) {
  std::string bytes(size, '\0');
  for (size_t i = 0; i < size; ++i, value >>= 8) bytes[i] = static_cast<char>(value & 0xFF);
  return bytes;
}

}  // namespace vitrine::io
