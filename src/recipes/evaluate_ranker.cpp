#include "recipes/evaluate_ranker.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <set>

#include "base/compressed.h"
#include "base/error.h"
#include "base/file.h"
#include "base/file_arguments.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/thread_pool.h"
#include "checks/checker.h"
#include "copywriting/copy_model.h"
#include "data/advertisegen.h"
#include "eval/baseline_rankers.h"
#include "recipes/json_lines.h"

namespace vitrine::recipes {
namespace {

constexpr std::string_view kVerb = "evaluate ranker";
constexpr size_t kModel = 0;  // among the rankers

std::string percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f%%", 100 * share);
  return text;
}

RankerTarget at_least(std::string name, const eval::Estimate& estimate, double share) {
  return {std::move(name), estimate.value >= share,
          concat(percent(estimate.value), " / ", percent(share))};
}

/// The pairs that `train ranker` holds out of the same file with the same split: a prompt that a product which stays has
/// too stays with it.
std::vector<data::PreferencePair> held_out(std::vector<data::PreferencePair> pairs,
                                           const EvaluateRankerConfig& config) {
  if (config.held_out.empty()) return pairs;
  std::set<std::string> learned;
  for (const auto& pair : pairs) {
    const double position = data::split_position(pair.product_id, config.held_out);
    if (position >= config.held_out_share) learned.insert(pair.prompt);
  }
  std::erase_if(pairs, [&](const auto& pair) { return learned.contains(pair.prompt); });
  VITRINE_REQUIRE(!pairs.empty(), "[", kVerb, "] --held-out ", config.held_out,
                  ": no pair of a held-out product (share ", config.held_out_share, ")");
  return pairs;
}

/// The pairs of which the model can read both texts; the others are counted.
std::vector<data::PreferencePair> readable(const copywriting::RankingModel& model,
                                           std::vector<data::PreferencePair> pairs,
                                           int64_t& unreadable) {
  const auto products = products_of_pairs(pairs);
  std::vector<data::PreferencePair> kept;
  for (size_t i = 0; i < pairs.size(); ++i) {
    const bool fits = model.fitting_ids(products[i], pairs[i].chosen) &&
                      model.fitting_ids(products[i], pairs[i].rejected);
    if (fits) kept.push_back(std::move(pairs[i]));
  }
  unreadable = static_cast<int64_t>(pairs.size() - kept.size());
  if (unreadable > 0) {
    log_warn("[", kVerb, "] ", unreadable, " of ", pairs.size(),
             " pairs left out: a text does not fit the model");
  }
  VITRINE_REQUIRE(!kept.empty(), "[", kVerb, "] no pair fits the model ",
                  model.directory().string());
  return kept;
}

int64_t count_products(const std::vector<data::PreferencePair>& pairs) {
  std::set<std::string_view> ids;
  for (const auto& pair : pairs) ids.insert(pair.product_id);
  return static_cast<int64_t>(ids.size());
}

void write_folder(const RankerEvaluation& evaluation, const Json& facts,
                  const std::filesystem::path& place) {
  ArtefactFolder folder(place, kRankerEvaluationKind);
  write_file_atomic(folder.path() / "metrics.json", dump_pretty(to_json(evaluation, facts)));
  write_file_atomic(folder.path() / "report.html", to_html(evaluation, facts));
  Json manifest = manifest_of(kRankerEvaluationKind);
  manifest["verb"] = kVerb;
  manifest.update(facts);
  write_file_atomic(folder.path() / kManifestName, dump_pretty(manifest));
  folder.commit();
}

}  // namespace

PairsFile read_preference_pairs(const std::string& file) {
  const std::string bytes = read_file_unpacked(file);
  PairsFile result;
  result.sha256 = sha256_hex(bytes);
  for_each_json_line(bytes, file, [&](const Json& row, const std::string& where) {
    if (!row.contains("candidates")) {
      result.pairs.push_back(data::preference_pair_from_json(row, where));
      return;
    }
    for (auto& pair : data::pairs_of(data::ranked_list_from_json(row, where)))
      result.pairs.push_back(std::move(pair));
  });
  if (result.pairs.empty()) throw Corrupt(concat("[", kVerb, "] ", file, ": EMPTY_FILE: no pairs"));
  return result;
}

std::vector<data::Product> products_of_pairs(const std::vector<data::PreferencePair>& pairs) {
  std::vector<data::Product> products;
  products.reserve(pairs.size());
  for (const auto& pair : pairs) {
    try {
      products.push_back(data::product_from_content(pair.prompt));
    } catch (const InvalidInput& e) {
      throw InvalidInput(concat("[", kVerb, "] product ", pair.product_id, ": prompt: ", e.what()));
    }
    products.back().id = pair.product_id;
  }
  return products;
}

