#include "recipes/system_texts.h"

#include <set>

#include "base/error.h"
#include "base/log.h"
#include "data/product_reader.h"
#include "recipes/evaluate_inputs.h"

namespace vitrine::recipes {
namespace {

constexpr std::string_view kHuman = "human";
constexpr size_t kFewProducts = 200;  // metrics: win rate

void check_names(std::string_view verb, const std::vector<SystemTexts>& systems) {
  std::set<std::string> names;
  for (const auto& system : systems) {
    if (!names.insert(system.name).second)
      throw UsageError(concat(verb, ": --outputs: two systems named ", system.name));
  }
  if (systems.size() < 2)
    throw UsageError(
        concat(verb, ": --outputs: expected at least two systems, got ", systems.size()));
}

}  // namespace

std::vector<size_t> ComparedSystems::with_both(size_t system_a, size_t system_b) const {
  std::vector<size_t> both;
  for (size_t i = 0; i < products.size(); ++i) {
    if (!systems[system_a].texts[i].empty() && !systems[system_b].texts[i].empty())
      both.push_back(i);
  }
  return both;
}

ComparedSystems read_compared_systems(std::string_view verb, const std::string& set,
                                      const std::vector<std::string>& outputs, bool human) {
  auto rows = data::read_products(set);
  if (rows.report.rows_rejected > 0) data::log_table(concat("[", verb, "] ", set, ":"), rows.report.table(), true);
  ComparedSystems compared{
      std::move(rows.products), std::move(rows.sha256), {}, rows.report.rows_rejected};
  if (human) {
    auto& own = compared.systems.emplace_back(SystemTexts{std::string(kHuman), {}});
    for (const auto& product : compared.products) own.texts.push_back(product.summary);
  }
  for (auto& system : read_systems(outputs, compared.products)) {
    if (system.runs.size() > 1)
      throw UsageError(concat(verb, ": --outputs: ", system.runs.size(), " files of ", system.name,
                              ", expected one"));
    compared.systems.push_back({std::move(system.name), std::move(system.runs.front().texts)});
  }
  check_names(verb, compared.systems);
  return compared;
}

void warn_of_few(std::string_view verb, std::string_view what, size_t products) {
  if (products < kFewProducts) log_warn("[", verb, "] ", what, ": ", products, " products; fewer than ", kFewProducts, " decide little");
}

std::vector<std::string> files_of(const std::string& set, const std::vector<std::string>& outputs) {
  std::vector<std::string> files = {set};
  for (const auto& argument : outputs) files.push_back(file_of_argument(argument));
  return files;
}

}  // namespace vitrine::recipes
