#include "recipes/interval_json.h"

#include <cmath>

#include "base/error.h"
#include "base/svg_chart.h"

namespace vitrine::recipes {

Json interval_json(const std::vector<double>& values, const eval::Bootstrap& bootstrap) {
  double sum = 0;
  size_t n = 0;
  for (const double value : values) {
    if (std::isnan(value)) continue;
    sum += value;
    ++n;
  }
  if (n == 0) return nullptr;
  const eval::Interval interval = bootstrap.mean(values);
  return {{"mean", sum / static_cast<double>(n)}, {"low", interval.low}, {"high", interval.high}, {"n", n}};
}

std::string interval_cell(const Json& interval, double factor) {
  if (interval.is_null()) return "–";
  const auto number = [&](const char* name) { return format_number(factor * interval.at(name).get<double>()); };
  return concat(number("mean"), " [", number("low"), ", ", number("high"), "]");
}

}  // namespace vitrine::recipes
