#include "base/hash.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/random.h"

namespace vitrine {
namespace {

void require_sha256(int code) {
  if (code != 1) throw InternalError("[Sha256] the crypto library refused SHA-256");
}

}  // namespace

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  require_sha256(EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr));
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::add(std::string_view bytes) {
  require_sha256(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()));
}

std::string Sha256::hex() {
  std::array<unsigned char, 32> digest{};
  unsigned int length = 0;
  require_sha256(EVP_DigestFinal_ex(state_->context, digest.data(), &length));
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(64);
  for (const unsigned char byte : digest) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

std::string sha256_hex(std::string_view bytes) {
  Sha256 hash;
  hash.add(bytes);
  return hash.hex();
}

std::string sha256_file(const std::filesystem::path& path) {
  constexpr size_t kPiece = size_t{1} << 20;
  const MappedFile file(path);
  Sha256 hash;
  for (auto left = file.bytes(); !left.empty();) {
    const auto piece = left.first(std::min(kPiece, left.size()));
    hash.add({reinterpret_cast<const char*>(piece.data()), piece.size()});
    release_pages(piece);  // a large file is not resident as a whole
    left = left.subspan(piece.size());
  }
  return hash.hex();
}

uint64_t hash64(std::string_view bytes, uint64_t seed) {
  uint64_t state = 0xcbf29ce484222325ULL ^ mix64(seed);
  for (const char c : bytes) {
    state = (state ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  }
  return mix64(state);
}

}  // namespace vitrine
