// recipes/funnel_report.h - what each filter of a funnel did, as JSON and as parts of a page.
#pragma once
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/html_report.h"
#include "base/json.h"

namespace vitrine::recipes {

/// A row beside a filter's threshold.
struct MarginSample {
  double score = 0;
  bool kept = false;
  std::string id, text;
};

using CountedNames = std::vector<std::pair<std::string, int64_t>>;

/// What one filter did. rows_in = kept + dropped; the next filter's rows_in = kept.
struct FilterReport {
  std::string filter;
  bool enabled = true;  // a filter that is off keeps all
  int64_t rows_in = 0, kept = 0, dropped = 0, repaired = 0;
  double seconds = 0;
  std::string config_sha256;               // of the settings this filter reads
  std::string score_name;                  // empty = the filter has no score
  std::vector<double> thresholds, scores;  // scores: one a row in, of the rows that have one
  std::vector<MarginSample> margin;        // nearest to a threshold, both sides
  CountedNames reasons;                    // of drops and repairs, most frequent first
  CountedNames buckets;                    // kinds of rows in; empty = the filter tells none apart
  Json notes;                              // what else it says about itself; null = nothing
};

/// Keeps the `limit` rows nearest to a threshold on each side of it, in order of score.
void cut_margin(FilterReport& report, size_t limit);
void set_reasons(FilterReport& report, const std::map<std::string, int64_t>& counts);
/// Throws InternalError when a filter's rows, or the rows from one to the next, do not add up.
void check_sums(std::span<const FilterReport> filters, int64_t rows_in);

/// The array of commands.md with scores, margin samples and reasons beside the counts. seconds are
/// the only field that differs between runs.
Json funnel_json(std::span<const FilterReport> filters);

/// The words of a page, in its language.
struct FunnelWords {
  std::vector<std::string> columns;  // of the table: filter, rows in, kept, …
  std::string off, start, bars, reason, rows, threshold;
  std::map<std::string, std::string> filters;  // what a filter is called; its own name where it is not here

  const std::string& name(const std::string& filter) const;
};
const FunnelWords& english_words();
const FunnelWords& chinese_words();

std::string fixed(double value, int digits);

/// A bar for the rows left after each filter, and the table of all counts. REQUIRES: filters.
void add_funnel(HtmlReport& page, std::span<const FilterReport> filters, const FunnelWords& words);
/// The reasons (at most 25) and the histogram of one filter, under its name.
void add_filter_head(HtmlReport& page, const FilterReport& filter, const FunnelWords& words);

}  // namespace vitrine::recipes
