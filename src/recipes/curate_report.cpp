#include "base/html_report.h"
#include "data/advertisegen.h"
#include "recipes/curate_copy.h"

namespace vitrine::recipes {
namespace {

Json row_json(const data::Product& product) {
  return {{"id", product.id}, {"content", data::raw_content(product)}, {"summary", product.summary}};
}

void add_filter(HtmlReport& page, const FilterReport& f) {
  add_filter_head(page, f, english_words());
  if (f.scores.empty()) return;
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

Json funnel_json(const CuratedSet& set) { return funnel_json(set.filters); }

std::string funnel_html(const CuratedSet& set) {
  HtmlReport page("Copy funnel", "en");
  if (set.filters.empty()) return page.html();
  add_funnel(page, set.filters, english_words());
  page.heading("Filters");
  for (const auto& f : set.filters) add_filter(page, f);
  page.heading("Repaired rows, the first 50");
  add_examples(page, set, 50);
  return page.html();
}

}  // namespace vitrine::recipes