std::vector<eval::PairScores> score_pairs(copywriting::RankingModel& model,
                                          const std::vector<data::PreferencePair>& pairs,
                                          const std::vector<data::Product>& products) {
  VITRINE_REQUIRE(products.size() == pairs.size(), "[score_pairs] expected ", pairs.size(),
                  " products, got ", products.size());
  std::map<std::pair<std::string_view, std::string_view>, size_t>
      places;  // (prompt, text) → place in texts
  std::vector<copywriting::ProductText> texts;
  const auto place_of = [&](size_t pair_idx, const std::string& text) {
    const auto [found, is_new] = places.try_emplace({pairs[pair_idx].prompt, text}, texts.size());
    if (is_new) texts.push_back({&products[pair_idx], text});
    return found->second;
  };
  std::vector<std::pair<size_t, size_t>> sides;
  for (size_t i = 0; i < pairs.size(); ++i) {
    const size_t chosen = place_of(i, pairs[i].chosen);
    sides.emplace_back(chosen, place_of(i, pairs[i].rejected));
  }
  const auto scores = model.score(texts);
  std::vector<eval::PairScores> result;
  for (const auto& [chosen, rejected] : sides) result.push_back({scores[chosen], scores[rejected]});
  return result;
}

RankerEvaluation evaluate_ranker(const std::vector<data::PreferencePair>& pairs,
                                 const std::vector<data::Product>& products,
                                 std::vector<eval::PairScores> model,
                                 const eval::RankingMetricsConfig& config, int threads) {
  check_config(config, kVerb);
  std::vector<eval::RankerScores> rankers = {{"ranker", std::move(model)}};
  ThreadPool pool(threads);
  for (auto& baseline :
       eval::baseline_rankers(pairs, products, checks::Checker::shipped(), config.seed, pool))
    rankers.push_back(std::move(baseline));
  RankerEvaluation evaluation;
  for (const auto& ranker : rankers) evaluation.rankers.push_back(ranker.name);
  evaluation.accuracy = eval::pairwise_accuracy(pairs, rankers, config);
  const auto& scores = rankers[kModel].scores;
  evaluation.margins = eval::margins(pairs, scores, config);
  evaluation.calibration = eval::calibration(pairs, scores, config);
  const auto rules = std::find_if(rankers.begin(), rankers.end(), [](const auto& ranker) {
    return ranker.name == eval::kRulesRanker;
  });
  evaluation.disagreement = eval::disagreement(pairs, scores, rules->scores, config);
  for (const auto& pair : scores) evaluation.margin_of.push_back(pair.margin());
  return evaluation;
}

std::vector<RankerTarget> RankerEvaluation::targets() const {
  std::vector<RankerTarget> targets;
  for (const auto& row : accuracy) {
    if (row.source == "human" && row.type.empty())
      targets.push_back(at_least("人工对采样 human over sample", row.accuracy[kModel], 0.70));
    if (row.source == "synthetic" && !row.type.empty())
      targets.push_back(at_least("合成 synthetic " + row.type, row.accuracy[kModel], 0.90));
  }
  const auto& all = accuracy.front().accuracy;
  for (size_t r = kModel + 1; r < rankers.size(); ++r) {
    targets.push_back(
        {"优于 beats " + rankers[r], eval::beats(all[kModel], all[r]),
         concat(percent(all[kModel].interval.low), " > ", percent(all[r].interval.high))});
  }
  return targets;
}

RankerEvaluation run_evaluate_ranker(const std::string& pairs_file,
                                     const EvaluateRankerConfig& config, const std::string& dtype,
                                     int threads) {
  check_config(config, kVerb);
  const std::vector<std::string> inputs = {pairs_file};
  check_inputs(kVerb, inputs);
  const auto place = require_artefact_place(kVerb, config.output, kRankerEvaluationKind, inputs);
  const std::string weights = dtype.empty() ? "float32" : dtype;
  PairsFile file = read_preference_pairs(pairs_file);
  auto model = copywriting::RankingModel::load(copywriting::find_model(config.model),
                                               {.threads = threads, .dtype = weights});
  int64_t unreadable = 0;
  const auto pairs = readable(model, held_out(std::move(file.pairs), config), unreadable);
  const auto products = products_of_pairs(pairs);
  const auto evaluation = evaluate_ranker(pairs, products, score_pairs(model, pairs, products),
                                          config.metrics, threads);
  const Json facts = {
      {"pairs_file",
       {{"file", pairs_file},
        {"sha256", file.sha256},
        {"pairs", pairs.size()},
        {"products", count_products(pairs)},
        {"left_out", unreadable}}},
      {"held_out", config.held_out.empty()
                       ? Json(nullptr)
                       : Json{{"split", config.held_out}, {"share", config.held_out_share}}},
      {"model",
       {{"directory", model.directory().string()}, {"sha256", model.sha256()}, {"dtype", weights}}},
      {"bootstrap",
       {{"unit", "product"},
        {"resamples", config.metrics.resamples},
        {"level", 0.95},
        {"seed", config.metrics.seed}}}};
  write_folder(evaluation, facts, place);
  return evaluation;
}

}  // namespace vitrine::recipes
