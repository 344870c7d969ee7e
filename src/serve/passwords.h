// serve/passwords.h - how passwords are kept: scrypt (RFC 7914) of OpenSSL, salted.
#pragma once
#include <string>
#include <string_view>

namespace vitrine::serve {

inline constexpr size_t kLeastPassword = 10, kMostPassword = 1000;  // code points

/// What one guess costs. 128 * 8 * 2^log2_n bytes of memory, and `p` times the work.
struct ScryptCost {
  int log2_n = 15;  // 32 MiB
  int p = 3;
};

/// "$scrypt$ln=15,r=8,p=3$SALT$HASH" with 16 random bytes of salt. Takes about 0.2 s; at most two
/// at once in a process, others wait. Throws IoError without random bytes or memory.
std::string hash_password(std::string_view password, ScryptCost cost = {});

/// Whether the password is the one of the hash; false for a text that is no such hash. Takes as
/// long as hash_password, and the same time for any wrong password.
bool is_password_of(std::string_view password, std::string_view hash);

/// 16 characters that nobody guesses and everybody can type, such as "k7vq-m2xh-p9wd-3tzn".
std::string new_password();

/// Whether two secrets are equal, in a time that does not tell where they differ.
bool are_equal_secrets(std::string_view a, std::string_view b);

}  // namespace vitrine::serve
