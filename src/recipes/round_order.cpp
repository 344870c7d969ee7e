#include "recipes/round_order.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/compressed.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "checks/output_faults.h"
#include "copywriting/ranker_input.h"
#include "copywriting/training_set.h"
#include "recipes/json_lines.h"
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
                                          const std::string& text, int length) {
  copywriting::CopyDocument document{.category = data::category_of(product), .audience = "", .sentences = {}};
  for (auto& sentence : copywriting::split_sentences(text)) document.sentences.push_back({std::move(sentence), {}});
  const auto plan = copywriting::open_plan_of(format, product, length);
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
          {"planned", one.sample.planned},
          {"blocked", one.sample.blocked},
          {"parts", copywriting::to_json(one.parts)},
          {"rules", one.rules},
          {"ranker", one.ranker ? Json(*one.ranker) : Json(nullptr)},
          {"reward", one.reward}};
}

}  // namespace

void OrderingConfig::validate() const {
  check_config(*this, "align copy");
  if (!use_ranker && !use_rules) throw UsageError("--no-use-ranker, --no-use-rules: one of them must have a say in the order");
}

std::vector<std::vector<TextFluency>> fluency_of(const copywriting::CopyModel& model, std::span<const data::Product> products,
                                                 std::span<const SampledProduct> sampled, int length) {
  std::vector<std::vector<TextFluency>> fluency(sampled.size());
  const auto most = static_cast<size_t>(model.decoder->config().n_positions);
  Progress progress("fluency", sampled.size(), "products");
  for (size_t i = 0; i < sampled.size(); ++i) {
    throw_if_interrupted("the finished stages are kept; the same command goes on");
    for (const auto& sample : sampled[i].samples) {
      auto sequence = sequence_of(*model.format, products[i], sample.text, length);
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
  Progress progress("order", products.size(), "products");
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
    for (auto& one : ordered[i].samples) {
      one.reward = reward_of(one, config);
      VITRINE_REQUIRE(std::isfinite(one.reward), "[order_samples] ", products[i].id, ": the reward of a text is ", one.reward);
    }
    std::stable_sort(ordered[i].samples.begin(), ordered[i].samples.end(), [](const auto& a, const auto& b) { return a.reward > b.reward; });
    progress.advance();
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

namespace {

OrderedProduct ordered_from(const Json& json) {
  OrderedProduct product{.product_id = json.at("id").get<std::string>(), .samples = {}};
  for (const auto& line : json.at("samples")) {
    OrderedSample& one = product.samples.emplace_back();
    one.parts = copywriting::reward_parts_from(line.at("parts"));
    line.at("text").get_to(one.sample.text);
    line.at("temperature").get_to(one.sample.temperature);
    line.at("planned").get_to(one.sample.planned);
    line.at("blocked").get_to(one.sample.blocked);
    one.sample.may_leave = one.parts.may_leave;
    one.sample.hits = one.parts.hits;
    one.sample.coverage = one.parts.coverage;
    line.at("rules").get_to(one.rules);
    if (!line.at("ranker").is_null()) one.ranker = line.at("ranker").get<double>();
    line.at("reward").get_to(one.reward);
  }
  return product;
}

struct Sums {
  int64_t texts = 0, said = 0, first = 0;
  double coverage = 0, offset = 0, repetition = 0, length = 0;

  void add(const OrderedSample& one) {
    ++texts;
    said += one.parts.point_said;
    first += one.parts.point_first;
    coverage += one.parts.coverage;
    if (one.parts.point_said) offset += one.parts.point_offset;
    repetition += one.parts.repetition;
    length += static_cast<double>(text::metric_code_points(one.sample.text).size());
  }
  Json json() const {
    const auto share = [&](double sum) { return texts == 0 ? Json(nullptr) : Json(sum / static_cast<double>(texts)); };
    return {{"texts", texts}, {"coverage", share(coverage)}, {"point_mention", share(static_cast<double>(said))},
            {"point_offset", said == 0 ? Json(nullptr) : Json(offset / static_cast<double>(said))},
            {"point_in_first_sentence", share(static_cast<double>(first))}, {"repetition", share(repetition)}, {"mean_length", share(length)}};
  }
};

}  // namespace

std::vector<OrderedProduct> read_ordered(const std::filesystem::path& path) {
  std::vector<OrderedProduct> products;
  for_each_json_line(read_file_unpacked(path), path.string(), [&](const Json& json, const std::string& where) {
    try {
      products.push_back(ordered_from(json));
    } catch (const Json::exception&) {
      throw Corrupt(concat("[read_ordered] ", where, ": expected a line of ordered texts"));
    }
  });
  return products;
}

double disagreement_of(std::span<const OrderedProduct> products) {
  int64_t pairs = 0, different = 0;
  for (const auto& product : products) {
    for (size_t i = 0; i < product.samples.size(); ++i) {
      for (size_t j = i + 1; j < product.samples.size(); ++j) {
        const auto &a = product.samples[i], &b = product.samples[j];
        if (!a.parts.may_leave || !b.parts.may_leave || !a.ranker || !b.ranker) continue;
        if (a.rules == b.rules || *a.ranker == *b.ranker) continue;
        ++pairs;
        different += (a.rules > b.rules) != (*a.ranker > *b.ranker);
      }
    }
  }
  return pairs == 0 ? std::nan("") : static_cast<double>(different) / static_cast<double>(pairs);
}

Json summary_of(std::span<const OrderedProduct> products) {
  Sums all, best;
  for (const auto& product : products) {
    for (const auto& one : product.samples) all.add(one);
    if (!product.samples.empty() && product.samples.front().parts.may_leave) best.add(product.samples.front());
  }
  const double disagreement = disagreement_of(products);
  return {{"all", all.json()}, {"best", best.json()}, {"disagreement", std::isnan(disagreement) ? Json(nullptr) : Json(disagreement)}};
}

}  // namespace vitrine::recipes
