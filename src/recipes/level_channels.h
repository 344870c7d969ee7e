// recipes/level_channels.h - the widths of a network's levels, as a setting.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vitrine::recipes {

/// {"32", "64"} -> {32, 64}. Throws InvalidInput, naming `verb`, for a word that is no number from 1 to 65536, or none at all.
std::vector<int64_t> channels_of_levels(const std::vector<std::string>& words, std::string_view verb);

}  // namespace vitrine::recipes
