#include "recipes/curate_copy.h"

#include <algorithm>
#include <chrono>
#include <map>

#include "base/error.h"
#include "base/hash.h"
#include "base/interrupt.h"
#include "checks/checker.h"
#include "recipes/curate_filters.h"
#include "text/utf8.h"

namespace vitrine::recipes {
namespace {

std::vector<FunnelRow> start_rows(std::vector<data::Product> products) {
  std::vector<FunnelRow> rows;
  rows.reserve(products.size());
  for (auto& product : products) {
    FunnelRow row{.product = std::move(product), .text = {}, .original = {}, .repairs = {}};
    if (text::is_valid_utf8(row.product.summary)) row.original = text::to_utf32(text::nfc(row.product.summary));
    row.text = row.original;
    rows.push_back(std::move(row));
  }
  return rows;
}

/// "function 透气; rest too short" counts as itself, "like <id>" as "like".
std::string reason_group(const std::string& reason) { return reason.starts_with("like ") ? "like another row" : reason; }

void apply_repair(FunnelRow& row, const std::string& filter, const Decision& decision) {
  const std::string before = text::to_utf8(row.text), after = text::to_utf8(*decision.repaired);
  row.repairs.push_back({filter, before, after, decision.reason});
  row.text = *decision.repaired;
}

FilterReport run_filter(Filter& filter, std::vector<FunnelRow>& rows, std::vector<RejectedRow>& rejected, size_t margin_samples) {
  FilterReport report{.filter = filter.name(), .enabled = filter.enabled(), .rows_in = static_cast<int64_t>(rows.size()),
                      .config_sha256 = sha256_hex(dump_line({{"enabled", filter.enabled()}, {"settings", filter.settings()}})),
                      .score_name = filter.score_name(), .thresholds = filter.thresholds(), .scores = {}, .margin = {}, .reasons = {}, .buckets = {}, .notes = {}};
  if (!report.enabled) {
    report.kept = report.rows_in;
    return report;
  }
  std::vector<FunnelRow> kept;
  std::map<std::string, int64_t> reasons;
  for (FunnelRow& row : rows) {
    const Decision decision = filter.decide(row);
    if (decision.score) {
      report.scores.push_back(*decision.score);
      report.margin.push_back({*decision.score, decision.keep, row.product.id, text::to_utf8(row.text)});
    }
    if (!decision.reason.empty()) ++reasons[reason_group(decision.reason)];
    if (!decision.keep) {
      if (!row.text.empty()) row.product.summary = text::to_utf8(row.text);
      rejected.push_back({std::move(row.product), report.filter, decision.reason});
      continue;
    }
    if (decision.repaired) {
      apply_repair(row, report.filter, decision);
      ++report.repaired;
    }
    kept.push_back(std::move(row));
  }
  report.kept = static_cast<int64_t>(kept.size());
  report.dropped = report.rows_in - report.kept;
  rows = std::move(kept);
  set_reasons(report, reasons);
  cut_margin(report, margin_samples);
  return report;
}

bool holds(std::u32string_view text, const std::string& value) {
  return checks::fold(text).find(checks::fold(text::to_utf32(value))) != std::u32string::npos;
}

size_t count_blocking(const FunnelRow& row) {
  const auto report = checks::Checker::shipped().check(text::to_utf8(row.text), checks::Evidence(row.product), {});
  return static_cast<size_t>(std::count_if(report.hits.begin(), report.hits.end(), [](const checks::RuleHit& hit) {
    return hit.level == checks::Level::block;
  }));
}

/// Takes out the attributes whose value stood in the text as it came in and no longer does, unless a claim rests on them.
std::vector<std::string> prune_attributes(FunnelRow& row) {
  std::vector<std::string> pruned;
  const std::string category = data::category_of(row.product);
  const size_t blocking = count_blocking(row);
  for (size_t i = 0; i < row.product.attributes.size();) {
    const data::Attribute attribute = row.product.attributes[i];
    const bool lost = attribute.val != category && holds(row.original, attribute.val_raw) && !holds(row.text, attribute.val_raw);
    const auto place = row.product.attributes.begin() + static_cast<std::ptrdiff_t>(i);
    if (lost) row.product.attributes.erase(place);
    if (lost && count_blocking(row) == blocking) {
      pruned.push_back(attribute.key_raw + "#" + attribute.val_raw);
      continue;
    }
    if (lost) row.product.attributes.insert(row.product.attributes.begin() + static_cast<std::ptrdiff_t>(i), attribute);
    ++i;
  }
  return pruned;
}

}  // namespace

void CurateConfig::validate() const {
  check_config(*this, "[CurateConfig]");
  VITRINE_REQUIRE(min_length <= max_length, "[CurateConfig] min_length: expected <= max_length ", max_length, ", got ", min_length);
}

CuratedSet curate_rows(std::vector<data::Product> products, const CurateConfig& config, const std::vector<data::Product>& held_out) {
  config.validate();
  const size_t rows_in = products.size();
  auto rows = start_rows(std::move(products));
  CuratedSet set;
  for (const auto& filter : make_filters(config, held_out)) {
    throw_if_interrupted("curate: nothing is written");
    const auto start = std::chrono::steady_clock::now();
    set.filters.push_back(run_filter(*filter, rows, set.rejected, static_cast<size_t>(config.margin_samples)));
    set.filters.back().seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  for (FunnelRow& row : rows) {
    row.product.summary = text::to_utf8(row.text);
    std::vector<std::string> pruned;
    if (config.prune_attributes && !row.repairs.empty()) pruned = prune_attributes(row);
    set.kept.push_back({std::move(row.product), std::move(row.repairs), std::move(pruned)});
  }
  check_sums(set.filters, static_cast<int64_t>(rows_in));
  if (set.kept.size() + set.rejected.size() != rows_in) throw InternalError("[curate_rows] kept and rejected do not add up");
  return set;
}

}  // namespace vitrine::recipes
