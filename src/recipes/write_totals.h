// recipes/write_totals.h - what a `write` counts, part by part.
#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "base/json.h"
#include "copywriting/copy_writer.h"

namespace vitrine::recipes {

struct WriteTotals {
  int64_t rows = 0;  // products and rejected rows
  int64_t products = 0, candidates = 0, dropped = 0, without = 0, in_order = 0;
  std::map<std::string, int64_t> faults;  // of the dropped candidates
  int64_t compared = 0;                   // products with two candidates or more
  double likeness = 0;                    // summed over these

  void add(const copywriting::WrittenProduct& written);
  void add(const WriteTotals& part);
  /// "12 products, 96 candidates, 3 dropped by the checks (…), …".
  std::string text() const;
};

Json to_json(const WriteTotals& totals);
/// Throws Corrupt when a field is missing or of another type.
WriteTotals totals_from_json(const Json& json);

}  // namespace vitrine::recipes
