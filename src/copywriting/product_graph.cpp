#include "copywriting/product_graph.h"

#include <algorithm>
#include <iomanip>
#include <sstream>

namespace vitrine::copywriting {
namespace {

int sentence_of(const Plan& plan, int point_idx) {
  for (size_t g = 0; g < plan.groups.size(); ++g) {
    if (std::find(plan.groups[g].begin(), plan.groups[g].end(), point_idx) != plan.groups[g].end()) return static_cast<int>(g) + 1;
  }
  return 0;
}

int point_of(const Plan& plan, int attr_idx) {
  for (size_t p = 0; p < plan.points.size(); ++p) {
    const auto& indices = plan.points[p].attr_idx;
    if (std::find(indices.begin(), indices.end(), attr_idx) != indices.end()) return static_cast<int>(p);
  }
  return -1;
}

std::string attribute_line(const data::Attribute& a, const std::string& category, const data::AttributeStatistics& statistics) {
  std::ostringstream out;
  out << a.id << "  " << a.key_raw << "#" << a.val_raw;
  if (a.key_raw != a.key || a.val_raw != a.val) out << " → " << a.key << "#" << a.val;
  out << "  df " << statistics.df(category, a.key, a.val) << "/" << statistics.n(category);
  if (!a.evidence_id.empty()) out << "  evidence " << a.evidence_id;
  return out.str();
}

std::string point_line(const Plan& plan, int point_idx) {
  const SellingPoint& p = plan.points[static_cast<size_t>(point_idx)];
  std::ostringstream out;
  out << p.order + 1 << ". " << p.key << "#" << p.value << "  sentence " << sentence_of(plan, point_idx);
  if (p.score_idf > 0) out << "  idf " << std::fixed << std::setprecision(3) << p.score_idf;
  if (p.score_engage > 0) out << "  engage " << std::fixed << std::setprecision(3) << p.score_engage;
  if (p.pinned) out << "  pinned";
  return out.str();
}

}  // namespace

Json graph_json(const data::Product& product, const Plan& plan, const data::AttributeStatistics& statistics) {
  const std::string category = statistics_category(product, statistics);
  Json attributes = Json::array();
  for (size_t i = 0; i < product.attributes.size(); ++i) {
    const data::Attribute& a = product.attributes[i];
    const int point = point_of(plan, static_cast<int>(i));
    Json node{{"id", a.id}, {"raw", a.key_raw + "#" + a.val_raw}, {"canonical", a.key + "#" + a.val},
              {"df", statistics.df(category, a.key, a.val)}, {"n", statistics.n(category)}};
    if (!a.evidence_id.empty()) node["evidence_id"] = a.evidence_id;
    node["point"] = point < 0 ? Json() : Json(point);
    attributes.push_back(std::move(node));
  }
  Json points = to_json(plan)["points"];
  for (size_t p = 0; p < points.size(); ++p) points[p]["sentence"] = sentence_of(plan, static_cast<int>(p));
  return Json{{"product", {{"id", product.id}, {"category", plan.category},
                           {"source", {{"file", product.source.file}, {"row", product.source.row}}}}},
              {"attributes", std::move(attributes)}, {"points", std::move(points)}};
}

std::string graph_tree(const data::Product& product, const Plan& plan, const data::AttributeStatistics& statistics) {
  const std::string category = statistics_category(product, statistics);
  std::ostringstream out;
  out << product.id << "  " << plan.category << "  " << product.source.file << ":" << product.source.row << "\n";
  for (size_t p = 0; p < plan.points.size(); ++p) {
    const bool last_point = p + 1 == plan.points.size() && plan.dropped.empty();
    out << (last_point ? "└─ " : "├─ ") << point_line(plan, static_cast<int>(p)) << "\n";
    const auto& indices = plan.points[p].attr_idx;
    if (indices.empty()) out << (last_point ? "   " : "│  ") << "└─ category path\n";
    for (size_t i = 0; i < indices.size(); ++i) {
      out << (last_point ? "   " : "│  ") << (i + 1 == indices.size() ? "└─ " : "├─ ")
          << attribute_line(product.attributes[static_cast<size_t>(indices[i])], category, statistics) << "\n";
    }
  }
  for (size_t d = 0; d < plan.dropped.size(); ++d) {
    out << (d + 1 == plan.dropped.size() ? "└─ " : "├─ ") << "dropped  "
        << attribute_line(product.attributes[static_cast<size_t>(plan.dropped[d].attr_idx)], category, statistics) << "\n";
  }
  return out.str();
}

}  // namespace vitrine::copywriting
