// recipes/evaluate_model.h - the product's own systems for `evaluate copy --model`: template bank,
// retrieval, model.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "copywriting/copy_model.h"
#include "copywriting/ranking_model.h"
#include "data/product.h"
#include "eval/copy_metrics.h"
#include "copywriting/write_config.h"

namespace vitrine::recipes {

struct EvaluateModelConfig {
  std::string name;        // in the report; empty = the model's folder
  copywriting::WriteConfig write;       // settings of the nucleus rows; its checks drop nothing here
  int decoding_seeds = 3;  // nucleus runs, seeds write.seed, write.seed + 1, …
  int threads = 0;
  std::string dtype;  // one of generation::weight_dtypes(); empty = that of write
};

/// How well a model predicts the human copies of products in its own prompt format, whatever it
/// would write itself.
struct ModelFit {
  std::string name, dtype;
  int64_t tokens = 0, characters = 0;  // of the copies; end tokens count as tokens
  double nats = 0;                     // of all tokens together

  double perplexity() const;  // of a token
  double nats_per_character() const;
};

/// config.name or the model's folder, with " open" behind it for open plans, " unaided" for those that are not completed.
/// Throws NotFound.
std::string system_name(const EvaluateModelConfig& config);

/// Of config.write.ranker_name(); nothing when it is empty. Throws what loading it throws.
std::optional<copywriting::RankingModel> load_ranker(const EvaluateModelConfig& config);

struct ModelSystems {
  std::vector<eval::SystemOutputs> systems;
  ModelFit fit;
};

/// Systems "template bank", "retrieval" (one text each), "NAME greedy" and "NAME nucleus" (the
/// first of n candidates, one run a seed), for the products in order. Texts are taken before any
/// check. Throws what loading the model throws, and Cancelled.
ModelSystems write_systems(std::span<const data::Product> products,
                           const std::vector<data::Product>& training_rows,
                           const EvaluateModelConfig& config);

}  // namespace vitrine::recipes
