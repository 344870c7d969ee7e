#include "store/ids.h"

#include <sys/random.h>

#include <array>
#include <cerrno>

#include "base/error.h"
#include "base/hash.h"

namespace vitrine::store {
namespace {

template <size_t kBytes>
std::string random_hex() {
  std::array<unsigned char, kBytes> bytes{};
  // Requests of at most 256 bytes are answered whole.
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    throw IoError(concat("[random_hex] getrandom: ", std::generic_category().message(errno)));
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const unsigned char byte : bytes) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

}  // namespace

std::string new_id(std::string_view prefix) { return concat(prefix, "-", random_hex<16>()); }

std::string new_secret() { return random_hex<32>(); }

std::string hash_of_secret(std::string_view secret) { return sha256_hex(secret); }

}  // namespace vitrine::store
