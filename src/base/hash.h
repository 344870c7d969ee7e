// base/hash.h - content hashes (SHA-256) and a fast 64-bit hash for tables and keys.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace vitrine {

/// SHA-256 of bytes that come piece by piece. Call order: (add)* hex.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  void add(std::string_view bytes);
  /// 64 lower-case hex digits; once only.
  std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// SHA-256 as 64 lower-case hex digits.
std::string sha256_hex(std::string_view bytes);
/// SHA-256 of a file's bytes. Throws NotFound or IoError.
std::string sha256_file(const std::filesystem::path& path);

/// FNV-1a with a final mix: stable over machines and releases, not for untrusted keys.
uint64_t hash64(std::string_view bytes, uint64_t seed = 0);

}  // namespace vitrine
