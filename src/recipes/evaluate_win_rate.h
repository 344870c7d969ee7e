// recipes/evaluate_win_rate.h - `vitrine evaluate win-rate`: systems against each other, judged by
// a ranking model that was not used in their training.
#pragma once
#include <string>
#include <vector>

#include "base/config.h"
#include "base/json.h"
#include "copywriting/ranking_model.h"
#include "eval/win_rate.h"
#include "recipes/system_texts.h"

namespace vitrine::recipes {

struct EvaluateWinRateConfig {
  std::string judge;
  std::vector<std::string> outputs;
  bool human = false;
  int resamples = 1000;
  int64_t seed = 0;  // the caller's --seed
  std::string output = "-";

  void describe(FieldVisitor& v) {
    v.field("judge", judge,
            "ranking model that no system was trained with: a folder, or a name in models/");
    v.field("outputs", outputs,
            "NAME=FILE: lines of `write`, or {id, text}; the first text of a product counts");
    v.field("human", human, "the set's own copy is a system too, the first one");
    v.field("resamples", resamples, "bootstrap resamples over products", 1, 1000000);
    v.field("output", output, "file for the result as JSON; - = standard output");
  }
};

struct JudgedSystems {
  std::vector<eval::WinRate> rates;  // each system over the one before it, then over the first
  std::vector<int64_t> left_out;     // as many: products that lack a text the judge can read
};

/// judge: one caller at a time. Throws InvalidInput when two systems share no product with texts of
/// both.
JudgedSystems judge_systems(copywriting::RankingModel& judge, ComparedSystems compared,
                            const eval::BootstrapConfig& config);

/// What a run found: JSON, written to config.output, and whether rows of the set were rejected.
struct WinRateRun {
  JudgedSystems judged;
  int64_t rows_rejected = 0;
};
WinRateRun run_evaluate_win_rate(const std::string& set, const EvaluateWinRateConfig& config,
                                 const std::string& dtype, int threads);

}  // namespace vitrine::recipes
