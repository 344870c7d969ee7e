#include "copywriting/plan.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include "base/hash.h"
#include "copywriting/subject.h"

namespace vitrine::copywriting {
namespace {

// Keys under which one value means one thing, the key to keep first.
constexpr std::array<std::string_view, 4> kLookKeys{"风格", "颜色", "材质", "图案"};
constexpr std::array<std::string_view, 7> kBuildKeys{"衣门襟", "裙衣门襟", "裙下摆", "裤口", "衣款式", "裙款式", "裤款式"};

template <size_t N>
int rank_in(const std::array<std::string_view, N>& keys, std::string_view key) {
  const auto found = std::find(keys.begin(), keys.end(), key);
  return found == keys.end() ? -1 : static_cast<int>(found - keys.begin());
}

bool same_point(const SellingPoint& point, const data::Attribute& a) {
  if (point.value != a.val) return false;
  if (point.key == a.key) return true;
  return (rank_in(kLookKeys, point.key) >= 0 && rank_in(kLookKeys, a.key) >= 0) ||
         (rank_in(kBuildKeys, point.key) >= 0 && rank_in(kBuildKeys, a.key) >= 0);
}

bool names(const std::string& entry, const SellingPoint& point) {
  return entry == point.key || entry == point.key + "#" + point.value;
}

bool any_names(const std::vector<std::string>& entries, const SellingPoint& point) {
  return std::any_of(entries.begin(), entries.end(), [&](const std::string& e) { return names(e, point); });
}

/// One point a distinct value; the subject's attributes are left out.
std::vector<SellingPoint> collect_points(const data::Product& product, const std::vector<int>& taken) {
  std::vector<SellingPoint> points;
  for (size_t i = 0; i < product.attributes.size(); ++i) {
    const data::Attribute& a = product.attributes[i];
    const int idx = static_cast<int>(i);
    if (a.val.empty() || std::find(taken.begin(), taken.end(), idx) != taken.end()) continue;
    auto same = std::find_if(points.begin(), points.end(), [&](const SellingPoint& p) { return same_point(p, a); });
    if (same == points.end()) {
      points.push_back({.attr_idx = {idx}, .attr_ids = {}, .key = a.key, .value = a.val});
      continue;
    }
    same->attr_idx.push_back(idx);
    if (rank_in(kLookKeys, a.key) >= 0 && rank_in(kLookKeys, a.key) < rank_in(kLookKeys, same->key)) same->key = a.key;
  }
  return points;
}

/// The rarest of the point's pairs counts.
double point_idf(const SellingPoint& point, const data::Product& product, const data::AttributeStatistics& statistics,
                 const std::string& category) {
  double idf = 0;
  for (const int i : point.attr_idx) {
    const data::Attribute& a = product.attributes[static_cast<size_t>(i)];
    idf = std::max(idf, statistics.idf(category, a.key, a.val));
  }
  return idf;
}

/// Points that `order` names go to the front, in its order; the rest stays as it is. The noun stays first
/// unless `order` names it.
void apply_order(std::vector<SellingPoint>& points, const std::vector<std::string>& order) {
  auto rank = [&](const SellingPoint& point) {
    const auto found = std::find_if(order.begin(), order.end(), [&](const std::string& e) { return names(e, point); });
    return found - order.begin();
  };
  const bool keep_first = !points.empty() && !any_names(order, points.front());
  std::stable_sort(points.begin() + (keep_first ? 1 : 0), points.end(),
                   [&](const SellingPoint& a, const SellingPoint& b) { return rank(a) < rank(b); });
}

/// Points whose pairs are all sparse leave the plan.
void drop_points(Plan& plan, std::vector<SellingPoint>& points, const std::vector<data::SparsePair>& sparse) {
  const auto find = [&](int i) {
    return std::find_if(sparse.begin(), sparse.end(), [i](const data::SparsePair& pair) { return pair.attr_idx == i; });
  };
  std::erase_if(points, [&](const SellingPoint& p) {
    if (p.pinned || !std::all_of(p.attr_idx.begin(), p.attr_idx.end(), [&](int i) { return find(i) != sparse.end(); })) return false;
    for (const int i : p.attr_idx) plan.dropped.push_back(*find(i));
    return true;
  });
}

/// Point indices by key, in order of each key's first point.
std::vector<std::vector<int>> bunches_by_key(const std::vector<SellingPoint>& points) {
  std::vector<std::vector<int>> bunches;
  std::map<std::string, size_t> bunch_of;
  for (size_t i = 0; i < points.size(); ++i) {
    const auto [found, is_new] = bunch_of.emplace(points[i].key, bunches.size());
    if (is_new) bunches.emplace_back();
    bunches[found->second].push_back(static_cast<int>(i));
  }
  return bunches;
}

std::string plan_id(const Plan& plan) {
  std::string text = plan.product_id + "\n" + plan.category;
  for (const SellingPoint& p : plan.points) text += "\n" + p.key + "#" + p.value;
  return "plan-" + sha256_hex(text).substr(0, 12);
}

/// Points of one key are one bunch; a bunch that is too long for a sentence is spread over several.
void split_long_groups(std::vector<std::vector<int>>& groups, size_t longest) {
  std::vector<std::vector<int>> split;
  for (const auto& group : groups) {
    const size_t parts = (group.size() + longest - 1) / longest;
    for (size_t part = 0; part < parts; ++part) {
      const auto begin = static_cast<std::ptrdiff_t>(group.size() * part / parts);
      const auto end = static_cast<std::ptrdiff_t>(group.size() * (part + 1) / parts);
      split.emplace_back(group.begin() + begin, group.begin() + end);
    }
  }
  groups = std::move(split);
}

}  // namespace

std::string statistics_category(const data::Product& product, const data::AttributeStatistics& statistics) {
  const std::string category = data::category_of(product);
  if (statistics.n(category) > 0) return category;
  for (const data::Attribute& a : product.attributes) {
    if (a.key == "类型" && statistics.n(a.val) > 0) return a.val;
  }
  return "";
}

void give_up_unknown_category(const data::AttributeStatistics& statistics, data::Product& product) {
  const std::string known = statistics_category(product, statistics);
  if (!known.empty() && known != data::category_of(product)) product.category_path.clear();
}

void group_points(Plan& plan, const PlanConfig& config) {
  plan.groups.clear();
  const auto bunches = bunches_by_key(plan.points);
  if (bunches.empty()) return;
  const int count = static_cast<int>(plan.points.size()) - 1;  // the first is the noun, it takes no room
  const int by_length = (plan.length + config.code_points_per_sentence / 2) / config.code_points_per_sentence;
  const int by_count = (count + config.max_points_per_sentence - 1) / config.max_points_per_sentence;
  const int after_first = std::max(1, static_cast<int>(bunches.size()) - 1);
  const int sentences = std::clamp(std::max(by_length, by_count), 1, after_first);
  plan.groups.push_back(bunches[0]);
  int placed = static_cast<int>(bunches[0].size()) - 1;
  for (size_t b = 1; b < bunches.size(); ++b) {
    // A new sentence when this one has its share, or when each bunch left is needed for a sentence of its own.
    const int left = sentences - static_cast<int>(plan.groups.size());
    const bool full = placed * sentences >= count * static_cast<int>(plan.groups.size());
    const bool needed = static_cast<int>(bunches.size() - b) <= left;
    if (left > 0 && b > 1 && (full || needed)) plan.groups.emplace_back();
    plan.groups.back().insert(plan.groups.back().end(), bunches[b].begin(), bunches[b].end());
    placed += static_cast<int>(bunches[b].size());
  }
  split_long_groups(plan.groups, static_cast<size_t>(config.max_points_per_sentence) + 1);
}

Plan make_plan(const data::Product& product, const data::AttributeStatistics& statistics, const PlanConfig& config,
               const std::vector<std::string>& pinned_keys, const std::vector<std::string>& order) {
  Plan plan;
  plan.product_id = product.id;
  plan.category = data::category_of(product);
  const Subject subject = find_subject(product);
  std::vector<SellingPoint> points = collect_points(product, subject.attr_idx);
  std::string counted = statistics_category(product, statistics);
  if (statistics.n(counted) < 2) counted.clear();  // one product says nothing about what is rare
  for (SellingPoint& p : points) {
    p.pinned = any_names(pinned_keys, p);
    if (!counted.empty()) p.score_idf = point_idf(p, product, statistics, counted);
  }
  if (!counted.empty() && config.idf_order) {
    std::stable_sort(points.begin(), points.end(), [](const SellingPoint& a, const SellingPoint& b) {
      return a.score_idf != b.score_idf ? a.score_idf > b.score_idf : a.value < b.value;
    });
  }
  if (!counted.empty() && config.drop_sparse) {
    drop_points(plan, points, data::sparse_pairs(product, statistics, counted, config.min_tfidf));
  }
  if (!subject.value.empty()) {
    SellingPoint first{.attr_idx = subject.attr_idx, .attr_ids = {}, .key = subject.key, .value = subject.value};
    first.pinned = any_names(pinned_keys, first);
    points.insert(points.begin(), std::move(first));
  }
  apply_order(points, order);
  plan.points = std::move(points);
  for (size_t i = 0; i < plan.points.size(); ++i) {
    SellingPoint& point = plan.points[i];
    point.order = static_cast<int>(i);
    for (const int a : point.attr_idx) point.attr_ids.push_back(product.attributes[static_cast<size_t>(a)].id);
  }
  group_points(plan, config);
  plan.id = plan_id(plan);
  return plan;
}

Json to_json(const Plan& plan) {
  Json points = Json::array();
  for (const SellingPoint& p : plan.points) {
    points.push_back({{"attr_ids", p.attr_ids}, {"key", p.key}, {"value", p.value}, {"score_idf", p.score_idf},
                      {"score_engage", p.score_engage}, {"pinned", p.pinned}, {"order", p.order}});
  }
  Json json{{"id", plan.id}, {"product_id", plan.product_id}, {"category", plan.category}, {"points", std::move(points)},
            {"groups", plan.groups}, {"style", plan.style}, {"platform", plan.platform}, {"length", plan.length}};
  if (!plan.audience.empty()) json["audience"] = plan.audience;
  json["keywords"] = plan.keywords;
  return json;
}

std::vector<std::string> unknown_wishes(std::span<const data::Product> products, const std::vector<std::string>& wishes) {
  std::vector<std::string> unknown;
  for (const std::string& wish : wishes) {
    const bool known = std::any_of(products.begin(), products.end(), [&](const data::Product& product) {
      return std::any_of(product.attributes.begin(), product.attributes.end(),
                         [&](const data::Attribute& a) { return wish == a.key || wish == a.key + "#" + a.val; });
    });
    if (!known && std::find(unknown.begin(), unknown.end(), wish) == unknown.end()) unknown.push_back(wish);
  }
  return unknown;
}

}  // namespace vitrine::copywriting
