#include "base/signature.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include <optional>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"

namespace vitrine {
namespace {

constexpr size_t kSignatureBytes = 64;

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex += {kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return hex;
}

std::optional<std::string> from_hex(std::string_view hex) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string bytes;
  if (hex.size() % 2 != 0) return std::nullopt;
  for (size_t i = 0; i < hex.size(); i += 2) {
    const size_t high = kDigits.find(hex[i]), low = kDigits.find(hex[i + 1]);
    if (high == kDigits.npos || low == kDigits.npos) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

const unsigned char* raw(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

struct DigestContext {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  DigestContext() = default;
  DigestContext(const DigestContext&) = delete;
  DigestContext& operator=(const DigestContext&) = delete;
  ~DigestContext() { EVP_MD_CTX_free(context); }
};

/// A key of either kind; null when there is none. No password is asked for.
EVP_PKEY* read_pem(const std::string& text, bool is_private) {
  BIO* bytes = BIO_new_mem_buf(text.data(), static_cast<int>(text.size()));
  char no_password[] = "";
  EVP_PKEY* key = is_private ? PEM_read_bio_PrivateKey(bytes, nullptr, nullptr, no_password)
                             : PEM_read_bio_PUBKEY(bytes, nullptr, nullptr, no_password);
  BIO_free(bytes);
  return key;
}

}  // namespace

std::string random_hex(size_t bytes) {
  std::string random(bytes, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(random.data()), static_cast<int>(bytes)) != 1) {
    throw IoError("[random_hex] the system gives no random numbers");
  }
  return to_hex(random);
}

struct Ed25519Key::Key {
  EVP_PKEY* key = nullptr;
  ~Key() { EVP_PKEY_free(key); }
};

Ed25519Key::Ed25519Key() : key_(std::make_unique<Key>()) {}
Ed25519Key::~Ed25519Key() = default;
Ed25519Key::Ed25519Key(Ed25519Key&&) noexcept = default;
Ed25519Key& Ed25519Key::operator=(Ed25519Key&&) noexcept = default;

Ed25519Key Ed25519Key::load(const std::filesystem::path& pem) {
  const std::string text = read_file(pem);
  Ed25519Key result;
  result.can_sign_ = text.find("PRIVATE KEY") != text.npos;
  result.key_->key = read_pem(text, result.can_sign_);
  if (result.key_->key == nullptr || EVP_PKEY_get_id(result.key_->key) != EVP_PKEY_ED25519) {
    throw Corrupt(concat("[Ed25519Key] ", pem.string(),
                         ": expected an Ed25519 key in a PEM file without password"));
  }
  std::string key(32, '\0');
  size_t length = key.size();
  EVP_PKEY_get_raw_public_key(result.key_->key, reinterpret_cast<unsigned char*>(key.data()),
                              &length);
  result.id_ = sha256_hex(key).substr(0, 16);
  return result;
}

std::string Ed25519Key::sign(std::string_view message) const {
  VITRINE_REQUIRE(can_sign_, "[Ed25519Key] key ", id_, ": a public key cannot sign");
  const DigestContext digest;
  std::string signature(kSignatureBytes, '\0');
  size_t length = signature.size();
  const bool good =
      EVP_DigestSignInit(digest.context, nullptr, nullptr, nullptr, key_->key) == 1 &&
      EVP_DigestSign(digest.context, reinterpret_cast<unsigned char*>(signature.data()), &length,
                     raw(message), message.size()) == 1;
  if (!good) throw InternalError("[Ed25519Key] the crypto library refused to sign");
  return to_hex(signature);
}

bool Ed25519Key::verify(std::string_view message, std::string_view signature_hex) const {
  const auto signature = from_hex(signature_hex);
  if (!signature || signature->size() != kSignatureBytes) return false;
  const DigestContext digest;
  return EVP_DigestVerifyInit(digest.context, nullptr, nullptr, nullptr, key_->key) == 1 &&
         EVP_DigestVerify(digest.context, raw(*signature), signature->size(), raw(message),
                          message.size()) == 1;
}

}  // namespace vitrine
