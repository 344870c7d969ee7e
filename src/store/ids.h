// store/ids.h - ids and secrets that nobody guesses, and the hash under which secrets are kept.
#pragma once
#include <string>
#include <string_view>

namespace vitrine::store {

/// "job-3f0a…": the prefix and 128 random bits of the operating system as hex. Throws IoError.
std::string new_id(std::string_view prefix);

/// 256 random bits as hex, for sessions and API tokens.
std::string new_secret();

/// How the database keeps a secret of new_secret: SHA-256, which suffices for 256 random bits (and
/// not for passwords).
std::string hash_of_secret(std::string_view secret);

}  // namespace vitrine::store
