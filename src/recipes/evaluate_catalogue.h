// recipes/evaluate_catalogue.h - `vitrine evaluate catalogue`: how alike the copy of a shop's
// products is, and which texts are too like each other.
#pragma once
#include <string>

#include "base/json.h"
#include "copywriting/catalogue.h"

namespace vitrine::recipes {

struct EvaluateCatalogueConfig {
  copywriting::CatalogueConfig catalogue;
  int sample = 2000;
  std::string output = "-";

  void describe(FieldVisitor& v) {
    catalogue.describe(v);
    v.field("sample", sample,
            "self-similarity looks at this many products at most, drawn by --seed, and compares "
            "them with all",
            2, 1000000);
    v.field("output", output, "file for the result (JSON); - = standard output");
  }
};

/// Rows of JSONL: {id, product_id?, text} (or `summary`), or lines of `write`, of which the first
/// candidate counts. Texts of one product are not compared. The result, in this order:
///   texts, products
///   self_similarity  {mean, low, high, n}: mean over n products of the largest char ROUGE-L of
///   their texts against those
///                    of other products, with the 95 % percentile bootstrap over products (1000
///                    resamples)
///   limit, pairs     [{a, b, product_a, product_b, rouge_l, shared_4grams}], most like first
/// The figures depend on rows, settings and seed alone. threads: 0 = all cores.
/// Throws Corrupt (no JSON, fewer than two products), InvalidInput naming the row, NotFound,
/// IoError.
Json evaluate_catalogue(const std::string& texts, const EvaluateCatalogueConfig& config,
                        int64_t seed, int threads);

/// The same for people; at most `most_pairs` pairs.
std::string catalogue_table(const Json& result, size_t most_pairs = 20);

}  // namespace vitrine::recipes
