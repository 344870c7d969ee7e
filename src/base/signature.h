// base/signature.h - Ed25519 signatures by key files, and random numbers that nobody can guess.
#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace vitrine {

/// `bytes` random bytes of the system as 2 * bytes lower-case hex digits. Throws IoError when the
/// system has none.
std::string random_hex(size_t bytes);

/// An Ed25519 key (RFC 8032) out of a PEM file: a private key signs and verifies, a public one
/// verifies.
class Ed25519Key {
 public:
  /// Throws NotFound, IoError, or Corrupt for a file that holds no Ed25519 key (an encrypted one,
  /// too).
  static Ed25519Key load(const std::filesystem::path& pem);
  ~Ed25519Key();
  Ed25519Key(Ed25519Key&&) noexcept;
  Ed25519Key& operator=(Ed25519Key&&) noexcept;

  bool can_sign() const { return can_sign_; }
  /// First 16 hex digits of the SHA-256 of the public key's 32 bytes.
  const std::string& id() const { return id_; }
  /// 128 lower-case hex digits. Throws InvalidInput for a public key.
  std::string sign(std::string_view message) const;
  /// False for any other signature, also one that is no 128 hex digits.
  bool verify(std::string_view message, std::string_view signature_hex) const;

 private:
  struct Key;
  Ed25519Key();
  std::unique_ptr<Key> key_;
  bool can_sign_ = false;
  std::string id_;
};

}  // namespace vitrine
