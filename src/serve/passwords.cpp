#include "serve/passwords.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>
#include <cstdio>
#include <optional>
#include <semaphore>

#include "base/base64.h"
#include "base/error.h"

namespace vitrine::serve {
namespace {

constexpr int kBlockSize = 8;  // r
constexpr size_t kSaltBytes = 16, kHashBytes = 32;
constexpr int kMaxLog2N = 20, kMaxP = 16;  // of a hash that is read
constexpr ptrdiff_t kMostAtOnce = 2;       // each takes memory and a core

std::string random_bytes(size_t count) {
  std::string bytes(count, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) != 1) {
    throw IoError("[passwords] the operating system gives no random bytes");
  }
  return bytes;
}

/// Waits for its turn.
std::string scrypt(std::string_view password, std::string_view salt, ScryptCost cost) {
  static std::counting_semaphore<kMostAtOnce> places(kMostAtOnce);
  const uint64_t n = uint64_t{1} << cost.log2_n;
  const uint64_t max_bytes = 2 * 128 * kBlockSize * (n + static_cast<uint64_t>(cost.p));
  std::string hash(kHashBytes, '\0');
  places.acquire();
  const int ok = EVP_PBE_scrypt(password.data(), password.size(),
                                reinterpret_cast<const unsigned char*>(salt.data()), salt.size(), n,
                                kBlockSize, static_cast<uint64_t>(cost.p), max_bytes,
                                reinterpret_cast<unsigned char*>(hash.data()), hash.size());
  places.release();
  if (ok != 1) throw IoError("[passwords] scrypt: not enough memory");
  return hash;
}

struct KeptHash {
  ScryptCost cost;
  std::string salt, hash;
};

std::optional<KeptHash> parse(std::string_view text) {
  KeptHash kept;
  std::array<char, 80> salt{}, hash{};
  const std::string copy(text);
  if (std::sscanf(copy.c_str(), "$scrypt$ln=%d,r=8,p=%d$%79[^$]$%79[^$]", &kept.cost.log2_n,
                  &kept.cost.p, salt.data(), hash.data()) != 4) {
    return std::nullopt;
  }
  if (kept.cost.log2_n < 1 || kept.cost.log2_n > kMaxLog2N || kept.cost.p < 1 || kept.cost.p > kMaxP) {
    return std::nullopt;
  }
  const auto salt_bytes = from_base64(salt.data()), hash_bytes = from_base64(hash.data());
  if (!salt_bytes || !hash_bytes || hash_bytes->size() != kHashBytes) return std::nullopt;
  kept.salt = *salt_bytes;
  kept.hash = *hash_bytes;
  return kept;
}

}  // namespace

std::string hash_password(std::string_view password, ScryptCost cost) {
  const std::string salt = random_bytes(kSaltBytes);
  return concat("$scrypt$ln=", cost.log2_n, ",r=", kBlockSize, ",p=", cost.p, "$", base64(salt), "$",
                base64(scrypt(password, salt, cost)));
}

bool is_password_of(std::string_view password, std::string_view hash) {
  const auto kept = parse(hash);
  if (!kept) return false;
  return are_equal_secrets(scrypt(password, kept->salt, kept->cost), kept->hash);
}

std::string new_password() {
  constexpr std::string_view kLetters = "abcdefghjkmnpqrstuvwxyz23456789";  // none alike
  std::string password;
  for (const char byte : random_bytes(kSaltBytes)) {
    if (password.size() % 5 == 4) password += '-';
    password += kLetters[static_cast<unsigned char>(byte) % kLetters.size()];
  }
  return password;
}

bool are_equal_secrets(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace vitrine::serve
