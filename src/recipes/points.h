// recipes/points.h - products to plans: normalise, select, rank the selling points; or the graph behind them.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "copywriting/plan.h"
#include "data/import.h"
#include "data/statistics.h"

namespace vitrine::recipes {

struct PointsConfig {
  copywriting::PlanConfig plan;
  data::ImportConfig reader;
  std::vector<std::string> order, pin;
  bool normalize = true;
  bool graph = false;
  std::string query;
  std::string statistics;
  std::string format = "auto";
  std::string output = "-";
  std::string rejects;

  void describe(FieldVisitor& v) {
    v.field("order", order, "keys or key#value in the order wanted, separated by commas");
    v.field("pin", pin, "keys or key#value that are never dropped, separated by commas");
    v.field("normalize", normalize, "map keys, values and units to their canonical names first");
    v.field("graph", graph, "print product, points and attributes with their evidence instead of plans");
    v.field("query", query, "only products that have this key, or key#value");
    v.field("statistics", statistics, "statistics.tsv of the categories; empty = the shipped train set");
    v.field("format", format, "table | jsonl | auto = table on a terminal", {"auto", "table", "jsonl"});
    v.field("output", output, "file (.gz, .zst by name); - = standard output");
    v.field("rejects", rejects, "rows that could not be read, JSONL; empty = none");
    plan.describe(v);
  }
  /// Throws InvalidInput for an unknown format.
  void validate() const;
};

/// Document frequencies of `file`, or of the shipped train set when it is empty; categories that they lack are counted
/// from `products` themselves, so that a shop's own goods are ranked against each other.
data::AttributeStatistics statistics_for(const std::vector<data::Product>& products, const std::string& file);

/// One plan a product, in input order; jsonl: plan records (formats.md plan), or graph records with config.graph.
/// A name in order or pin that no product has gives a warning. Returns the import report.
/// Throws what read_products throws, UsageError (an output that is an input or a folder), IoError, and InvalidInput for settings out of range.
data::ImportReport write_points(const std::filesystem::path& products, const PointsConfig& config);

}  // namespace vitrine::recipes
