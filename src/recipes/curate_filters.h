// recipes/curate_filters.h - the filters of `curate copy`, one small class each.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/product.h"
#include "recipes/curate_config.h"
#include "recipes/curate_copy.h"

namespace vitrine::recipes {

/// A row on its way through the funnel.
struct FunnelRow {
  data::Product product;
  std::u32string text;      // as it is now
  std::u32string original;  // as it came in
  std::vector<TextRepair> repairs;
};

/// What a filter decides about one row.
struct Decision {
  bool keep = true;
  std::string reason;                        // why dropped or repaired
  std::optional<std::u32string> repaired;    // the new text; only with keep
  std::optional<double> score;
};

class Filter {
 public:
  virtual ~Filter() = default;
  virtual std::string name() const = 0;
  virtual bool enabled() const = 0;
  /// The settings that the filter reads, for the hash.
  virtual Json settings() const = 0;
  virtual std::string score_name() const { return ""; }
  virtual std::vector<double> thresholds() const { return {}; }
  /// Rows come in input order; a filter may remember those it kept.
  virtual Decision decide(const FunnelRow& row) = 0;
};

/// In the order in which they run.
std::vector<std::unique_ptr<Filter>> make_filters(const CurateConfig& config, const std::vector<data::Product>& held_out);

}  // namespace vitrine::recipes
