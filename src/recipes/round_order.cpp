#include "recipes/round_order.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "checks/output_faults.h"
#include "copywriting/ranker_input.h"
#include "copywriting/training_set.h"
#include "text/utf8.h"

namespace vitrine::recipes {
namespace {

using copywriting::RewardParts;

constexpr double kMustNotLeave = 1000;  // more than any reward

/// Share of the 4-grams that stood in the text before.
double repeated_share(std::u32string_view text) {
  return text.size() < 4 ? 0 : static_cast<double>(checks::count_repeated_ngrams(text, 4)) / static_cast<double>(text.size() - 3);
}

copywriting::TrainingSequence sequence_of(const copywriting::PromptFormat& format, const data::Product& product,
                                          const std::string& text) {
  copywriting::CopyDocument document{.category = data::category_of(product), .audience = "", .sentences = {}};
  for (auto& sentence : copywriting::split_sentences(text)) document.sentences.push_back({std::move(sentence), {}});
  const auto plan = copywriting::open_plan_of(format, product);
  return copywriting::open_sequence(format, document, plan.groups.front(), plan.length);
}

RewardParts parts_of(const Sample& sample, const data::Product& product, const std::u32string& point,
                     const TextFluency& fluency, int wanted_length) {
  const std::u32string text = text::metric_code_points(sample.text);
  RewardParts parts;
  parts.may_leave = sample.may_leave;
  parts.hits = sample.hits;
  parts.coverage = checks::literal_coverage(text::to_utf32(sample.text), product, /*any_word_for_category=*/false);
  if (const auto place = copywriting::find_point(text, point)) {
    parts.point_said = true;
    parts.point_offset = place->offset;
    parts.point_first = place->in_first_sentence;
  }
  parts.repetition = repeated_share(text);
  parts.length_gap = std::abs(static_cast<double>(text.size()) - wanted_length) / wanted_length;
  parts.fluency = fluency.tokens > 0 ? fluency.logprob / static_cast<double>(fluency.tokens) : 0;
  return parts;
}

copywriting::NgramFrequencies frequencies_of(std::span<const SampledProduct> sampled) {
  copywriting::NgramFrequencies ngrams;
  for (const auto& product : sampled) {
    std::vector<std::u32string> texts;
    for (const auto& sample : product.samples) texts.push_back(text::metric_code_points(sample.text));
    ngrams.add(texts);
  }
  return ngrams;
}

/// Each text once.
std::vector<size_t> distinct_samples(const SampledProduct& product) {
  std::set<std::string_view> seen;
  std::vector<size_t> kept;
  for (size_t i = 0; i < product.samples.size(); ++i) {
    if (seen.insert(product.samples[i].text).second) kept.push_back(i);
  }
  return kept;
}

void add_ranker_scores(const data::Product& product, const RankTexts& rank, OrderedProduct& ordered) {
  std::vector<std::string> texts;
  for (const auto& one : ordered.samples) texts.push_back(one.sample.text);
  const auto scores = rank(product, texts);
  for (size_t i = 0; i < scores.size(); ++i) {
    VITRINE_REQUIRE(std::isfinite(scores[i]), "[order_samples] ", product.id, ", text ", i, ": the ranking model's score is ", scores[i]);
    ordered.samples[i].ranker = scores[i];
  }
}

/// A text that must not leave stays behind all others whoever has a say.
double reward_of(const OrderedSample& one, const OrderingConfig& config) {
  double reward = one.parts.may_leave ? 0 : -kMustNotLeave;
  if (config.use_rules) reward += config.rules_weight * one.rules;
  if (config.use_ranker && one.ranker) reward += config.ranker_weight * *one.ranker;
  return reward;
}

Json json_of(const OrderedSample& one) {
  return {{"text", one.sample.text},
          {"temperature", one.sample.temperature},
          {"blocked", one.sample.blocked},
          {"parts", copywriting::to_json(one.parts)},
          {"rules", one.rules},
          {"ranker", one.ranker ? Json(*one.ranker) : Json(nullptr)},
          {"reward", one.reward}};
}

}  // namespace

void OrderingConfig::validate() const {
  check_config(*this, "align copy");
  VITRINE_REQUIRE(use_ranker || use_rules, "[align copy] use_ranker, use_rules: one of them must have a say in the order");
}

std::vector<std::vector<TextFluency>> fluency_of(const copywriting::CopyModel& model, std::span<const data::Product> products,
                                                 std::span<const SampledProduct> sampled) {
  std::vector<std::vector<TextFluency>> fluency(sampled.size());
  const auto most = static_cast<size_t>(model.decoder->config().n_positions);
  Progress progress("fluency", sampled.size(), "products");
  for (size_t i = 0; i < sampled.size(); ++i) {
    throw_if_interrupted("the finished stages are kept; the same command goes on");
    for (const auto& sample : sampled[i].samples) {
      auto sequence = sequence_of(*model.format, products[i], sample.text);
      sequence.input_ids.resize(std::min(sequence.input_ids.size(), most));
      sequence.predicted.resize(sequence.input_ids.size());
      const auto score = model.decoder->score(sequence.input_ids, sequence.predicted);
      fluency[i].push_back({score.tokens, score.logprob});
    }
    progress.advance();
  }
  return fluency;
}

std::vector<OrderedProduct> order_samples(std::span<const data::Product> products, std::span<const SampledProduct> sampled,
                                          std::span<const std::vector<TextFluency>> fluency,
                                          const copywriting::ValueFrequencies& frequencies, int wanted_length,
                                          const RankTexts& rank, const OrderingConfig& config) {
  config.validate();
  VITRINE_REQUIRE(products.size() == sampled.size(), "[order_samples] expected samples of ", products.size(), " products, got ", sampled.size());
  const auto ngrams = frequencies_of(sampled);
  std::vector<OrderedProduct> ordered(products.size());
  for (size_t i = 0; i < products.size(); ++i) {
    VITRINE_REQUIRE(products[i].id == sampled[i].product_id, "[order_samples] product ", i, ": expected samples of ", products[i].id, ", got ", sampled[i].product_id);
    ordered[i].product_id = products[i].id;
    const auto point = text::metric_code_points(frequencies.distinctive_value(products[i]));
    for (const size_t s : distinct_samples(sampled[i])) {
      const Sample& sample = sampled[i].samples[s];
      OrderedSample& one = ordered[i].samples.emplace_back();
      one.sample = sample;
      one.parts = parts_of(sample, products[i], point, fluency.empty() ? TextFluency{sample.tokens, sample.logprob} : fluency[i][s], wanted_length);
      one.parts.commonness = ngrams.commonness(text::metric_code_points(sample.text));
      one.rules = copywriting::rule_reward(one.parts, config.reward);
    }
    if (rank && config.use_ranker && !ordered[i].samples.empty()) add_ranker_scores(products[i], rank, ordered[i]);
    for (auto& one : ordered[i].samples) one.reward = reward_of(one, config);
    std::stable_sort(ordered[i].samples.begin(), ordered[i].samples.end(), [](const auto& a, const auto& b) { return a.reward > b.reward; });
  }
  return ordered;
}

std::string ordered_jsonl(std::span<const OrderedProduct> products) {
  std::string lines;
  for (const auto& product : products) {
    Json samples = Json::array();
    for (const auto& one : product.samples) samples.push_back(json_of(one));
    lines += dump_line({{"id", product.product_id}, {"samples", std::move(samples)}}) + "\n";
  }
  return lines;
}

}  // namespace vitrine::recipes
