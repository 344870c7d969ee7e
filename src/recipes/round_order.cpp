#include "recipes/round_order.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "base/compressed.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "checks/output_faults.h"
#include "copywriting/open_plan.h"
#include "recipes/json_lines.h"
#include "text/utf8.h"

namespace vitrine::recipes {
namespace {

using copywriting::RewardParts;

RewardParts parts_of(const Sample& sample, const data::Product& product, const std::u32string& point, int wanted_length) {
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
  parts.repetition = checks::repeated_share(text, 4);
  parts.length_gap = std::abs(static_cast<double>(text.size()) - wanted_length) / wanted_length;
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

std::vector<size_t> all_places(size_t count) {
  std::vector<size_t> places(count);
  std::iota(places.begin(), places.end(), size_t{0});
  return places;
}

std::vector<TextFluency> own_fluency(const SampledProduct& product) {
  std::vector<TextFluency> fluency;
  for (const auto& sample : product.samples) fluency.push_back({sample.tokens, sample.logprob});
  return fluency;
}

/// Mean log-probability of a token of each text; of one that was not read the mean over those that were.
std::vector<double> fluency_per_token(std::span<const TextFluency> fluency, size_t count) {
  std::vector<double> means(count, 0);
  double sum = 0;
  int64_t texts = 0;
  for (size_t i = 0; i < fluency.size(); ++i) {
    if (fluency[i].tokens == 0) continue;
    means[i] = fluency[i].logprob / static_cast<double>(fluency[i].tokens);
    sum += means[i];
    ++texts;
  }
  for (size_t i = 0; i < fluency.size() && texts > 0; ++i) {
    if (fluency[i].tokens == 0) means[i] = sum / static_cast<double>(texts);
  }
  return means;
}

/// A text with the parts of its reward, and its place among the samples.
struct Judged {
  size_t place = 0;
  OrderedSample sample;
};

std::vector<Judged> judged_samples(const data::Product& product, const SampledProduct& sampled, std::span<const TextFluency> fluency,
                                   const OrderContext& context, const copywriting::NgramFrequencies& ngrams) {
  const auto point = text::metric_code_points(context.frequencies.distinctive_value(product));
  const auto means = fluency_per_token(fluency, sampled.samples.size());
  std::vector<Judged> judged;
  for (const size_t s : distinct_samples(sampled)) {
    Judged& one = judged.emplace_back();
    one.place = s;
    one.sample.sample = sampled.samples[s];
    one.sample.parts = parts_of(sampled.samples[s], product, point, context.length);
    one.sample.parts.fluency = means[s];
    one.sample.is_read = fluency.empty() || fluency[s].tokens > 0;
    one.sample.parts.commonness = ngrams.commonness(text::metric_code_points(sampled.samples[s].text));
  }
  return judged;
}

void add_ranker_scores(const data::Product& product, const RankTexts& rank, OrderedProduct& ordered) {
  std::vector<std::string> texts;
  std::vector<size_t> places;
  for (size_t i = 0; i < ordered.samples.size(); ++i) {
    if (!ordered.samples[i].is_read) continue;
    texts.push_back(ordered.samples[i].sample.text);
    places.push_back(i);
  }
  const auto scores = texts.empty() ? std::vector<double>{} : rank(product, texts);
  for (size_t i = 0; i < scores.size(); ++i) {
    VITRINE_REQUIRE(std::isfinite(scores[i]), "[order_samples] ", product.id, ", text ", places[i], ": the ranking model's score is ", scores[i]);
    ordered.samples[places[i]].ranker = scores[i];
  }
}

double reward_of(const OrderedSample& one, const OrderingConfig& config) {
  double reward = 0;
  if (config.use_rules) reward += config.rules_weight * one.rules;
  if (config.use_ranker && one.ranker) reward += config.ranker_weight * *one.ranker;
  return reward;
}

/// Those that may leave and were read, then those that were not read, then those that must not leave, whoever has a say.
int tier_of(const OrderedSample& one) { return !one.parts.may_leave ? 2 : !one.is_read ? 1 : 0; }

/// Best first; a lower tier's rewards are moved below those of the tier above.
void sort_by_reward(std::vector<OrderedSample>& samples) {
  std::stable_sort(samples.begin(), samples.end(), [](const auto& a, const auto& b) { return std::pair(-tier_of(a), a.reward) > std::pair(-tier_of(b), b.reward); });
  double shift = 0;
  for (size_t i = 1; i < samples.size(); ++i) {
    const bool is_first_of_tier = tier_of(samples[i]) != tier_of(samples[i - 1]);
    if (is_first_of_tier) shift = std::min(0.0, samples[i - 1].reward - samples[i].reward - 1);
    samples[i].reward += shift;
  }
}

Json json_of(const OrderedSample& one) {
  return {{"text", one.sample.text},
          {"temperature", one.sample.temperature},
          {"planned", one.sample.planned},
          {"blocked", one.sample.blocked},
          {"is_read", one.is_read},
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
                                                 std::span<const SampledProduct> sampled, int length, std::span<const std::vector<size_t>> read) {
  std::vector<std::vector<TextFluency>> fluency(sampled.size());
  const auto most = static_cast<size_t>(model.decoder->config().n_positions);
  Progress progress("fluency", sampled.size(), "products");
  for (size_t i = 0; i < sampled.size(); ++i) {
    throw_if_interrupted("the finished stages are kept; the same command goes on");
    fluency[i].resize(sampled[i].samples.size());
    const auto places = read.empty() ? all_places(sampled[i].samples.size()) : read[i];
    for (const size_t s : places) {
      const auto document = copywriting::document_of(products[i], sampled[i].samples[s].text, model.aligned_terms);
      auto sequence = copywriting::sequence_after_open_plan(*model.format, products[i], document, length, /*groups=*/false);
      sequence.input_ids.resize(std::min(sequence.input_ids.size(), most));
      sequence.predicted.resize(sequence.input_ids.size());
      const auto score = model.decoder->score(sequence.input_ids, sequence.predicted);
      fluency[i][s] = {score.tokens, score.logprob};
    }
    progress.advance();
  }
  return fluency;
}

std::vector<std::vector<size_t>> contenders(std::span<const data::Product> products, std::span<const SampledProduct> sampled,
                                            const OrderContext& context, const copywriting::RuleRewardConfig& reward, int count) {
  copywriting::RuleRewardConfig without_fluency = reward;
  without_fluency.fluency = 0;
  const auto ngrams = frequencies_of(sampled);
  std::vector<std::vector<size_t>> best(sampled.size());
  for (size_t i = 0; i < sampled.size(); ++i) {
    std::vector<std::pair<double, size_t>> rewards;
    for (const auto& one : judged_samples(products[i], sampled[i], {}, context, ngrams)) {
      if (one.sample.parts.may_leave) rewards.emplace_back(-copywriting::rule_reward(one.sample.parts, without_fluency), one.place);
    }
    std::sort(rewards.begin(), rewards.end());
    rewards.resize(std::min(rewards.size(), static_cast<size_t>(count)));
    for (const auto& [reward_below, place] : rewards) best[i].push_back(place);
  }
  return best;
}

std::vector<OrderedProduct> order_samples(std::span<const data::Product> products, std::span<const SampledProduct> sampled,
                                          std::span<const std::vector<TextFluency>> fluency,
                                          const OrderContext& context, const OrderingConfig& config) {
  config.validate();
  VITRINE_REQUIRE(products.size() == sampled.size(), "[order_samples] expected samples of ", products.size(), " products, got ", sampled.size());
  VITRINE_REQUIRE(fluency.empty() || fluency.size() == sampled.size(), "[order_samples] expected fluency of ", sampled.size(), " products, got ", fluency.size());
  const auto ngrams = frequencies_of(sampled);
  std::vector<OrderedProduct> ordered(products.size());
  Progress progress("order", products.size(), "products");
  for (size_t i = 0; i < products.size(); ++i) {
    VITRINE_REQUIRE(products[i].id == sampled[i].product_id, "[order_samples] product ", i, ": expected samples of ", products[i].id, ", got ", sampled[i].product_id);
    VITRINE_REQUIRE(fluency.empty() || fluency[i].size() == sampled[i].samples.size(), "[order_samples] ", products[i].id, ": expected fluency of ", sampled[i].samples.size(), " texts, got ", fluency[i].size());
    ordered[i].product_id = products[i].id;
    const auto judged = judged_samples(products[i], sampled[i], fluency.empty() ? own_fluency(sampled[i]) : fluency[i], context, ngrams);
    for (const auto& one : judged) {
      ordered[i].samples.push_back(one.sample);
      ordered[i].samples.back().rules = copywriting::rule_reward(one.sample.parts, config.reward);
    }
    if (context.rank && config.use_ranker && !ordered[i].samples.empty()) add_ranker_scores(products[i], context.rank, ordered[i]);
    for (auto& one : ordered[i].samples) {
      one.reward = reward_of(one, config);
      VITRINE_REQUIRE(std::isfinite(one.reward), "[order_samples] ", products[i].id, ": the reward of a text is ", one.reward);
    }
    sort_by_reward(ordered[i].samples);
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
    line.at("is_read").get_to(one.is_read);
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
