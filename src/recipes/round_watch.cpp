#include "recipes/round_watch.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "data/preferences.h"
#include "recipes/blocked.h"
#include "copywriting/copy_writer.h"

namespace vitrine::recipes {
namespace {

constexpr size_t kProductsPerBatch = 32;

/// Always the same ones, whatever the order of the rows.
std::vector<data::Product> watched(std::span<const data::Product> products, int count) {
  std::vector<std::pair<double, const data::Product*>> places;
  for (const auto& product : products) places.emplace_back(data::split_position(product.id, "watch"), &product);
  std::sort(places.begin(), places.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<data::Product> chosen;
  for (size_t i = 0; i < std::min(places.size(), static_cast<size_t>(count)); ++i) chosen.push_back(*places[i].second);
  return chosen;
}

/// Texts with what the checks say of them.
struct Written {
  std::vector<SampledProduct> sampled;
  int64_t unsupported = 0, banned = 0, texts = 0;
};

Written write_for(const copywriting::CopyModel& model, std::span<const data::Product> products, const WatchConfig& config, int length) {
  copywriting::WriteConfig write;
  write.length = length;
  write.num_return_sequences = config.watch_candidates;
  write.open_plan = true;
  write.complete_open_plan = false;
  write.check = false;
  write.variants = 1;
  write.retries = write.rewrites = 0;
  copywriting::CopyWriter writer(write, &model);
  Written result;
  for (size_t begin = 0; begin < products.size(); begin += kProductsPerBatch) {
    throw_if_interrupted("the finished stages are kept; the same command goes on");
    const auto batch = products.subspan(begin, std::min(kProductsPerBatch, products.size() - begin));
    for (const auto& written : writer.write(batch)) {
      SampledProduct& product = result.sampled.emplace_back();
      product.product_id = written.id;
      if (written.origin != "model") continue;
      for (const auto& candidate : written.candidates) {
        const Blocked found = blocked(candidate);
        result.unsupported += found.unsupported;
        result.banned += found.banned;
        ++result.texts;
        product.samples.push_back(sample_of(candidate, write.temperature, /*planned=*/false));
      }
    }
  }
  return result;
}

/// Both models see the same tokens.
double kl_of(std::span<const std::vector<TextFluency>> of_round, std::span<const std::vector<TextFluency>> of_sft) {
  std::vector<eval::SampleLogprobs> logprobs;
  for (size_t i = 0; i < of_round.size(); ++i) {
    for (size_t s = 0; s < of_round[i].size(); ++s) logprobs.push_back({of_round[i][s].logprob, of_sft[i][s].logprob, of_round[i][s].tokens});
  }
  return eval::kl_per_token(logprobs);
}

}  // namespace

RoundWatch watch_round(const copywriting::CopyModel& model, const copywriting::CopyModel* sft, std::string name,
                       std::span<const data::Product> products, const WatchContext& context, const WatchConfig& config) {
  const auto chosen = watched(products, config.watch_products);
  const Written written = write_for(model, chosen, config, context.order.length);
  VITRINE_REQUIRE(written.texts > 0, "[watch_round] ", name, ": the model wrote nothing for the watched products");
  RoundWatch watch;
  watch.numbers.name = std::move(name);
  std::vector<std::string> texts;
  for (const auto& product : written.sampled) {
    for (const auto& sample : product.samples) texts.push_back(sample.text);
  }
  eval::count_texts(texts, watch.numbers);
  watch.numbers.unsupported = static_cast<double>(written.unsupported) / static_cast<double>(written.texts);
  watch.numbers.banned = static_cast<double>(written.banned) / static_cast<double>(written.texts);
  const auto of_sft = fluency_of(sft != nullptr ? *sft : model, chosen, written.sampled, context.order.length);
  if (sft != nullptr) watch.numbers.kl_to_sft = kl_of(fluency_of(model, chosen, written.sampled, context.order.length), of_sft);
  OrderingConfig ordering;
  ordering.use_ranker = context.order.rank != nullptr;
  ordering.reward = context.reward;
  const auto ordered = order_samples(chosen, written.sampled, of_sft, context.order, ordering);
  watch.numbers.disagreement = disagreement_of(ordered);
  if (context.order.rank && std::isnan(watch.numbers.disagreement)) log_warn("[align copy] ", watch.numbers.name, ": no two texts of a product that ranking model and rules both order: their disagreement is not watched");
  watch.points = summary_of(ordered)["all"];
  return watch;
}

Json to_json(const RoundWatch& watch) {
  Json json = eval::to_json(watch.numbers);
  json["points"] = watch.points;
  return json;
}

RoundWatch round_watch_from(const Json& json) {
  RoundWatch watch;
  try {
    auto& numbers = watch.numbers;
    json.at("name").get_to(numbers.name);
    json.at("texts").get_to(numbers.texts);
    json.at("mean_length").get_to(numbers.mean_length);
    json.at("repetition_4").get_to(numbers.repetition_4);
    json.at("distinct_4").get_to(numbers.distinct_4);
    json.at("kl_to_sft").get_to(numbers.kl_to_sft);
    json.at("unsupported").get_to(numbers.unsupported);
    json.at("banned").get_to(numbers.banned);
    numbers.disagreement = json.at("disagreement").is_null() ? std::nan("") : json.at("disagreement").get<double>();
    watch.points = json.at("points");
  } catch (const Json::exception& e) {
    throw Corrupt(concat("[round_watch_from] not the numbers of a round: ", e.what()));
  }
  return watch;
}

}  // namespace vitrine::recipes
