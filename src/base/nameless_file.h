// base/nameless_file.h - files of the temporary folder that have no name and go when their descriptor
// is closed: for bytes that have to wait and are too many for memory. Internal to the room.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace vitrine {

/// So many bytes may wait in memory before the others go into a file.
inline constexpr size_t kWaitingInMemory = size_t{16} << 20;

/// A descriptor, which the caller closes. All throw IoError.
int open_nameless_file();
void append_to_file(int descriptor, std::string_view bytes);
/// Fills the start of `out`; returns how many bytes, 0 at the end.
size_t read_at(int descriptor, uint64_t at, std::span<char> out);

}  // namespace vitrine
