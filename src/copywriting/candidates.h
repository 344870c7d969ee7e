// copywriting/candidates.h - what a candidate is worth, and the order in which a person sees them.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checks/check_report.h"
#include "copywriting/plan.h"
#include "data/product.h"

namespace vitrine::copywriting {

struct Candidate {
  int index = 0;             // i of n: what its text depends on
  std::string text;
  std::string unstyled;      // the text before a style's rules changed it; "" = they did not
  int64_t tokens = 0;
  double logprob = 0;        // natural log, of the model without guide; 0 for templates
  std::string origin = "model";  // model | template | retrieval
  double coverage = 0;       // checks::literal_coverage: said values / values
  double agreement = 0;      // mean 1..4-gram F-score with the other candidates, 0..1
  bool groups_in_order = true;   // every group of the plan said, in the plan's order
  std::vector<std::string> faults;  // checks/output_faults.h; empty = clean
  checks::CheckReport report;       // what the rules say
  std::optional<std::string> like;  // of another product's accepted copy: the id of that product
  std::optional<double> likeness;   // character ROUGE-L with it; none when nothing was compared
  std::optional<double> ranker;  // score of the ranking model; none without one
  std::optional<double> style;   // share of the style's checks that hold; none without style rules
  int turned = 0;  // tokens at which decoding turned away from a banned term

  const std::string& plain_text() const { return unstyled.empty() ? text : unstyled; }

  /// Whether it may be shown: clean, and nothing that blocks.
  bool may_leave() const {
    return faults.empty() && report.verdict() < checks::Level::block;
  }
};

/// Weights of the parts of a candidate's score.
struct OrderConfig {
  double coverage = 10;
  double agreement = 20;
  double fluency = 0.2;   // mean log-probability of a token
  double repetition = 30; // share of 4-grams that stood before
  double ranker = 3;      // score of the ranking model, where there is one

  void describe(FieldVisitor& v) {
    v.field("order_coverage", coverage, "weight of said values / values", 0, 1000);
    v.field("order_agreement", agreement, "weight of the overlap with the other candidates", 0, 1000);
    v.field("order_fluency", fluency, "weight of the mean log-probability of a token", 0, 1000);
    v.field("order_ranker", ranker, "weight of the ranking model's score", 0, 1000);
    v.field("order_repetition", repetition, "weight of repeated 4-grams, subtracted", 0, 1000);
  }
};

/// Whether the first mentions of the groups' values stand in the groups' order and none is missing.
bool says_groups_in_order(std::string_view text, const Plan& plan);

/// checks::literal_coverage: values of the product that the text says / values.
double coverage_of(std::string_view text, const data::Product& product);

/// One part of a candidate's score; it is the sum of value times weight.
struct ScorePart {
  std::string_view name;  // coverage | agreement | fluency | repetition | ranker
  double value = 0, weight = 0;  // weight: negative where the part is subtracted
};
/// The parts that there are, in this order. Coverage and agreement are read, not computed.
std::vector<ScorePart> score_parts(const Candidate& candidate, const OrderConfig& config);

/// Fills coverage, agreement and groups_in_order, then sorts best first: those that may leave before
/// the others, then those like no other product's copy, then by verdict, then by the weighted sum;
/// ties keep the index order.
/// Agreement is what minimum Bayes risk decoding maximises (Kumar and Byrne 2004).
void order_candidates(std::vector<Candidate>& candidates, const data::Product& product, const Plan& plan,
                      const OrderConfig& config);

/// Mean char ROUGE-L (F) over all pairs; 0 for fewer than two. What a table prints as likeness.
double mean_pairwise_rouge_l(const std::vector<Candidate>& candidates);

}  // namespace vitrine::copywriting
