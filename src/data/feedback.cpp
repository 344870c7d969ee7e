#include "data/feedback.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <tuple>

#include "base/error.h"
#include "data/json_rows.h"

namespace vitrine::data {
namespace {

constexpr int64_t kMaxCount = 1'000'000'000'000'000;

using Problem = std::optional<FieldProblem>;

std::string shown(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

Problem read_text(const Json& json, const char* name, std::string& text) {
  const auto field = json.find(name);
  if (field == json.end()) return FieldProblem{"MISSING_REQUIRED", name, ""};
  if (!field->is_string()) return FieldProblem{"BAD_FIELD", name, shown(*field)};
  text = field->get<std::string>();
  if (text.find_first_not_of(" \t\r\n") == std::string::npos)
    return FieldProblem{"EMPTY_TEXT", name, text};
  return std::nullopt;
}

Problem read_count(const Json& json, const char* name, int64_t& count) {
  const auto field = json.find(name);
  if (field == json.end()) return FieldProblem{"MISSING_REQUIRED", name, ""};
  const double value = field->is_number() ? field->get<double>() : std::nan("");
  // NaN fails every comparison
  if (!(value >= 0 && value <= static_cast<double>(kMaxCount) && value == std::floor(value)))
    return FieldProblem{"BAD_NUMBER", name,
                        std::isnan(value) && field->is_number() ? "nan" : shown(*field)};
  count = static_cast<int64_t>(value);
  return std::nullopt;
}

double click_rate(const FeedbackRow& row) {
  return static_cast<double>(row.clicks) / static_cast<double>(row.impressions);
}

double logit(double share) { return std::log(share / (1 - share)); }

/// One row for each text, its numbers added up, by product and prompt in the order of the rows.
std::vector<std::vector<FeedbackRow>> texts_by_product(std::span<const FeedbackRow> rows) {
  std::vector<std::vector<FeedbackRow>> products;
  std::map<std::tuple<std::string, std::string>, size_t> product_idx;
  std::map<std::tuple<std::string, std::string, std::string>, size_t> text_idx;
  for (const FeedbackRow& row : rows) {
    const auto [product, new_product] =
        product_idx.emplace(std::tuple(row.product_id, row.prompt), products.size());
    if (new_product) products.emplace_back();
    auto& texts = products[product->second];
    const auto [text, new_text] =
        text_idx.emplace(std::tuple(row.product_id, row.prompt, row.text), texts.size());
    if (new_text) {
      texts.push_back(row);
      continue;
    }
    FeedbackRow& sum = texts[text->second];
    sum.impressions += row.impressions;
    sum.clicks += row.clicks;
    VITRINE_REQUIRE(sum.impressions <= kMaxCount, "[feedback_pairs] product ", row.product_id,
                    ": impressions: the sum passes ", kMaxCount);
  }
  return products;
}

}  // namespace

std::optional<FieldProblem> read_feedback(const Json& json, FeedbackRow& row) {
  row = {};
  if (!json.is_object()) return FieldProblem{"BAD_FIELD", "", shown(json)};
  if (auto p = read_text(json, "product_id", row.product_id)) return p;
  if (auto p = read_text(json, "prompt", row.prompt)) return p;
  if (auto p = read_text(json, "text", row.text)) return p;
  if (auto p = read_count(json, "impressions", row.impressions)) return p;
  if (auto p = read_count(json, "clicks", row.clicks)) return p;
  if (row.clicks > row.impressions)
    return FieldProblem{"BAD_NUMBER", "clicks",
                        concat(row.clicks, " of ", row.impressions, " impressions")};
  return std::nullopt;
}

double smoothed_click_rate(const FeedbackRow& row) {
  return (static_cast<double>(row.clicks) + 1) / (static_cast<double>(row.impressions) + 50);
}

double click_rate_z(const FeedbackRow& a, const FeedbackRow& b) {
  const double n_a = static_cast<double>(a.impressions), n_b = static_cast<double>(b.impressions);
  const double pooled = static_cast<double>(a.clicks + b.clicks) / (n_a + n_b);
  const double variance = pooled * (1 - pooled) * (1 / n_a + 1 / n_b);
  return variance > 0 ? (click_rate(a) - click_rate(b)) / std::sqrt(variance) : 0;
}

std::optional<PreferencePair> feedback_pair(const FeedbackRow& a, const FeedbackRow& b) {
  if (a.text == b.text || std::min(a.impressions, b.impressions) < kMinImpressions)
    return std::nullopt;
  const double z = click_rate_z(a, b);
  if (std::abs(z) < kMinZ) return std::nullopt;
  const FeedbackRow &better = z > 0 ? a : b, &worse = z > 0 ? b : a;
  const double gain = logit(smoothed_click_rate(better)) - logit(smoothed_click_rate(worse));
  if (gain <= 0) return std::nullopt;
  return PreferencePair{better.product_id, better.prompt, better.text,        worse.text,
                        "feedback",        "click_rate",  std::min(1.0, gain)};
}

std::vector<PreferencePair> feedback_pairs(std::span<const FeedbackRow> rows) {
  std::vector<PreferencePair> pairs;
  for (const auto& texts : texts_by_product(rows)) {
    for (size_t i = 0; i < texts.size(); ++i) {
      for (size_t k = i + 1; k < texts.size(); ++k) {
        if (auto pair = feedback_pair(texts[i], texts[k])) pairs.push_back(std::move(*pair));
      }
    }
  }
  return pairs;
}

FeedbackFile read_feedback_file(const std::filesystem::path& path) {
  FeedbackFile file;
  std::vector<FeedbackRow> rows;
  for (const JsonRow& read : read_json_rows(path, file.report)) {
    FeedbackRow row;
    if (const auto problem = read_feedback(read.json, row))
      reject_row(file.report, path.string(), read.row, *problem);
    else
      rows.push_back(std::move(row));
  }
  file.pairs = feedback_pairs(rows);
  finish_report(file.report);
  return file;
}

}  // namespace vitrine::data
