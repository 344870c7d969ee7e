#include "recipes/inspection_totals.h"

#include <cstdio>
#include <set>

#include "base/error.h"

namespace vitrine::recipes {
namespace {

double share(size_t part, size_t all) { return all > 0 ? static_cast<double>(part) / static_cast<double>(all) : 0; }

std::string percent_line(const char* name, size_t part, size_t all) {
  char line[128];
  std::snprintf(line, sizeof line, "%s %5.1f %%  (%zu/%zu)\n", name, 100 * share(part, all), part, all);
  return line;
}

}  // namespace

void InspectionTotals::add(const Json& candidate) {
  std::set<std::string> first, kept;  // a defect may be found by two limits
  for (const Json& name : candidate.at("first_defects")) first.insert(name.get<std::string>());
  for (const Json& finding : candidate.at("defects")) kept.insert(finding.at("defect").get<std::string>());
  ++pictures_;
  accepted_first_ += first.empty();
  accepted_ += candidate.at("accepted").get<bool>();
  attempts_ += candidate.at("attempts").get<size_t>();
  for (size_t i = 0; i < imagery::kDefects; ++i) {
    const std::string name(imagery::english(static_cast<imagery::Defect>(i)));
    defects_[i].first += first.contains(name);
    defects_[i].kept += kept.contains(name);
  }
  const auto label = imagery::size_label_named(candidate.at("size_label").get<std::string>());
  VITRINE_REQUIRE(label, "[InspectionTotals] size_label: unknown '", candidate.at("size_label").get<std::string>(), "'");
  ++size_labels_[static_cast<size_t>(*label)];
}

Json InspectionTotals::to_json() const {
  Json defects = Json::object(), labels = Json::object();
  for (size_t i = 0; i < imagery::kDefects; ++i) {
    defects[std::string(imagery::english(static_cast<imagery::Defect>(i)))] = {{"first", defects_[i].first}, {"kept", defects_[i].kept}};
  }
  for (const imagery::SizeLabel label : imagery::kSizeLabels) labels[std::string(imagery::english(label))] = size_labels_[static_cast<size_t>(label)];
  return {{"pictures", pictures_},
          {"accepted_first", accepted_first_},
          {"accepted", accepted_},
          {"availability_before", share(accepted_first_, pictures_)},
          {"availability_after", share(accepted_, pictures_)},
          {"mean_attempts", share(attempts_, pictures_)},
          {"defects", std::move(defects)},
          {"size_labels", std::move(labels)}};
}

std::string InspectionTotals::table() const {
  std::string table = percent_line("可用率（首次）  ", accepted_first_, pictures_) + percent_line("可用率（重抽后）", accepted_, pictures_);
  char line[128];
  std::snprintf(line, sizeof line, "平均次数         %5.2f\n", share(attempts_, pictures_));
  table += line;
  for (size_t i = 0; i < imagery::kDefects; ++i) {
    if (defects_[i].first == 0 && defects_[i].kept == 0) continue;
    const auto defect = static_cast<imagery::Defect>(i);
    table += concat("  ", imagery::chinese(defect), " ", imagery::english(defect), "：首次 ", defects_[i].first, "，留用 ", defects_[i].kept, "\n");
  }
  table += "用途标注";
  for (const imagery::SizeLabel label : imagery::kSizeLabels) table += concat(" ", imagery::chinese(label), " ", size_labels_[static_cast<size_t>(label)]);
  return table + "\n";
}

}  // namespace vitrine::recipes
