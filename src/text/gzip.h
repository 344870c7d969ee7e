// text/gzip.h - unpacking of small gzip files that are kept in memory.
#pragma once
#include <string>
#include <string_view>

namespace vitrine::text {

/// The unpacked bytes. Throws Corrupt, naming `where`, when `bytes` is no whole gzip file or gives
/// more than `limit_bytes`.
std::string gunzip(std::string_view bytes, std::string_view where, size_t limit_bytes = size_t{64} << 20);

}  // namespace vitrine::text
