// recipes/evaluate_ranker.h - `vitrine evaluate ranker`: a ranking model on preference pairs,
// beside rankers that learned nothing.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/artefact.h"
#include "base/config.h"
#include "copywriting/ranking_model.h"
#include "data/preferences.h"
#include "eval/ranking_metrics.h"

namespace vitrine::recipes {

inline constexpr std::string_view kRankerEvaluationFiles[] = {"metrics.json", "report.html",
                                                              kManifestName};
inline constexpr ArtefactKind kRankerEvaluationKind{"ranker-evaluation", kRankerEvaluationFiles};

struct EvaluateRankerConfig {
  std::string model, output;
  std::string held_out;
  double held_out_share = 0.1;
  eval::RankingMetricsConfig metrics;

  void describe(FieldVisitor& v) {
    v.field("model", model, "ranking model: a folder, or a name in models/");
    v.field("output", output, "folder for metrics.json and report.html");
    v.field("held_out", held_out, "name of a split: only pairs of its held-out products count");
    v.field("held_out_share", held_out_share, "share of products that the split holds out", 0, 1);
    metrics.describe(v);
  }
};

/// Lines of preference pairs or ranked lists (docs/formats/preferences.md), in any mixture; a list
/// gives all its pairs.
/// "-", .gz and .zst as everywhere. Throws InvalidInput or Corrupt naming file, row and field;
/// Corrupt (EMPTY_FILE) when there is no pair.
struct PairsFile {
  std::vector<data::PreferencePair> pairs;
  std::string sha256;  // of the unpacked bytes
};
PairsFile read_preference_pairs(const std::string& file);

/// The products of the pairs, from their prompts; ids are those of the pairs. Throws InvalidInput
/// naming the product when a prompt is no attribute string.
std::vector<data::Product> products_of_pairs(const std::vector<data::PreferencePair>& pairs);

/// The scores of both texts of every pair; each text of a product is scored once.
/// products: as products_of_pairs gives them. Throws as RankingModel::score does.
std::vector<eval::PairScores> score_pairs(copywriting::RankingModel& model,
                                          const std::vector<data::PreferencePair>& pairs,
                                          const std::vector<data::Product>& products);

struct RankerTarget {
  std::string name;
  bool met = false;
  std::string detail;
};

struct RankerEvaluation {
  std::vector<std::string> rankers;         // "ranker", then the baselines
  std::vector<eval::AccuracyRow> accuracy;  // one number for each of them
  eval::Margins margins;
  eval::Calibration calibration;
  eval::Estimate disagreement;    // of the model and the rule count
  std::vector<double> margin_of;  // [pairs], for the histogram

  /// 70 % on human pairs, 90 % on each synthetic type, and better than each baseline with disjoint
  /// intervals; targets without pairs are left out.
  std::vector<RankerTarget> targets() const;
};

/// model: scores of the model on the pairs. threads: of the baselines; 0 = all cores.
RankerEvaluation evaluate_ranker(const std::vector<data::PreferencePair>& pairs,
                                 const std::vector<data::Product>& products,
                                 std::vector<eval::PairScores> model,
                                 const eval::RankingMetricsConfig& config, int threads);

/// metrics.json, report.html and the table for a terminal. `manifest`: what was evaluated, repeated
/// in both files.
Json to_json(const RankerEvaluation& evaluation, const Json& manifest);
std::string to_html(const RankerEvaluation& evaluation, const Json& manifest);
std::string terminal_table(const RankerEvaluation& evaluation);

/// The verb: reads, scores, writes the folder. Throws UsageError for a place that cannot be
/// written.
RankerEvaluation run_evaluate_ranker(const std::string& pairs, const EvaluateRankerConfig& config,
                                     const std::string& dtype, int threads);

}  // namespace vitrine::recipes
