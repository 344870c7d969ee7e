#include "recipes/funnel_report.h"

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <sstream>

#include "base/error.h"

namespace vitrine::recipes {
namespace {

constexpr size_t kReasonsShown = 25;

double share(int64_t part, int64_t all) { return all == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(all); }

std::string percent(int64_t part, int64_t all) { return all == 0 ? "-" : fixed(100 * share(part, all), 1) + " %"; }

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

Json counts_json(const CountedNames& counts, const char* name) {
  Json list = Json::array();
  for (const auto& [what, rows] : counts) list.push_back({{name, what}, {"rows", rows}});
  return list;
}

Json to_json(const FilterReport& report, int64_t rows_at_start) {
  Json json = {{"filter", report.filter}, {"rows_in", report.rows_in}, {"kept", report.kept}, {"dropped", report.dropped},
               {"seconds", report.seconds}, {"config_sha256", report.config_sha256}, {"enabled", report.enabled}, {"repaired", report.repaired},
               {"kept_share_of_in", share(report.kept, report.rows_in)}, {"kept_share_of_start", share(report.kept, rows_at_start)}};
  json["reasons"] = counts_json(report.reasons, "reason");
  if (!report.buckets.empty()) json["buckets"] = counts_json(report.buckets, "bucket");
  if (!report.notes.is_null()) json["notes"] = report.notes;
  if (report.score_name.empty()) return json;
  json["score"] = report.score_name;
  json["thresholds"] = report.thresholds;
  json["histogram"] = histogram_json(report.scores);
  json["margin_samples"] = Json::array();
  for (const auto& sample : report.margin) json["margin_samples"].push_back(to_json(sample));
  return json;
}

std::vector<std::vector<std::string>> table_rows(const CountedNames& counts) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& [what, count] : counts) {
    if (rows.size() < kReasonsShown) rows.push_back({what, std::to_string(count)});
  }
  return rows;
}

void add_bars(HtmlReport& page, std::span<const FilterReport> filters, const FunnelWords& words) {
  std::vector<std::string> labels = {words.start};
  std::vector<double> values = {static_cast<double>(filters.front().rows_in)};
  for (const auto& f : filters) {
    labels.push_back(words.name(f.filter));
    values.push_back(static_cast<double>(f.kept));
  }
  page.bar_chart(words.bars, labels, values);
}

}  // namespace

std::string fixed(double value, int digits) {
  std::ostringstream out;
  out << std::fixed << std::setprecision(digits) << value;
  return out.str();
}

void cut_margin(FilterReport& report, size_t limit) {
  std::vector<MarginSample> kept;
  for (const bool side : {false, true}) {
    std::vector<std::pair<double, const MarginSample*>> by_distance;
    for (const auto& sample : report.margin) {
      if (sample.kept != side) continue;
      double distance = INFINITY;
      for (const double threshold : report.thresholds) distance = std::min(distance, std::abs(sample.score - threshold));
      by_distance.emplace_back(distance, &sample);
    }
    std::stable_sort(by_distance.begin(), by_distance.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (size_t i = 0; i < std::min(limit, by_distance.size()); ++i) kept.push_back(*by_distance[i].second);
  }
  std::stable_sort(kept.begin(), kept.end(), [](const auto& a, const auto& b) { return a.score < b.score; });
  report.margin = std::move(kept);
}

void set_reasons(FilterReport& report, const std::map<std::string, int64_t>& counts) {
  report.reasons.assign(counts.begin(), counts.end());
  std::stable_sort(report.reasons.begin(), report.reasons.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
}

void check_sums(std::span<const FilterReport> filters, int64_t rows_in) {
  for (const auto& report : filters) {
    if (report.rows_in != rows_in || report.kept + report.dropped != report.rows_in) {
      throw InternalError(concat("[check_sums] ", report.filter, ": rows do not add up"));
    }
    rows_in = report.kept;
  }
}

Json funnel_json(std::span<const FilterReport> filters) {
  Json json = Json::array();
  const int64_t rows_at_start = filters.empty() ? 0 : filters.front().rows_in;
  for (const auto& report : filters) json.push_back(to_json(report, rows_at_start));
  return json;
}

const std::string& FunnelWords::name(const std::string& filter) const {
  const auto found = filters.find(filter);
  return found != filters.end() ? found->second : filter;
}

const FunnelWords& english_words() {
  static const FunnelWords kWords{.columns = {"filter", "rows in", "kept", "dropped", "repaired", "% of in", "% of start", "seconds", "config"},
                                  .off = " (off)", .start = "in", .bars = "rows left after each filter", .reason = "reason (drops and repairs)",
                                  .rows = "rows", .threshold = ", threshold ", .filters = {}};
  return kWords;
}

const FunnelWords& chinese_words() {
  static const FunnelWords kWords{.columns = {"筛选", "输入", "保留", "剔除", "修改", "占输入", "占起点", "秒", "设置"},
                                  .off = "（关）", .start = "起点", .bars = "每一步之后的剩余行数", .reason = "原因（剔除与修改）",
                                  .rows = "行", .threshold = "，阈值 ",
                                  .filters = {{"import", "读入"}, {"schema", "结构"}, {"readable", "可读"}, {"size", "尺寸"}, {"detail", "细节"},
                                              {"dedupe", "去重"}, {"leakage", "泄漏"}, {"reviews", "评论数"}, {"favorites", "收藏数"}, {"sales", "成交"},
                                              {"normalize", "属性归一"}, {"tf_idf", "TF-IDF 筛选"}, {"clip", "图文相符"}}};
  return kWords;
}

void add_funnel(HtmlReport& page, std::span<const FilterReport> filters, const FunnelWords& words) {
  add_bars(page, filters, words);
  const int64_t start = filters.front().rows_in;
  std::vector<std::vector<std::string>> rows;
  for (const auto& f : filters) {
    rows.push_back({words.name(f.filter) + (f.enabled ? "" : words.off), std::to_string(f.rows_in), std::to_string(f.kept), std::to_string(f.dropped),
                    std::to_string(f.repaired), percent(f.kept, f.rows_in), percent(f.kept, start), fixed(f.seconds, 2), f.config_sha256.substr(0, 12)});
  }
  page.table(words.columns, rows);
}

void add_filter_head(HtmlReport& page, const FilterReport& filter, const FunnelWords& words) {
  page.subheading(words.name(filter.filter));
  if (!filter.reasons.empty()) page.table({words.reason, words.rows}, table_rows(filter.reasons));
  if (filter.scores.empty()) return;
  std::string thresholds;
  for (const double threshold : filter.thresholds) thresholds += (thresholds.empty() ? "" : ", ") + fixed(threshold, 2);
  page.histogram(filter.score_name + words.threshold + thresholds, filter.score_name, filter.scores);
}

}  // namespace vitrine::recipes
