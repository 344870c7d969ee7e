#include "eval/copy_metrics.h"

#include <cmath>
#include <cstdio>
#include <numeric>

#include "base/error.h"
#include "eval/fidelity.h"
#include "text/segment.h"
#include "text/lcs.h"
#include "text/utf8.h"

namespace vitrine::eval {
namespace {

constexpr std::array<MetricInfo, kNumMetrics> kInfo = {{
    {"bleu_4", "BLEU-4", "points", "per sample on characters, NLTK method3 smoothing, mean", 100, 2},
    {"bleu_4_cut_100", "BLEU-4 截断 cut 100", "points", "hypothesis and reference cut to 100 characters", 100, 2},
    {"word_rouge_1", "ROUGE-1 词", "points", "F on jieba words as rouge_chinese, mean", 100, 2},
    {"word_rouge_2", "ROUGE-2 词", "points", "F on jieba words as rouge_chinese, mean", 100, 2},
    {"word_rouge_l", "ROUGE-L 词", "points", "F on jieba words as rouge_chinese, mean", 100, 2},
    {"char_rouge_l", "ROUGE-L 字 char", "points", "2PR/(P+R) of the longest common subsequence of characters, mean", 100, 1},
    {"coverage", "属性覆盖 coverage", "%", "values that stand in the text / values, per row, mean", 100, 1},
    {"coverage_by_synonym", "同义覆盖 coverage by synonym", "%", "as coverage, or by the synonym table", 100, 1},
    {"value_precision", "取值精确率 value precision", "%", "own values found / all known values found, rows with any, mean", 100, 1},
    {"rare_recall", "稀有属性召回 rare recall", "%", "coverage over values with train document frequency <= 20th percentile of the distinct values", 100, 1},
    {"rare_recall_by_use", "稀有属性召回(按使用) rare recall by use", "%", "the same with the 20th percentile over all uses of values", 100, 1},
    {"point_mention", "独特卖点提及 point mention", "%", "rows whose value with the lowest train document frequency stands in the text", 100, 1},
    {"point_offset", "独特卖点位置 point offset", "share", "first index / length, mentioned rows", 1, 3},
    {"point_in_first_sentence", "独特卖点在首句 point in first sentence", "%", "all of it before the first 。！？!?", 100, 1},
    {"commonest_mention", "最常见值提及 commonest mention", "%", "the same for the value with the highest document frequency", 100, 1},
    {"commonest_offset", "最常见值位置 commonest offset", "share", "the same for the value with the highest document frequency", 1, 3},
    {"repetition_4", "重复-4 repetition-4", "%", "outputs with any repeated character 4-gram", 100, 1},
    {"catalogue_self_similarity", "目录自相似 self-similarity", "points", "largest char ROUGE-L against other products' copy, mean", 100, 1},
    {"candidate_similarity", "候选相似 candidate similarity", "points", "mean pairwise char ROUGE-L of a row's candidates", 100, 1},
    {"copied_20", "照抄 20 字 copied run", "%", "outputs with a run of >= 20 characters of the train text", 100, 1},
    {"unsupported_function", "无依据功能词 unsupported function", "%", "outputs with a functional word that the input lacks", 100, 1},
    {"unsupported_material", "无依据材质 unsupported material", "%", "outputs with a fibre, fabric or leather that the input lacks", 100, 1},
    {"strict_absolute", "严格绝对化 strict absolute", "%", "outputs with a word of the strict list", 100, 1},
    {"superlative", "最X superlative", "%", "outputs with 最 after the false-positive list", 100, 1},
    {"absolute_or_superlative", "绝对化或最X either", "%", "strict list or 最X", 100, 1},
    {"perfect", "完美 perfect", "%", "outputs with 完美", 100, 1},
    {"unknown_token", "<UNK>", "%", "outputs with <UNK>", 100, 1},
    {"brand_token", "BRAND", "%", "outputs with BRAND", 100, 1},
    {"mean_length", "平均长度 mean length", "characters", "characters without white space", 1, 1},
    {"corpus_bleu_4", "语料 BLEU-4 corpus BLEU-4", "points", "counts summed over the set, no smoothing", 100, 2},
    {"distinct_4", "distinct-4", "share", "distinct character 4-grams of all outputs / all", 1, 2},
}};

double& at(RowScores& scores, Metric metric) { return scores[static_cast<size_t>(metric)]; }

std::vector<uint32_t> groups_of(const CopySet& set, std::span<const uint32_t> rows) {
  std::vector<uint32_t> groups;
  for (const uint32_t row : rows) groups.push_back(set[row].group);
  return groups;
}

std::vector<uint32_t> rows_where(const CopySet& set, bool single_only) {
  std::vector<uint32_t> rows;
  for (uint32_t i = 0; i < set.size(); ++i) {
    if (!single_only || set[i].single) rows.push_back(i);
  }
  return rows;
}

/// A set in which every input repeats has no single rows; its draws are never read.
Bootstrap make_draws(const CopySet& set, std::span<const uint32_t> rows, const BootstrapConfig& config) {
  const std::vector<uint32_t> groups = rows.empty() ? std::vector<uint32_t>{0} : groups_of(set, rows);
  return Bootstrap(groups, config);
}

std::vector<std::u32string> code_points(const std::vector<std::string>& texts) {
  std::vector<std::u32string> result;
  for (const auto& text : texts) result.push_back(text::metric_code_points(text));
  return result;
}

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double deviation_of(std::span<const double> values) {
  if (values.size() < 2) return 0;
  const double mean = mean_of(values);
  double sum = 0;
  for (const double value : values) sum += (value - mean) * (value - mean);
  return std::sqrt(sum / static_cast<double>(values.size() - 1));
}

}  // namespace

/// A run on some rows: everything a resample needs.
struct CopyScorer::Run {
  std::vector<std::u32string> texts;
  std::vector<RowScores> scores;
  std::vector<BleuCounts> bleu;
};

const MetricInfo& metric_info(Metric metric) { return kInfo.at(static_cast<size_t>(metric)); }

std::string format_metric(Metric metric, double printed_value) {
  if (std::isnan(printed_value)) return "-";
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", metric_info(metric).decimals, printed_value);
  return text;
}

CopyScorer::CopyScorer(const CopySet& set, const TrainTable& train, const SynonymTable& synonyms, const BootstrapConfig& config)
    : set_(set), train_(train), synonyms_(synonyms), all_rows_(rows_where(set, false)), single_rows_(rows_where(set, true)),
      all_draws_(make_draws(set, all_rows_, config)), single_draws_(make_draws(set, single_rows_, config)) {}

RowScores CopyScorer::score_row(const CopyItem& item, std::u32string_view text) const {
  RowScores scores;
  scores.fill(std::nan(""));
  const std::u32string_view reference = item.reference;
  const WordRouge rouge = word_rouge(text, reference, text::default_segmenter());
  const Mention point = find_mention(item.values[distinctive_pair(item, train_)], text);
  const Mention commonest = find_mention(item.values[commonest_pair(item, train_)], text);
  at(scores, Metric::bleu_4) = sentence_bleu(count_bleu(text, reference));
  at(scores, Metric::bleu_4_cut_100) = sentence_bleu(count_bleu(text.substr(0, 100), reference.substr(0, 100)));
  at(scores, Metric::word_rouge_1) = rouge.rouge_1;
  at(scores, Metric::word_rouge_2) = rouge.rouge_2;
  at(scores, Metric::word_rouge_l) = rouge.rouge_l;
  at(scores, Metric::char_rouge_l) = text::char_rouge_l(text, reference);
  at(scores, Metric::coverage) = coverage(item, text);
  at(scores, Metric::coverage_by_synonym) = coverage_by_synonym(item, text, synonyms_);
  at(scores, Metric::value_precision) = value_precision(item, text, train_);
  at(scores, Metric::rare_recall) = rare_coverage(item, text, train_, train_.rare_df());
  at(scores, Metric::rare_recall_by_use) = rare_coverage(item, text, train_, train_.rare_df_by_use());
  at(scores, Metric::point_mention) = point.found;
  at(scores, Metric::point_offset) = point.offset;
  at(scores, Metric::point_in_first_sentence) = point.in_first_sentence;
  at(scores, Metric::commonest_mention) = commonest.found;
  at(scores, Metric::commonest_offset) = commonest.offset;
  at(scores, Metric::repetition_4) = repeats_four_gram(text);
  at(scores, Metric::copied_20) = train_.copied_runs().found_in(text);
  at(scores, Metric::unsupported_function) = has_unsupported_function(item, text);
  at(scores, Metric::unsupported_material) = has_unsupported_material(item, text);
  at(scores, Metric::strict_absolute) = has_strict_absolute(text);
  at(scores, Metric::superlative) = has_superlative(text);
  at(scores, Metric::absolute_or_superlative) = has_strict_absolute(text) || has_superlative(text);
  at(scores, Metric::perfect) = has_perfect(text);
  at(scores, Metric::unknown_token) = has_unknown_token(text);
  at(scores, Metric::brand_token) = has_brand_token(text);
  at(scores, Metric::mean_length) = static_cast<double>(text.size());
  return scores;
}

CopyScorer::Run CopyScorer::prepare(const std::string& name, const SystemRun& run) const {
  VITRINE_REQUIRE(run.texts.size() == set_.size(), "[CopyScorer] ", name, " ", run.label, ": expected ", set_.size(), " texts, got ", run.texts.size());
  VITRINE_REQUIRE(run.candidates.empty() || run.candidates.size() == set_.size(), "[CopyScorer] ", name, " ", run.label,
                  ": candidates: expected ", set_.size(), " rows, got ", run.candidates.size());
  Run prepared;
  prepared.texts = code_points(run.texts);
  const auto likeness = catalogue_self_similarity(prepared.texts, groups_of(set_, all_rows_));
  for (size_t i = 0; i < set_.size(); ++i) {
    prepared.scores.push_back(score_row(set_[i], prepared.texts[i]));
    prepared.bleu.push_back(count_bleu(prepared.texts[i], set_[i].reference));
    at(prepared.scores[i], Metric::catalogue_self_similarity) = likeness[i];
    if (!run.candidates.empty()) at(prepared.scores[i], Metric::candidate_similarity) = mean_pairwise_rouge_l(code_points(run.candidates[i]));
  }
  return prepared;
}

MetricValues CopyScorer::summarise(std::span<const Run> runs, std::span<const uint32_t> rows, const Bootstrap& bootstrap) const {
  MetricValues values;
  if (rows.empty()) return values;
  std::vector<uint32_t> all(rows.size());
  std::iota(all.begin(), all.end(), 0U);
  std::vector<FourGrams> four_grams;
  for (const Run& run : runs) {
    std::vector<std::u32string> texts;
    for (const uint32_t row : rows) texts.push_back(run.texts[row]);
    four_grams.emplace_back(texts);
  }
  for (size_t m = 0; m < kNumMetrics; ++m) {
    /// The metric of one run on a resample (positions in `rows`).
    const auto of_run = [&](size_t run_idx, std::span<const uint32_t> drawn) {
      const Run& run = runs[run_idx];
      if (static_cast<Metric>(m) == Metric::distinct_4) return four_grams[run_idx].distinct_share(drawn);
      if (static_cast<Metric>(m) == Metric::corpus_bleu_4) {
        BleuCounts sum;
        for (const uint32_t i : drawn) sum += run.bleu[rows[i]];
        return corpus_bleu(sum);
      }
      double sum = 0, count = 0;
      for (const uint32_t i : drawn) {
        const double score = run.scores[rows[i]][m];
        if (!std::isnan(score)) sum += score, count += 1;
      }
      return count == 0 ? std::nan("") : sum / count;
    };
    const auto statistic = [&](std::span<const uint32_t> drawn) {
      double sum = 0;
      for (size_t run_idx = 0; run_idx < runs.size(); ++run_idx) sum += of_run(run_idx, drawn);
      return sum / static_cast<double>(runs.size());
    };
    MetricValue& value = values[m];
    const double scale = kInfo[m].scale, estimate = statistic(all);
    const Interval interval = static_cast<Metric>(m) == Metric::distinct_4 ? bootstrap.centred(statistic, estimate) : bootstrap.of(statistic);
    value.value = estimate * scale;
    value.interval = {interval.low * scale, interval.high * scale};
    for (size_t run_idx = 0; runs.size() > 1 && run_idx < runs.size(); ++run_idx) value.by_run.push_back(of_run(run_idx, all) * scale);
    value.spread = deviation_of(value.by_run);
    const bool corpus = m >= static_cast<size_t>(kFirstCorpusMetric);
    for (const uint32_t row : rows) value.n += corpus || !std::isnan(runs[0].scores[row][m]);
  }
  return values;
}

void CopyScorer::add_details(const Run& run, SystemReport& report) const {
  for (size_t i = 0; i < set_.size(); ++i) {
    const double offset = run.scores[i][static_cast<size_t>(Metric::point_offset)];
    if (!std::isnan(offset)) report.point_offsets.push_back(offset);
    report.lengths.push_back(static_cast<double>(run.texts[i].size()));
    for (size_t pair = 0; pair < set_[i].keys.size(); ++pair) {
      KeyCoverage& key = report.by_key[set_[i].keys[pair]];
      ++key.pairs;
      key.realised += realised(set_[i].values[pair], run.texts[i]);
    }
  }
  report.rows = run.scores;
}

SystemReport CopyScorer::score(const SystemOutputs& system) const {
  VITRINE_REQUIRE(!system.runs.empty(), "[CopyScorer] ", system.name, ": no run");
  std::vector<Run> runs;
  for (const auto& run : system.runs) runs.push_back(prepare(system.name, run));
  SystemReport report;
  report.name = system.name;
  report.all = summarise(runs, all_rows_, all_draws_);
  report.single = summarise(runs, single_rows_, single_draws_);
  report.texts = system.runs[0].texts;
  add_details(runs[0], report);
  return report;
}

}  // namespace vitrine::eval
