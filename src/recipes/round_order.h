// recipes/round_order.h - the second stage of a round: what each sampled text is worth, and the order that follows.
#pragma once
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "copywriting/copy_model.h"
#include "copywriting/distinctive_point.h"
#include "copywriting/rule_reward.h"
#include "data/product.h"
#include "recipes/round_samples.h"

namespace vitrine::recipes {

struct OrderingConfig {
  bool use_ranker = true;
  bool use_rules = true;
  double ranker_weight = 1;  // of a unit of the ranking model's score
  double rules_weight = 1;   // of a unit of the rules' reward
  int contenders = 0;        // texts of a product that the SFT model and the ranking model read, the best by the other rules of those that may leave; 0, or rules without a say: all of those
  copywriting::RuleRewardConfig reward;

  void describe(FieldVisitor& v) {
    v.field("use_ranker", use_ranker, "the ranking model has a say in the order");
    v.field("use_rules", use_rules, "the rules have a say in the order; texts that must not leave stay last without it too");
    v.field("ranker_weight", ranker_weight, "of a unit of the ranking model's score", 0, 1000);
    v.field("rules_weight", rules_weight, "of a unit of the rules' reward", 0, 1000);
    v.field("contenders", contenders, "texts of a product that the SFT model (fluency) and the ranking model read: the best by the other rules of those that may leave; the others stand behind them; 0 = all that may leave", 0, 1000);
    reward.describe(v);
  }
  /// Throws InvalidInput, also when nothing has a say.
  void validate() const;
};

struct OrderedSample {
  Sample sample;
  copywriting::RewardParts parts;
  bool is_read = true;           // by the SFT model and the ranking model: a contender
  double rules = 0;              // rule_reward
  std::optional<double> ranker;  // score of the ranking model
  double reward = 0;             // what the order goes by
};

struct OrderedProduct {
  std::string product_id;
  std::vector<OrderedSample> samples;  // best first; ties keep the order of drawing
};

/// Log-probability of one text after its product's open plan.
struct TextFluency {
  int64_t tokens = 0;
  double logprob = 0;
};

/// Of the sentences of each sample in turn, under `model` (the SFT model), after an open plan of `length` code points and each behind
/// the group of what it says. read: for each product the samples that the model reads, the others have 0 tokens; empty = all of
/// all. One thread calls it.
std::vector<std::vector<TextFluency>> fluency_of(const copywriting::CopyModel& model, std::span<const data::Product> products,
                                                 std::span<const SampledProduct> sampled, int length, std::span<const std::vector<size_t>> read = {});

/// Scores of the ranking model for the texts of one product.
using RankTexts = std::function<std::vector<double>(const data::Product& product, const std::vector<std::string>& texts)>;

/// What texts are judged by.
struct OrderContext {
  const copywriting::ValueFrequencies& frequencies;
  int length = 110;        // code points wanted
  RankTexts rank = nullptr;  // null = no ranking model
};

/// For each product the places of its `count` best texts by the rules without fluency, of those that may leave; equal texts once.
std::vector<std::vector<size_t>> contenders(std::span<const data::Product> products, std::span<const SampledProduct> sampled,
                                            const OrderContext& context, const copywriting::RuleRewardConfig& reward, int count);

/// products[i] is the product of sampled[i]. fluency: of fluency_of, or empty = each sample's own log-probability; a text that was
/// not read counts as fluent as those of its product that were, on average, is not read by the ranking model either, and stays
/// behind those that were.
/// Equal texts of a product stay once, the first one drawn.
/// Throws InvalidInput when the ids differ, or a score of the ranking model is not finite (product named).
std::vector<OrderedProduct> order_samples(std::span<const data::Product> products, std::span<const SampledProduct> sampled,
                                          std::span<const std::vector<TextFluency>> fluency,
                                          const OrderContext& context, const OrderingConfig& config);

/// One line a product: id, samples best first with text, parts, rules, ranker, reward.
std::string ordered_jsonl(std::span<const OrderedProduct> products);
/// Reads them again. Throws NotFound, Corrupt naming the line.
std::vector<OrderedProduct> read_ordered(const std::filesystem::path& path);

/// What an order looks like as a whole: texts, best ones that may leave, and of all and of the best ones the means of
/// coverage, place of the distinctive point, repetition and length; pairs in which ranking model and rules disagree.
Json summary_of(std::span<const OrderedProduct> products);

/// Share of the pairs of texts of one product (both may leave, rules and ranker differ) that the ranking model and the rules order
/// differently; NaN when there is none.
double disagreement_of(std::span<const OrderedProduct> products);

}  // namespace vitrine::recipes
