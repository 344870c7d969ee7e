#include <algorithm>
#include <cmath>
#include <iomanip>
#include <sstream>

#include "base/html_report.h"
#include "data/advertisegen.h"
#include "recipes/curate_copy.h"

namespace vitrine::recipes {
namespace {

Json row_json(const data::Product& product) {
  return {{"id", product.id}, {"content", data::raw_content(product)}, {"summary", product.summary}};
}

Json histogram_json(const std::vector<double>& scores, int bins = 20) {
  if (scores.empty()) return nullptr;
  const auto [low, high] = std::minmax_element(scores.begin(), scores.end());
  const double width = (*high - *low) / bins;
  std::vector<int64_t> counts(static_cast<size_t>(bins), 0);
  for (const double score : scores) {
    const double bin = width > 0 ? std::floor((score - *low) / width) : 0;
    ++counts[static_cast<size_t>(std::min(bin, bins - 1.0))];
  }
  return {{"from", *low}, {"to", *high}, {"counts", counts}};
}

Json to_json(const MarginSample& sample) {
  return {{"score", sample.score}, {"kept", sample.kept}, {"id", sample.id}, {"text", sample.text}};
}

Json to_json(const FilterReport& report, int64_t rows_at_start) {
  const auto share = [](int64_t part, int64_t all) { return all == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(all); };
  Json json = {{"filter", report.filter}, {"rows_in", report.rows_in}, {"kept", report.kept}, {"dropped", report.dropped},
               {"seconds", report.seconds}, {"config_sha256", report.config_sha256}, {"enabled", report.enabled}, {"repaired", report.repaired},
               {"kept_share_of_in", share(report.kept, report.rows_in)}, {"kept_share_of_start", share(report.kept, rows_at_start)}};
  json["reasons"] = Json::array();
  for (const auto& [reason, count] : report.reasons) json["reasons"].push_back({{"reason", reason}, {"rows", count}});
  if (report.score_name.empty()) return json;
  json["score"] = report.score_name;
  json["thresholds"] = report.thresholds;
  json["histogram"] = histogram_json(report.scores);
  json["margin_samples"] = Json::array();
  for (const auto& sample : report.margin) json["margin_samples"].push_back(to_json(sample));
  return json;
}

}  // namespace

std::string kept_jsonl(const CuratedSet& set) {
  std::string out;
  for (const auto& row : set.kept) {
    Json json = row_json(row.product);
    json["repairs"] = Json::array();
    for (const auto& repair : row.repairs) {
      json["repairs"].push_back({{"filter", repair.filter}, {"before", repair.before}, {"after", repair.after}, {"reason", repair.reason}});
    }
    if (!row.pruned.empty()) json["pruned"] = row.pruned;
    out += dump_line(json) + "\n";
  }
  return out;
}

std::string rejects_jsonl(const CuratedSet& set) {
  std::string out;
  for (const auto& row : set.rejected) {
    Json json = row_json(row.product);
    json["filter"] = row.filter;
    json["reason"] = row.reason;
    out += dump_line(json) + "\n";
  }
  return out;
}

Json funnel_json(const CuratedSet& set) {
  Json json = Json::array();
  const int64_t rows_at_start = set.filters.empty() ? 0 : set.filters.front().rows_in;
  for (const auto& report : set.filters) json.push_back(to_json(report, rows_at_start));
  return json;
}

namespace {

std::string fixed(double value, int digits) {
  std::ostringstream out;
  out << std::fixed << std::setprecision(digits) << value;
  return out.str();
}

std::string percent(int64_t part, int64_t all) { return all == 0 ? "-" : fixed(100.0 * static_cast<double>(part) / static_cast<double>(all), 1) + " %"; }

void add_funnel_table(HtmlReport& page, const CuratedSet& set) {
  const int64_t start = set.filters.front().rows_in;
  std::vector<std::vector<std::string>> rows;
  for (const auto& f : set.filters) {
    rows.push_back({f.filter + (f.enabled ? "" : " (off)"), std::to_string(f.rows_in), std::to_string(f.kept), std::to_string(f.dropped),
                    std::to_string(f.repaired), percent(f.kept, f.rows_in), percent(f.kept, start), fixed(f.seconds, 2), f.config_sha256.substr(0, 12)});
  }
  page.table({"filter", "rows in", "kept", "dropped", "repaired", "% of in", "% of start", "seconds", "config"}, rows);
}

void add_funnel_bars(HtmlReport& page, const CuratedSet& set) {
  std::vector<std::string> labels = {"in"};
  std::vector<double> values = {static_cast<double>(set.filters.front().rows_in)};
  for (const auto& f : set.filters) {
    labels.push_back(f.filter);
    values.push_back(static_cast<double>(f.kept));
  }
  page.bar_chart("rows left after each filter", labels, values);
}

void add_filter(HtmlReport& page, const FilterReport& f) {
  page.subheading(f.filter);
  std::vector<std::vector<std::string>> reasons;
  for (const auto& [reason, count] : f.reasons) {
    if (reasons.size() < 25) reasons.push_back({reason, std::to_string(count)});
  }
  if (!reasons.empty()) page.table({"reason (drops and repairs)", "rows"}, reasons);
  if (f.scores.empty()) return;
  std::string thresholds;
  for (const double threshold : f.thresholds) thresholds += (thresholds.empty() ? "" : ", ") + fixed(threshold, 2);
  page.histogram(f.score_name + ", threshold " + thresholds, f.score_name, f.scores);
  std::vector<std::vector<std::string>> margin;
  for (const auto& sample : f.margin) margin.push_back({fixed(sample.score, 3), sample.kept ? "kept" : "dropped", sample.id, sample.text});
  page.begin_details("rows nearest to the threshold");
  page.table({"score", "", "id", "text"}, margin);
  page.end_details();
}

void add_examples(HtmlReport& page, const CuratedSet& set, size_t limit) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& row : set.kept) {
    for (const auto& repair : row.repairs) {
      if (repair.filter != "schema" && rows.size() < limit) rows.push_back({row.product.id, repair.filter, repair.reason, repair.before, repair.after});
    }
  }
  if (!rows.empty()) page.table({"id", "filter", "reason", "before", "after"}, rows);
}

}  // namespace

std::string funnel_html(const CuratedSet& set) {
  HtmlReport page("Copy funnel", "en");
  if (set.filters.empty()) return page.html();
  add_funnel_bars(page, set);
  add_funnel_table(page, set);
  page.heading("Filters");
  for (const auto& f : set.filters) add_filter(page, f);
  page.heading("Repaired rows, the first 50");
  add_examples(page, set, 50);
  return page.html();
}

}  // namespace vitrine::recipes
