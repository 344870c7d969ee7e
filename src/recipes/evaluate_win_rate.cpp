#include "recipes/evaluate_win_rate.h"

#include "base/compressed.h"
#include "base/error.h"
#include "base/file_arguments.h"
#include "base/log.h"
#include "copywriting/copy_model.h"

namespace vitrine::recipes {
namespace {

constexpr std::string_view kVerb = "evaluate win-rate";

/// Scores of the texts of each system; 0 where it has none. [systems][products]
std::vector<std::vector<double>> scores_of(copywriting::RankingModel& judge,
                                           const ComparedSystems& compared) {
  std::vector<std::vector<double>> scores;
  for (const auto& system : compared.systems) {
    std::vector<copywriting::ProductText> texts;
    for (size_t i = 0; i < compared.products.size(); ++i) {
      if (!system.texts[i].empty()) texts.push_back({&compared.products[i], system.texts[i]});
    }
    const auto found = judge.score(texts);
    auto& all = scores.emplace_back(compared.products.size(), 0.0);
    for (size_t i = 0, next = 0; i < all.size(); ++i) {
      if (!system.texts[i].empty()) all[i] = found[next++];
    }
  }
  return scores;
}

/// Empties the texts that the judge cannot read.
void keep_readable(const copywriting::RankingModel& judge, ComparedSystems& compared) {
  for (auto& system : compared.systems) {
    int64_t unreadable = 0;
    for (size_t i = 0; i < compared.products.size(); ++i) {
      std::string& text = system.texts[i];
      if (text.empty() || judge.fitting_ids(compared.products[i], text)) continue;
      text.clear();
      ++unreadable;
    }
    if (unreadable > 0) {
      log_warn("[", kVerb, "] ", system.name, ": ", unreadable,
               " texts do not fit the judge; their products are left out");
    }
  }
}

}  // namespace

JudgedSystems judge_systems(copywriting::RankingModel& judge, ComparedSystems compared,
                            const eval::BootstrapConfig& config) {
  keep_readable(judge, compared);
  const auto scores = scores_of(judge, compared);
  JudgedSystems result;
  for (const auto& [of, over] : eval::comparisons(compared.systems.size())) {
    std::vector<std::string> ids;
    std::vector<double> scores_of_system, scores_of_other;
    for (const size_t i : compared.with_both(of, over)) {
      ids.push_back(compared.products[i].id);
      scores_of_system.push_back(scores[of][i]);
      scores_of_other.push_back(scores[over][i]);
    }
    const auto &system = compared.systems[of].name, &other = compared.systems[over].name;
    VITRINE_REQUIRE(!ids.empty(), "[", kVerb, "] ", system, " and ", other,
                    ": no product for which both have a text");
    warn_of_few(kVerb, concat(system, " and ", other), ids.size());
    const auto judgements =
        eval::judgements_of_scores(ids, system, scores_of_system, other, scores_of_other);
    result.rates.push_back(eval::win_rates(judgements, config).front());
    result.left_out.push_back(static_cast<int64_t>(compared.products.size() - ids.size()));
  }
  return result;
}

WinRateRun run_evaluate_win_rate(const std::string& set, const EvaluateWinRateConfig& config,
                                 const std::string& dtype, int threads) {
  check_config(config, kVerb);
  const auto files = files_of(set, config.outputs);
  check_file_arguments(kVerb, files, {{"--output", config.output}});
  const auto compared = read_compared_systems(kVerb, set, config.outputs, config.human);
  const std::string weights = dtype.empty() ? "float32" : dtype;
  auto judge = copywriting::RankingModel::load(copywriting::find_model(config.judge),
                                               {.threads = threads, .dtype = weights});
  WinRateRun run{
      judge_systems(judge, compared,
                    {.resamples = config.resamples, .seed = static_cast<uint64_t>(config.seed)}),
      compared.rows_rejected};
  Json result = {
      {"kind", "win_rate"},
      {"set",
       {{"file", set}, {"sha256", compared.set_sha256}, {"products", compared.products.size()}}},
      {"judge",
       {{"directory", judge.directory().string()}, {"sha256", judge.sha256()}, {"dtype", weights}}},
      {"bootstrap",
       {{"unit", "product"},
        {"resamples", config.resamples},
        {"level", 0.95},
        {"seed", config.seed}}},
      {"win_rates", Json::array()}};
  for (size_t i = 0; i < run.judged.rates.size(); ++i) {
    Json one = to_json(run.judged.rates[i]);
    one["left_out"] = run.judged.left_out[i];
    result["win_rates"].push_back(std::move(one));
  }
  OutputFile output(config.output);
  output.write(dump_pretty(result));
  output.commit();
  return run;
}

}  // namespace vitrine::recipes
