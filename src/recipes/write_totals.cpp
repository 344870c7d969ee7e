#include "recipes/write_totals.h"

#include <algorithm>

#include "base/error.h"

namespace vitrine::recipes {

void WriteTotals::add(const copywriting::WrittenProduct& written) {
  ++products;
  candidates += static_cast<int64_t>(written.candidates.size());
  dropped += written.dropped;
  for (const auto& [fault, count] : written.dropped_faults) faults[fault] += count;
  without += written.candidates.empty();
  compared += written.candidates.size() > 1;
  if (written.candidates.size() > 1) likeness += written.likeness;
  in_order += std::count_if(written.candidates.begin(), written.candidates.end(),
                            [](const auto& c) { return c.groups_in_order; });
}

void WriteTotals::add(const WriteTotals& part) {
  rows += part.rows;
  products += part.products;
  candidates += part.candidates;
  dropped += part.dropped;
  without += part.without;
  in_order += part.in_order;
  for (const auto& [fault, count] : part.faults) faults[fault] += count;
  compared += part.compared;
  likeness += part.likeness;
}

std::string WriteTotals::text() const {
  std::string reasons;
  for (const auto& [fault, count] : faults)
    reasons += concat(reasons.empty() ? " (" : ", ", fault, " ", count);
  if (!reasons.empty()) reasons += ")";
  const auto counted = [](int64_t count, std::string_view noun) {
    return concat(count, " ", noun, count == 1 ? "" : "s");
  };
  const std::string alike =
      compared == 0
          ? ""
          : concat("; mean pairwise ROUGE-L of a product's candidates ",
                   static_cast<int>(1000 * likeness / static_cast<double>(compared)) / 1000.0);
  return concat(counted(products, "product"), ", ", counted(candidates, "candidate"), ", ", dropped,
                " dropped by the checks", reasons, ", ", without, " without a candidate; ",
                in_order, " in the plan's order", alike);
}

Json to_json(const WriteTotals& totals) {
  return {
      {"rows", totals.rows},       {"products", totals.products}, {"candidates", totals.candidates},
      {"dropped", totals.dropped}, {"without", totals.without},   {"in_order", totals.in_order},
      {"faults", totals.faults},   {"compared", totals.compared}, {"likeness", totals.likeness}};
}

WriteTotals totals_from_json(const Json& json) {
  try {
    return {.rows = json.at("rows"),
            .products = json.at("products"),
            .candidates = json.at("candidates"),
            .dropped = json.at("dropped"),
            .without = json.at("without"),
            .in_order = json.at("in_order"),
            .faults = json.at("faults").get<std::map<std::string, int64_t>>(),
            .compared = json.at("compared"),
            .likeness = json.at("likeness")};
  } catch (const nlohmann::json::exception& e) {
    throw Corrupt(concat("[totals_from_json] ", e.what()));
  }
}

}  // namespace vitrine::recipes
