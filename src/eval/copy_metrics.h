// eval/copy_metrics.h - every copy metric of one system on one set: per row, then as numbers with intervals.
#pragma once
#include <array>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "eval/bootstrap.h"
#include "eval/copy_set.h"
#include "eval/overlap.h"

namespace vitrine::eval {

/// Metrics in the order of the report. The first ones are means over rows; those from kFirstCorpusMetric on are
/// computed over all texts at once.
enum class Metric : size_t {
  bleu_4, bleu_4_cut_100, word_rouge_1, word_rouge_2, word_rouge_l, char_rouge_l,
  coverage, coverage_by_synonym, value_precision, rare_recall, rare_recall_by_use,
  point_mention, point_offset, point_in_first_sentence, commonest_mention, commonest_offset,
  repetition_4, catalogue_self_similarity, candidate_similarity, copied_20,
  unsupported_function, unsupported_material, strict_absolute, superlative, absolute_or_superlative, perfect, unknown_token, brand_token,
  mean_length, corpus_bleu_4, distinct_4, count
};
inline constexpr size_t kNumMetrics = static_cast<size_t>(Metric::count);
inline constexpr Metric kFirstCorpusMetric = Metric::corpus_bleu_4;

/// What a metric is called and how it is printed.
struct MetricInfo {
  std::string_view name;        // in JSON: "bleu_4"
  std::string_view title;       // in reports, Chinese and English
  std::string_view unit;        // "points" (0 … 100), "%" , "share" (0 … 1) or "characters"
  std::string_view definition;  // one line
  double scale;                 // printed value = raw value * scale
  int decimals;
};
const MetricInfo& metric_info(Metric metric);
/// The printed form, "-" for NaN.
std::string format_metric(Metric metric, double printed_value);

/// Raw values of one row; NaN where the row does not count.
using RowScores = std::array<double, kNumMetrics>;

/// One run of a system over the whole set: row i belongs to item i.
struct SystemRun {
  std::string label;                                    // "seed 0"; may be empty
  std::vector<std::string> texts;                       // scored
  std::vector<std::vector<std::string>> candidates;     // all candidates of each row; may be empty
};

/// A named system with one run, or one for each decoding seed.
struct SystemOutputs {
  std::string name;
  std::vector<SystemRun> runs;
};

/// One number of the report, already times MetricInfo::scale.
struct MetricValue {
  double value = 0;               // mean over runs
  Interval interval;              // 95 % bootstrap over products, runs of a product together
  size_t n = 0;                   // rows that count (of the first run)
  std::vector<double> by_run;     // empty for a single run
  double spread = 0;              // standard deviation over runs (n - 1); 0 for a single run
};
using MetricValues = std::array<MetricValue, kNumMetrics>;

/// Values realised of a key / pairs with the key.
struct KeyCoverage {
  int64_t realised = 0, pairs = 0;
  double share() const { return pairs == 0 ? 0 : static_cast<double>(realised) / static_cast<double>(pairs); }
};

struct SystemReport {
  std::string name;
  MetricValues all;                             // every row
  MetricValues single;                          // rows whose input occurs once
  std::map<std::string, KeyCoverage> by_key;    // literal, first run
  std::vector<double> point_offsets;            // of mentioned rows, first run
  std::vector<double> lengths;                  // first run
  std::vector<std::string> texts;               // first run
  std::vector<RowScores> rows;                  // first run
};

/// Scores systems on one set. Holds references: set, train and synonyms must outlive it.
class CopyScorer {
 public:
  CopyScorer(const CopySet& set, const TrainTable& train, const SynonymTable& synonyms, const BootstrapConfig& config = {});

  /// Throws InvalidInput naming system and run when a run has another number of texts than the set, or there is no run.
  SystemReport score(const SystemOutputs& system) const;

  size_t num_rows() const { return set_.size(); }
  size_t num_single() const { return single_rows_.size(); }

 private:
  struct Run;  // prepared texts and scores
  Run prepare(const std::string& name, const SystemRun& run) const;
  RowScores score_row(const CopyItem& item, std::u32string_view text) const;
  MetricValues summarise(std::span<const Run> runs, std::span<const uint32_t> rows, const Bootstrap& bootstrap) const;
  void add_details(const Run& run, SystemReport& report) const;

  const CopySet& set_;
  const TrainTable& train_;
  const SynonymTable& synonyms_;
  std::vector<uint32_t> all_rows_, single_rows_;
  Bootstrap all_draws_, single_draws_;
};

}  // namespace vitrine::eval
