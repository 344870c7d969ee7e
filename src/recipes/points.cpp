#include "recipes/points.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/resource.h"
#include "copywriting/product_graph.h"
#include "data/normalization.h"

namespace vitrine::recipes {
namespace {

bool names(const std::string& entry, const data::Attribute& a) { return entry == a.key || entry == a.key + "#" + a.val; }

bool has(const data::Product& product, const std::string& entry) {
  return std::any_of(product.attributes.begin(), product.attributes.end(),
                     [&](const data::Attribute& a) { return names(entry, a); });
}

void warn_of_unknown_names(const std::vector<data::Product>& products, const PointsConfig& config) {
  std::vector<std::string> entries = config.order;
  entries.insert(entries.end(), config.pin.begin(), config.pin.end());
  for (const std::string& entry : entries) {
    if (std::none_of(products.begin(), products.end(), [&](const data::Product& p) { return has(p, entry); })) {
      log_warn("[points] ", entry, ": no product has it");
    }
  }
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
  for (const int i : plan.dropped) {
    const data::Attribute& a = product.attributes[static_cast<size_t>(i)];
    out += concat("  dropped: ", a.key, "#", a.val, "\n");
  }
  return out;
}

std::string plan_line(const data::Product& product, const copywriting::Plan& plan) {
  Json json = copywriting::to_json(plan, product);
  json["dropped"] = Json::array();
  for (const int i : plan.dropped) json["dropped"].push_back(product.attributes[static_cast<size_t>(i)].id);
  return dump_line(json) + "\n";
}

copywriting::PlanConfig plan_config(const PointsConfig& config) {
  copywriting::PlanConfig plan = config.plan;
  return plan;
}

std::string render(const data::Product& product, const PointsConfig& config, const data::AttributeStatistics& statistics) {
  const auto plan = copywriting::make_plan(product, statistics, plan_config(config), config.pin, config.order);
  const bool table = wants_table(config);
  if (config.graph && table) return copywriting::graph_tree(product, plan, statistics);
  if (config.graph) return dump_line(copywriting::graph_json(product, plan, statistics)) + "\n";
  return table ? plan_table(product, plan) : plan_line(product, plan);
}

}  // namespace

void PointsConfig::validate() const {
  check_config(*this, "points");
  VITRINE_REQUIRE(format == "auto" || format == "table" || format == "jsonl",
                  "[points] format: expected table, jsonl or auto, got ", format);
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
  if (!config.rejects.empty()) write_file_atomic(config.rejects, input.report.to_jsonl());
  if (config.output == "-") std::cout << out;
  else write_file_atomic(config.output, out);
  return std::move(input.report);
}

}  // namespace vitrine::recipes
