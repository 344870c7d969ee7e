#include "recipes/evaluate_style.h"

#include <algorithm>
#include <cstdio>
#include <set>

#include "base/compressed.h"
#include "base/error.h"
#include "base/random.h"
#include "copywriting/prompt.h"
#include "copywriting/style.h"
#include "recipes/json_lines.h"

namespace vitrine::recipes {
namespace {

using copywriting::StyleClassifier;
using copywriting::StyleExample;
using Examples = std::vector<StyleExample>;

constexpr const char* kNoLabels = "no style-labelled text (--train): style accuracy is not measurable; the rules judge alone, and they made the text";

std::string style_of_row(const Json& holder, const std::string& where) {
  const std::string style = text_of_field(holder, "style", where);
  VITRINE_REQUIRE(copywriting::is_copy_style(style), "[evaluate style] ", where, ", field style: expected taobao, douyin, xiaohongshu or jd, got '", style, "'");
  return style;
}

StyleExample example_of(const Json& holder, std::string style, std::string group, const std::string& where) {
  StyleExample example{text_of_field(holder, "text", where), std::move(style), std::move(group)};
  VITRINE_REQUIRE(!example.text.empty(), "[evaluate style] ", where, ", field text: expected words, got ''");
  if (example.group.empty()) example.group = example.text;
  return example;
}

void add_written(const Json& row, const std::string& where, Examples& examples) {
  VITRINE_REQUIRE(row["candidates"].is_array(), "[evaluate style] ", where, ", field candidates: expected a list, got ", row["candidates"].type_name());
  if (row["candidates"].empty()) return;
  VITRINE_REQUIRE(row.contains("plan") && row["plan"].is_object(), "[evaluate style] ", where, ", field plan: expected an object");
  const std::string style = style_of_row(row["plan"], where + ", plan"), id = text_of_field(row, "id", where);
  for (const Json& candidate : row["candidates"]) {
    VITRINE_REQUIRE(candidate.is_object(), "[evaluate style] ", where, ", field candidates: expected objects, got ", dump_line(candidate));
    examples.push_back(example_of(candidate, style, id, where));
  }
}

/// Products apart, so that no text of a product is learned from and measured on.
std::pair<Examples, Examples> split(std::span<const StyleExample> labelled, const EvaluateStyleConfig& config) {
  const RandomKey key = RandomKey(static_cast<uint64_t>(config.seed)).fold_in("held-out styles");
  std::pair<Examples, Examples> parts;
  for (const auto& example : labelled) {
    const bool is_held_out = key.fold_in(example.group).uniform(0) < config.held_out;
    (is_held_out ? parts.second : parts.first).push_back(example);
  }
  return parts;
}

/// Accuracy over the texts whose style the classifier knows; nothing without such texts.
std::optional<eval::Estimate> accuracy_of(std::span<const StyleExample> texts, const StyleClassifier& classifier, const EvaluateStyleConfig& config) {
  std::vector<double> right;
  std::vector<std::string> groups;
  for (const auto& text : texts) {
    const auto& known = classifier.styles();
    if (std::find(known.begin(), known.end(), text.style) == known.end()) continue;
    right.push_back(classifier.predict(text.text) == text.style);
    groups.push_back(text.group);
  }
  if (right.empty()) return std::nullopt;
  return eval::mean_estimate(right, eval::group_numbers(groups), {.resamples = config.resamples, .seed = static_cast<uint64_t>(config.seed)});
}

StyleScores rule_scores(std::span<const StyleExample> texts, const std::string& name) {
  StyleScores scores;
  const auto& style = copywriting::StyleRules::shipped().at(name);
  for (const auto& text : texts) {
    const auto checks = copywriting::check_style(text.text, style);
    scores.kept += copywriting::share_kept(checks);
    for (const auto& check : checks) scores.rules[check.rule] += check.holds;
    ++scores.texts;
  }
  scores.kept /= static_cast<double>(scores.texts);
  for (auto& [rule, share] : scores.rules) share /= static_cast<double>(scores.texts);
  return scores;
}

Examples without_texts_of(std::span<const StyleExample> labelled, std::span<const StyleExample> set) {
  std::set<std::string> texts;
  for (const auto& example : set) texts.insert(example.text);
  Examples kept;
  for (const auto& example : labelled) {
    if (!texts.contains(example.text)) kept.push_back(example);
  }
  return kept;
}

std::string percent(const std::optional<eval::Estimate>& estimate) {
  if (!estimate) return "not measurable";
  char text[96];
  std::snprintf(text, sizeof text, "%5.1f %% [%.1f, %.1f] of %lld", 100 * estimate->value, 100 * estimate->interval.low,
                100 * estimate->interval.high, static_cast<long long>(estimate->n));
  return text;
}

Json or_null(const std::optional<eval::Estimate>& estimate) { return estimate ? eval::to_json(*estimate) : Json(nullptr); }

}  // namespace

Examples read_style_texts(const std::filesystem::path& file) {
  Examples examples;
  for_each_json_line(read_file_unpacked(file), file.string(), [&](const Json& row, const std::string& where) {
    if (row.contains("candidates")) return add_written(row, where, examples);
    const std::string group = row.contains("product_id") ? text_of_field(row, "product_id", where) : "";
    examples.push_back(example_of(row, style_of_row(row, where), group, where));
  });
  VITRINE_REQUIRE(!examples.empty(), "[evaluate style] ", file.string(), ": expected texts, got none");
  return examples;
}

StyleEvaluation evaluate_style(std::span<const StyleExample> set, std::span<const StyleExample> labelled, const EvaluateStyleConfig& config) {
  StyleEvaluation evaluation;
  std::map<std::string, Examples> by_style;
  for (const auto& example : set) by_style[example.style].push_back(example);
  for (const auto& [name, texts] : by_style) evaluation.styles[name] = rule_scores(texts, name);
  if (labelled.empty()) {
    evaluation.why_not = kNoLabels;
    return evaluation;
  }
  const Examples unseen = without_texts_of(labelled, set);
  const auto [training, held_out] = split(unseen, config);
  evaluation.left_out = static_cast<int64_t>(labelled.size() - unseen.size());
  evaluation.trained = static_cast<int64_t>(training.size());
  const auto classifier = StyleClassifier::train(training, config.smoothing);
  evaluation.held_out = accuracy_of(held_out, classifier, config);
  VITRINE_REQUIRE(evaluation.held_out, "[evaluate style] train: expected enough texts to hold ", config.held_out, " of them out, got ", labelled.size());
  for (const auto& example : held_out) ++evaluation.confusion[example.style][classifier.predict(example.text)];
  for (auto& [name, scores] : evaluation.styles) scores.accuracy = accuracy_of(by_style[name], classifier, config);
  evaluation.accuracy = accuracy_of(set, classifier, config);
  if (!evaluation.accuracy) evaluation.why_not = "the labelled text has none of the styles of the set";
  return evaluation;
}

Json to_json(const StyleEvaluation& evaluation) {
  Json json{{"measurable", evaluation.why_not.empty()}, {"held_out", or_null(evaluation.held_out)}, {"accuracy", or_null(evaluation.accuracy)},
            {"trained", evaluation.trained}, {"left_out", evaluation.left_out}, {"confusion", evaluation.confusion},
            {"rules_version", copywriting::StyleRules::shipped().version()}, {"styles", Json::object()}};
  if (!evaluation.why_not.empty()) json["reason"] = evaluation.why_not;
  for (const auto& [name, scores] : evaluation.styles) {
    json["styles"][name] = {{"texts", scores.texts}, {"accuracy", or_null(scores.accuracy)}, {"kept", scores.kept}, {"rules", scores.rules}};
  }
  return json;
}

std::string terminal_table(const StyleEvaluation& evaluation) {
  std::string table = concat("classifier on held-out human text: ", percent(evaluation.held_out), "\n", "style accuracy of the set: ", percent(evaluation.accuracy), "\n");
  if (!evaluation.why_not.empty()) table += "  " + evaluation.why_not + "\n";
  for (const auto& [name, scores] : evaluation.styles) {
    char kept[32];
    std::snprintf(kept, sizeof kept, "%.1f %%", 100 * scores.kept);
    table += concat("  ", name, ": ", scores.texts, " texts; accuracy ", percent(scores.accuracy), "; rules kept ", kept, " (");
    std::string rules;
    for (const auto& [rule, share] : scores.rules) {
      std::snprintf(kept, sizeof kept, "%.0f %%", 100 * share);
      rules += concat(rules.empty() ? "" : ", ", rule, " ", kept);
    }
    table += rules + ")\n";
  }
  return table;
}

}  // namespace vitrine::recipes
