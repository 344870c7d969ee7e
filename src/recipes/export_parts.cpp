#include "recipes/export_parts.h"

#include <utility>

namespace vitrine::recipes {
namespace {

constexpr size_t kMaxLineBytes = size_t{1}
                                 << 30;  // they are as long as the texts that were offered

}  // namespace

std::vector<std::string> export_endings() { return {".texts", ".manifest", ".labels", ".log"}; }

void ExportTotals::add(const ExportTotals& other) {
  counts.add(other.counts);
  rows += other.rows;
  products += other.products;
  cells_refused += other.cells_refused;
  log_entries += other.log_entries;
  fields.insert(other.fields.begin(), other.fields.end());
}

Json to_json(const ExportTotals& totals) {
  return {{"counts", to_json(totals.counts)},  {"rows", totals.rows},
          {"products", totals.products},       {"cells_refused", totals.cells_refused},
          {"log_entries", totals.log_entries}, {"fields", totals.fields}};
}

ExportTotals export_totals_from_json(const Json& json) {
  ExportTotals totals;
  totals.counts = export_counts_from_json(json.at("counts"));
  for (const auto& [name, number] : {std::pair{"rows", &totals.rows},
                                     {"products", &totals.products},
                                     {"cells_refused", &totals.cells_refused},
                                     {"log_entries", &totals.log_entries}})
    *number = json.at(name).get<size_t>();
  totals.fields = json.at("fields").get<std::set<size_t>>();
  return totals;
}

bool PartLines::next(std::string_view& line) {
  while (!lines_ || !lines_->next(line)) {
    if (next_part_ == num_parts_) return false;
    lines_.reset();
    window_.reset();
    bytes_ = parts_.open(next_part_++, static_cast<size_t>(form_));
    window_.emplace(*bytes_);
    lines_.emplace(*window_, kMaxLineBytes);
  }
  return true;
}

}  // namespace vitrine::recipes
