#include "recipes/shard.h"

#include <charconv>

#include "base/error.h"

namespace vitrine::recipes {
namespace {

constexpr int64_t kMaxShards = 1000000;

/// 0 when `text` is no number from 1 to kMaxShards.
int64_t parse_count(std::string_view text) {
  int64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool good =
      code == std::errc() && end == text.data() + text.size() && value >= 1 && value <= kMaxShards;
  return good ? value : 0;
}

}  // namespace

Shard parse_shard(std::string_view text) {
  const size_t slash = text.find('/');
  const int64_t index = parse_count(text.substr(0, slash));
  const int64_t count = slash == std::string_view::npos ? 0 : parse_count(text.substr(slash + 1));
  if (index == 0 || count == 0 || index > count) {
    throw UsageError(concat("--shard: expected i/n with i from 1 to n, such as 2/8, got ", text));
  }
  return {index, count};
}

}  // namespace vitrine::recipes
