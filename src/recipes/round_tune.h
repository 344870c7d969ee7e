// recipes/round_tune.h - the last stage of a round: the copy model learns from ordered texts.
#pragma once
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/config.h"
#include "copywriting/distinctive_point.h"
#include "copywriting/training_set.h"
#include "data/product.h"
#include "recipes/round_order.h"
#include "train/train_config.h"

namespace vitrine::recipes {

struct TuneConfig {
  std::string objective = "raft";
  int max_pairs = 10000;      // texts (raft), pairs (dpo), lists (rrhf) of a round
  double planned_share = 0.3; // raft: of the best texts, as sequences with the points of each sentence before it
  double human_share = 0.2;   // raft: human copies for each best text
  double beta = 0.1;          // dpo
  double rank_weight = 1, sft_weight = 1;  // rrhf
  int list_size = 4;          // rrhf: texts of a list, evenly from best to worst
  std::string reference_cache;  // dpo: folder for reference log-probabilities
  train::TrainConfig train;

  void describe(FieldVisitor& v) {
    v.field("objective", objective, "raft (best-of-n fine-tuning) | rrhf | dpo", {"raft", "rrhf", "dpo"});
    v.field("max_pairs", max_pairs, "texts, lists or pairs that a round learns from", 1, 1e9);
    v.field("planned_share", planned_share, "raft: share of best texts learned with the points of each sentence before it", 0, 1);
    v.field("human_share", human_share, "raft: human copies for each best text, against drift", 0, 10);
    v.field("beta", beta, "dpo: how much the log-probabilities may leave the reference", 0.0001, 100);
    v.field("rank_weight", rank_weight, "rrhf: of the ranking loss", 0, 1000);
    v.field("sft_weight", sft_weight, "rrhf: of the likelihood of the best text", 0, 1000);
    v.field("list_size", list_size, "rrhf: texts of a list, evenly from best to worst", 2, 64);
    v.field("reference_cache", reference_cache, "dpo: folder that keeps reference log-probabilities for later runs; empty = the user's cache folder");
    train.describe(v);
  }
  void validate() const;
};

/// What a round learns from. products[i] is the product of ordered[i].
struct TuneData {
  std::span<const data::Product> products;
  std::span<const OrderedProduct> ordered;
  std::span<const data::Product> humans;  // curated, with copy
  const copywriting::ValueFrequencies& frequencies;
  int length = 110;                       // code points that the texts were asked for
};

struct TuneRun {
  std::filesystem::path model_dir;  // what the round starts from
  std::string init_name;            // its name in the manifest: "copy-mini-sft", "round-1"
  std::filesystem::path output;     // model directory; its run folder lies beside it
  std::string device = "cpu";
  int round = 1;
  std::string data_sha256;          // of what was ordered
};

struct TuneResult {
  bool complete = false;  // false: stopped by a limit, state saved
  int64_t examples = 0, products = 0;
  double loss = 0;        // mean of the last epoch
  bool reference_from_cache = false;
};

/// Tunes a copy of model_dir and saves it with tokenizer, statistics and a manifest. Resumes. A product whose texts all
/// must not leave, or that has fewer than two different rewards (dpo, rrhf), gives nothing.
/// Throws what train::train throws, InvalidInput when nothing is left to learn from.
TuneResult tune_round(const TuneData& data, const TuneConfig& config, const TuneRun& run);

}  // namespace vitrine::recipes
