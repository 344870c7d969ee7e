// recipes/evaluate_style.h - whether texts have the style that they were written for.
//
// Two judges: a classifier trained on style-labelled human text, whose own accuracy on held-out human
// text stands first, and the rules of rules/styles. Without labelled text only the rules can judge,
// and they are the same rules that made the text: style accuracy is then not measurable.
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/config.h"
#include "copywriting/style_classifier.h"
#include "eval/ranking_metrics.h"

namespace vitrine::recipes {

struct EvaluateStyleConfig {
  std::string train = {};    // style-labelled human text; "" = none
  double held_out = 0.2;
  double smoothing = 0.5;
  int resamples = 1000;
  int64_t seed = 0;          // of the resamples and of the held-out draw

  void describe(FieldVisitor& v) {
    v.field("train", train, "JSONL of text, style, product_id?: human text that the classifier learns from");
    v.field("held_out", held_out, "share of its products that the classifier is measured on instead", 0.01, 0.9);
    v.field("smoothing", smoothing, "added to each count of a feature", 1e-6, 1000);
    v.field("resamples", resamples, "bootstrap resamples over products", 1, 1000000);
  }
};

/// What was measured on texts of one style, or of all.
struct StyleScores {
  int64_t texts = 0;
  std::optional<eval::Estimate> accuracy;  // none: nothing to learn the style from
  double kept = 0;                         // mean share of the style's rules that hold
  std::map<std::string, double> rules;     // by rule: share of texts that keep it
};

struct StyleEvaluation {
  std::string why_not;                          // why accuracy is not measurable; "" = it is
  std::optional<eval::Estimate> held_out;       // of the classifier on human text
  int64_t trained = 0, left_out = 0;            // texts it learned from; texts of the set that it must not see
  std::map<std::string, std::map<std::string, int64_t>> confusion;  // held out: style, predicted
  std::map<std::string, StyleScores> styles;    // of the set
  std::optional<eval::Estimate> accuracy;       // of the set, over styles that the classifier knows
};

/// Rows of {"text","style","product_id"?}, or lines of `write` (each candidate is a text; the style is the plan's).
/// Throws Corrupt, or InvalidInput naming file, row, field and value; InvalidInput for a file without texts.
std::vector<copywriting::StyleExample> read_style_texts(const std::filesystem::path& file);

/// labelled: human text; texts of it that `set` holds too are not learned from. Throws InvalidInput when less
/// than two styles, or nothing to measure on, are left.
StyleEvaluation evaluate_style(std::span<const copywriting::StyleExample> set, std::span<const copywriting::StyleExample> labelled,
                               const EvaluateStyleConfig& config);

Json to_json(const StyleEvaluation& evaluation);
std::string terminal_table(const StyleEvaluation& evaluation);

}  // namespace vitrine::recipes
