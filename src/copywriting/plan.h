// copywriting/plan.h - which selling points a text makes, in which order, and which of them share a sentence.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "base/config.h"
#include "base/json.h"
#include "data/product.h"
#include "data/selection.h"
#include "data/statistics.h"

namespace vitrine::copywriting {

/// A selling point 卖点: one value that the text has to say.
struct SellingPoint {
  std::vector<int> attr_idx;  // indices into product.attributes; empty = from the category path
  std::vector<std::string> attr_ids;  // their ids
  std::string key, value;     // canonical; of the subject: the most specific garment word, else the category
  double score_idf = 0;       // IDF in the category, natural logarithm; 0 for the subject
  double score_engage = 0;    // 0 = no engagement signals
  bool pinned = false;        // never dropped
  int order = 0;              // position in the plan, from 0
};

struct Plan {
  std::string id, product_id, category;
  std::vector<SellingPoint> points;      // in the order of their worth, the subject first
  std::vector<std::vector<int>> groups;  // point indices per sentence
  std::string style = "taobao", platform, audience;
  int length = 110;  // code points
  std::vector<std::string> keywords;
  std::vector<data::SparsePair> dropped;  // pairs of the points left out as sparse
};

struct PlanConfig {
  bool idf_order = true;
  bool drop_sparse = false;  // on, it drops just the rare points that set a product apart
  double min_tfidf = 0.01;
  int max_points_per_sentence = 3;
  int code_points_per_sentence = 34;

  void describe(FieldVisitor& v) {
    v.field("idf_order", idf_order, "order points by IDF in their category, else as in the source");
    v.field("drop_sparse", drop_sparse, "drop pairs that the TF-IDF selection calls sparse");
    v.field("min_tfidf", min_tfidf, "pairs with a lower mean TF-IDF in their category are sparse", 0, 1);
    v.field("max_points_per_sentence", max_points_per_sentence, "points in one sentence, subject aside", 1, 20);
    v.field("code_points_per_sentence", code_points_per_sentence, "usual length of a sentence", 8, 200);
  }
};

/// The plan of a product. The subject (类型 and the most specific garment word, else the category) comes first, then
/// the points by falling IDF within the category, ties by code points of the value; a category that the statistics do
/// not hold, or of which they know one product, keeps the order of the source and drops nothing. Equal values of kindred keys (图案#纯色, 颜色#纯色) are one point.
///   pinned_keys, order  keys, or key#value. Pinned points are never dropped. Points that `order` names come in
///                       exactly that order, before the others; names that the product lacks are passed over.
/// The subject stays first unless `order` names it.
/// Groups keep points of one key together; the subject is in the first. Throws nothing of its own.
Plan make_plan(const data::Product& product, const data::AttributeStatistics& statistics, const PlanConfig& config,
               const std::vector<std::string>& pinned_keys = {}, const std::vector<std::string>& order = {});

/// Divides plan.points into sentences for plan.length. Called by make_plan; again after a change of length or order.
void group_points(Plan& plan, const PlanConfig& config);

/// The category under which the statistics know the product: category_of, else 类型, else "".
std::string statistics_category(const data::Product& product, const data::AttributeStatistics& statistics);
/// A shop's finer category (牛仔裤) that the statistics lack gives way to the product type (裤), where they have that.
void give_up_unknown_category(const data::AttributeStatistics& statistics, data::Product& product);

/// The plan record, without `dropped`.
Json to_json(const Plan& plan);

/// The entries of `wishes` (keys, or key#value, of pins and orders) that no product has, each once.
std::vector<std::string> unknown_wishes(std::span<const data::Product> products, const std::vector<std::string>& wishes);

}  // namespace vitrine::copywriting
