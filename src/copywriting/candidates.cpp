#include "copywriting/candidates.h"

#include <algorithm>
#include <map>

#include "checks/output_faults.h"
#include "text/lcs.h"
#include "text/utf8.h"

namespace vitrine::copywriting {
namespace {

using NgramCounts = std::map<std::u32string_view, int>;

NgramCounts count_ngrams(std::u32string_view text, size_t n) {
  NgramCounts counts;
  for (size_t i = 0; i + n <= text.size(); ++i) ++counts[text.substr(i, n)];
  return counts;
}

double overlap_f(const NgramCounts& a, size_t size_a, const NgramCounts& b, size_t size_b) {
  if (size_a + size_b == 0) return 0;
  int matches = 0;
  for (const auto& [ngram, count] : a) {
    if (const auto found = b.find(ngram); found != b.end()) matches += std::min(count, found->second);
  }
  return 2.0 * matches / static_cast<double>(size_a + size_b);
}

/// Mean F-score of shared 1- to 4-grams of each text with all others.
std::vector<double> agreements(const std::vector<std::u32string>& texts) {
  std::vector<double> sums(texts.size());
  if (texts.size() < 2) return sums;
  for (size_t n = 1; n <= 4; ++n) {
    std::vector<NgramCounts> counts;
    std::vector<size_t> sizes;
    for (const auto& text : texts) {
      counts.push_back(count_ngrams(text, n));
      sizes.push_back(text.size() < n ? 0 : text.size() - n + 1);
    }
    for (size_t i = 0; i < texts.size(); ++i) {
      for (size_t j = i + 1; j < texts.size(); ++j) {
        const double f = overlap_f(counts[i], sizes[i], counts[j], sizes[j]);
        sums[i] += f;
        sums[j] += f;
      }
    }
  }
  for (double& sum : sums) sum /= 4.0 * static_cast<double>(texts.size() - 1);
  return sums;
}

/// Sorts best first.
struct Rank {
  bool may_leave;
  bool is_like;  // another product's copy
  checks::Level verdict;
  double score;
  size_t idx;
  bool operator<(const Rank& other) const {
    if (may_leave != other.may_leave) return may_leave;
    if (is_like != other.is_like) return other.is_like;
    return verdict != other.verdict ? verdict < other.verdict : score > other.score;
  }
};

double score(const Candidate& candidate, const OrderConfig& config) {
  double sum = 0;
  for (const ScorePart& part : score_parts(candidate, config)) sum += part.weight * part.value;
  return sum;
}

}  // namespace

double coverage_of(std::string_view text, const data::Product& product) {
  return checks::literal_coverage(text::to_utf32(text), product, /*any_word_for_category=*/false);
}

std::vector<ScorePart> score_parts(const Candidate& c, const OrderConfig& config) {
  const double fluency = c.tokens > 0 ? c.logprob / static_cast<double>(c.tokens) : 0;
  std::vector<ScorePart> parts{{"coverage", c.coverage, config.coverage},
                               {"agreement", c.agreement, config.agreement},
                               {"fluency", fluency, config.fluency},
                               {"repetition", checks::repeated_share(text::metric_code_points(c.text), 4), -config.repetition}};
  if (c.ranker) parts.push_back({"ranker", *c.ranker, config.ranker});
  return parts;
}

bool says_groups_in_order(std::string_view text, const Plan& plan) {
  size_t group_begin = 0;
  for (const auto& group : plan.groups) {
    size_t first = std::string_view::npos;
    for (const int point : group) {
      const size_t at = text.find(plan.points[static_cast<size_t>(point)].value);
      if (at == std::string_view::npos) return false;
      first = std::min(first, at);
    }
    if (first == std::string_view::npos) continue;
    if (first < group_begin) return false;
    group_begin = first;
  }
  return true;
}

void order_candidates(std::vector<Candidate>& candidates, const data::Product& product, const Plan& plan,
                      const OrderConfig& config) {
  std::vector<std::u32string> texts;
  for (const auto& candidate : candidates) texts.push_back(text::metric_code_points(candidate.text));
  const auto agreement = agreements(texts);
  std::vector<Rank> ranks;
  for (size_t i = 0; i < candidates.size(); ++i) {
    Candidate& c = candidates[i];
    c.coverage = coverage_of(c.text, product);
    c.agreement = agreement[i];
    c.groups_in_order = says_groups_in_order(c.text, plan);
    ranks.push_back({c.may_leave(), c.like.has_value(), c.report.verdict(), score(c, config), i});
  }
  std::stable_sort(ranks.begin(), ranks.end());
  std::vector<Candidate> ordered;
  for (const Rank& rank : ranks) ordered.push_back(std::move(candidates[rank.idx]));
  candidates = std::move(ordered);
}

double mean_pairwise_rouge_l(const std::vector<Candidate>& candidates) {
  std::vector<std::u32string> texts;
  for (const auto& candidate : candidates) texts.push_back(text::metric_code_points(candidate.text));
  double sum = 0;
  int pairs = 0;
  for (size_t i = 0; i < texts.size(); ++i) {
    for (size_t j = i + 1; j < texts.size(); ++j, ++pairs) {
      sum += text::char_rouge_l(texts[i], texts[j]);
    }
  }
  return pairs == 0 ? 0 : sum / pairs;
}

}  // namespace vitrine::copywriting
