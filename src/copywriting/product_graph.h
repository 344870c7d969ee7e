// copywriting/product_graph.h - product → attribute → selling point, with the evidence of each step.
#pragma once
#include <string>

#include "base/json.h"
#include "copywriting/plan.h"
#include "data/product.h"
#include "data/statistics.h"

namespace vitrine::copywriting {

/// {"product":{id, category, source{file,row}}, "attributes":[{id, raw, canonical, df, n, evidence_id?, point}],
///  "points":[{order, key, value, sentence, attr_ids, score_idf, score_engage, pinned}]}
///   raw, canonical  "key#value" as the shop wrote it and after normalisation
///   df, n           products of the category that have the pair, and all of it; 0 where the statistics lack it
///   point           position in points; null for a pair that the plan left out
///   sentence        from 1
Json graph_json(const data::Product& product, const Plan& plan, const data::AttributeStatistics& statistics);

/// The same as a tree for people, one product: a line for it, for each point, and for each attribute below its point.
std::string graph_tree(const data::Product& product, const Plan& plan, const data::AttributeStatistics& statistics);

}  // namespace vitrine::copywriting
