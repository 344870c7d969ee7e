// base/hash.h - content hashes (SHA-256) and a fast 64-bit hash for tables and keys.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace vitrine {

/// SHA-256 as 64 lower-case hex digits.
std::string sha256_hex(std::string_view bytes);
/// SHA-256 of a file's bytes. Throws NotFound or IoError.
std::string sha256_file(const std::filesystem::path& path);

/// FNV-1a with a final mix: stable over machines and releases, not for untrusted keys.
uint64_t hash64(std::string_view bytes, uint64_t seed = 0);

}  // namespace vitrine
