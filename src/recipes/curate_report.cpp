#include <algorithm>
#include <cmath>

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

}  // namespace vitrine::recipes
