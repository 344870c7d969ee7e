#include "recipes/level_channels.h"

#include <charconv>

#include "base/error.h"

namespace vitrine::recipes {

std::vector<int64_t> channels_of_levels(const std::vector<std::string>& words, std::string_view verb) {
  VITRINE_REQUIRE(!words.empty(), "[", verb, "] block_out_channels: expected a number for each level, got none");
  std::vector<int64_t> channels;
  for (const std::string& word : words) {
    int64_t value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    const bool is_number = error == std::errc() && end == word.data() + word.size();
    VITRINE_REQUIRE(is_number && value >= 1 && value <= 65536, "[", verb, "] block_out_channels: expected 1 to 65536, got '", word, "'");
    channels.push_back(value);
  }
  return channels;
}

}  // namespace vitrine::recipes
