// recipes/interval_json.h - a mean with its interval, for reports.
#pragma once
#include <string>
#include <vector>

#include "base/json.h"
#include "eval/bootstrap.h"

namespace vitrine::recipes {

/// {"mean", "low", "high", "n"} of the values that are not NaN; null when there is none.
Json interval_json(const std::vector<double>& values, const eval::Bootstrap& bootstrap);

/// "0.7 [0.6, 0.8]", each times `factor`; "–" for null.
std::string interval_cell(const Json& interval, double factor);

}  // namespace vitrine::recipes
