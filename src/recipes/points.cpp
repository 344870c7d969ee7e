#include "recipes/points.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/compressed.h"
#include "base/error.h"
#include "base/file_arguments.h"
#include "base/json.h"
#include "base/log.h"
#include "base/resource.h"
#include "copywriting/product_graph.h"
#include "data/normalization.h"

namespace vitrine::recipes {
namespace {

bool has(const data::Product& product, const std::string& entry) {
  return copywriting::unknown_wishes(std::span(&product, 1), {entry}).empty();
}

void warn_of_unknown_names(const std::vector<data::Product>& products, const PointsConfig& config) {
  std::vector<std::string> wishes = config.order;
  wishes.insert(wishes.end(), config.pin.begin(), config.pin.end());
  for (const std::string& wish : copywriting::unknown_wishes(products, wishes)) log_warn("[points] ", wish, ": no product has it");
}

bool wants_table(const PointsConfig& config) {
  return config.format == "table" || (config.format == "auto" && config.output == "-" && isatty(STDOUT_FILENO) == 1);
}

std::string plan_table(const data::Product& product, const copywriting::Plan& plan) {
  std::string out = concat(product.id, "  ", plan.category, "\n");
  for (size_t g = 0; g < plan.groups.size(); ++g) {
    out += concat("  sentence ", g + 1, ":");
    for (const int i : plan.groups[g]) {
      const auto& p = plan.points[static_cast<size_t>(i)];
      out += concat("  ", p.key, "#", p.value, p.pinned ? " (pinned)" : "");
      if (p.score_idf > 0) out += concat(" ", Json(std::round(p.score_idf * 1000) / 1000).dump());
    }
    out += "\n";
  }
  for (const auto& pair : plan.dropped) {
    out += concat("  dropped: ", pair.key, "#", pair.val, " ", Json(std::round(pair.tf_idf * 1000) / 1000).dump(), "\n");
  }
  return out;
}

std::string plan_line(const copywriting::Plan& plan) {
  Json json = copywriting::to_json(plan);
  json["dropped"] = Json::array();
  for (const auto& pair : plan.dropped) json["dropped"].push_back(data::to_json(pair));
  return dump_line(json) + "\n";
}

std::string render(const data::Product& product, const PointsConfig& config, const data::AttributeStatistics& statistics) {
  const auto plan = copywriting::make_plan(product, statistics, config.plan, config.pin, config.order);
  const bool table = wants_table(config);
  if (config.graph && table) return copywriting::graph_tree(product, plan, statistics);
  if (config.graph) return dump_line(copywriting::graph_json(product, plan, statistics)) + "\n";
  return table ? plan_table(product, plan) : plan_line(plan);
}

}  // namespace

void PointsConfig::validate() const {
  check_config(*this, "points");
}

data::AttributeStatistics statistics_for(const std::vector<data::Product>& products, const std::string& file) {
  data::AttributeStatistics statistics;
  if (!file.empty()) {
    statistics = data::AttributeStatistics::load(file);
  } else {
    const auto train = data::read_products(resource_path("data/advertisegen/train.jsonl"));
    for (const data::Product& p : train.products) statistics.add(p);
  }
  std::set<std::string> lacking;
  for (const data::Product& p : products) {
    const std::string category = copywriting::statistics_category(p, statistics);
    if (category.empty()) lacking.insert(p.id);
  }
  for (const data::Product& p : products) {
    if (lacking.contains(p.id)) statistics.add(p);
  }
  return statistics;
}

data::ImportReport write_points(const std::filesystem::path& products, const PointsConfig& config) {
  config.validate();
  const std::vector<std::string> inputs = {products.string(), config.statistics};
  check_file_arguments("points", inputs, {{"--output", config.output}, {"--rejects", config.rejects}});
  data::ImportResult input = data::read_products(products, config.reader);
  if (config.normalize) {
    const auto normalizer = data::AttributeNormalizer::load();
    for (data::Product& p : input.products) normalizer.normalize(p);
  }
  warn_of_unknown_names(input.products, config);
  const auto statistics = statistics_for(input.products, config.statistics);
  std::string out;
  for (const data::Product& p : input.products) {
    if (config.query.empty() || has(p, config.query)) out += render(p, config, statistics);
  }
  if (!config.rejects.empty()) write_output(config.rejects, input.report.to_jsonl());
  write_output(config.output, out);
  return std::move(input.report);
}

}  // namespace vitrine::recipes
