// data/feedback.h - clicks on published texts as weighted pairs (feature A7).
//
// For two texts of one product and prompt, i with clicks c_i of impressions n_i, n_i >= 100:
//   smoothed rate   s_i = (c_i + 1) / (n_i + 50)
//   pooled rate     p = (c_1 + c_2) / (n_1 + n_2)
//   test            z = (c_1/n_1 - c_2/n_2) / sqrt(p (1 - p) (1/n_1 + 1/n_2)),  needed: |z| >= 1.96
//   (two-sided, 5 %) weight          min(1, |logit(s_1) - logit(s_2)|),  logit(s) = ln(s / (1 - s))
// The text with the higher rate is chosen; where smoothing turns the order round there is no pair.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/import_report.h"
#include "data/preferences.h"

namespace vitrine::data {

struct FeedbackRow {
  std::string product_id, prompt, text;
  int64_t impressions = 0, clicks = 0;  // 0 <= clicks <= impressions <= 10^15
};

inline constexpr int64_t kMinImpressions = 100;
inline constexpr double kMinZ = 1.96;

/// Fills `row`. Returns the first problem: MISSING_REQUIRED, BAD_FIELD, EMPTY_TEXT, BAD_NUMBER
/// (negative, no integer, not finite, clicks above impressions).
std::optional<FieldProblem> read_feedback(const Json& json, FeedbackRow& row);

double smoothed_click_rate(const FeedbackRow& row);
/// z of the header for two rows; 0 when there were no clicks at all, or nothing but clicks.
/// REQUIRES: impressions > 0.
double click_rate_z(const FeedbackRow& a, const FeedbackRow& b);
/// The pair of two rows of one product and prompt, source feedback, type click_rate; nothing when
/// the numbers do not tell.
std::optional<PreferencePair> feedback_pair(const FeedbackRow& a, const FeedbackRow& b);

/// Pairs of all texts of each product and prompt, in the order of the rows. Rows of one text
/// (several periods) are added up. Throws InvalidInput when the sum passes 10^15.
std::vector<PreferencePair> feedback_pairs(std::span<const FeedbackRow> rows);

struct FeedbackFile {
  std::vector<PreferencePair> pairs;
  ImportReport report;
};

/// JSONL of {product_id, prompt, text, impressions, clicks}. Throws ImportRefused, NotFound,
/// IoError, Corrupt.
FeedbackFile read_feedback_file(const std::filesystem::path& path);

}  // namespace vitrine::data
