// recipes/shard.h - one of n equal shares of a job, so that n processes or machines do it together.
#pragma once
#include <cstdint>
#include <string_view>

namespace vitrine::recipes {

/// Share `index` of `count`, from 1: the rows whose position p in the input, from 0, has p % count
/// = index - 1.
struct Shard {
  int64_t index = 1, count = 1;

  bool has(int64_t position) const { return position % count == index - 1; }
};

/// "2/8"; "1/1" = all rows. Throws UsageError for anything else, and for an index that is not 1 to
/// count.
Shard parse_shard(std::string_view text);

}  // namespace vitrine::recipes
