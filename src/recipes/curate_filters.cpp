#include "recipes/curate_filters.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "checks/checker.h"
#include "checks/output_faults.h"
#include "data/minhash.h"
#include "checks/clause_repair.h"
#include "recipes/copy_quality.h"
#include "text/utf8.h"

namespace vitrine::recipes {
namespace {

Decision keep(std::optional<double> score = {}) { return {.keep = true, .reason = {}, .repaired = {}, .score = score}; }
Decision drop(std::string reason, std::optional<double> score = {}) {
  return {.keep = false, .reason = std::move(reason), .repaired = {}, .score = score};
}
Decision repaired(std::u32string text, std::string reason) {
  return {.keep = true, .reason = std::move(reason), .repaired = std::move(text), .score = {}};
}

/// The text without the clauses that touch the spans, or a drop when the rest is no good copy.
Decision repair_or_drop(const FunnelRow& row, const std::vector<checks::Span>& spans, const std::string& reason, const CurateConfig& config) {
  if (!config.repair) return drop(reason);
  const auto rest = checks::drop_clauses(row.text, spans, {.min_sentence = config.min_sentence});
  if (!rest || rest->size() < static_cast<size_t>(config.min_length)) return drop(reason + "; rest too short");
  if (!checks::starts_well(*rest)) return drop(reason + "; rest starts badly");
  if (!checks::names_product(*rest, row.product)) return drop(reason + "; rest names no product");
  if (checks::literal_coverage(*rest, row.product, /*any_word_for_category=*/true) < config.min_coverage) return drop(reason + "; rest covers too little");
  return repaired(*rest, reason);
}

class SchemaFilter : public Filter {
 public:
  explicit SchemaFilter(const CurateConfig& config) : config_(config) {}
  std::string name() const override { return "schema"; }
  bool enabled() const override { return config_.schema; }
  Json settings() const override { return {{"repair", config_.repair}}; }
  Decision decide(const FunnelRow& row) override {
    if (row.product.attributes.empty()) return drop("no attributes");
    if (row.text.empty()) return drop("no text");
    if (!text::is_valid_utf8(row.product.summary)) return drop("not UTF-8");
    if (!config_.repair) return keep();
    auto text = checks::normalize_punctuation(row.text);
    if (text.empty()) return drop("no text");
    return text == row.text ? keep() : repaired(std::move(text), "punctuation");
  }

 private:
  const CurateConfig& config_;
};

/// Hits of chosen rules that block; used by three filters.
class ClaimFilter : public Filter {
 public:
  enum class Kind { placeholders, absolute, claims };
  ClaimFilter(Kind kind, const CurateConfig& config) : kind_(kind), config_(config) {}
  std::string name() const override {
    constexpr const char* kNames[] = {"placeholders", "absolute", "claims"};
    return kNames[static_cast<size_t>(kind_)];
  }
  bool enabled() const override {
    const bool switches[] = {config_.placeholders, config_.absolute, config_.claims};
    return switches[static_cast<size_t>(kind_)];
  }
  Json settings() const override {
    return {{"repair", config_.repair}, {"min_length", config_.min_length}, {"min_sentence", config_.min_sentence},
            {"min_coverage", config_.min_coverage}, {"ruleset", checks::RuleSet::shipped().sha256()}};
  }
  Decision decide(const FunnelRow& row) override {
    std::vector<checks::Span> spans;
    std::string reason;
    const auto report = checks::Checker::shipped().check(text::to_utf8(row.text), checks::Evidence(row.product), {});
    for (const auto& hit : report.hits) {
      if (hit.level != checks::Level::block || !is_mine(*hit.rule)) continue;
      if (spans.empty()) reason = hit.rule->id + " " + hit.term;
      spans.emplace_back(hit.begin, hit.end);
    }
    return spans.empty() ? keep() : repair_or_drop(row, spans, reason, config_);
  }

 private:
  bool is_mine(const checks::Rule& rule) const {
    if (rule.type == "placeholder") return kind_ == Kind::placeholders;
    const bool is_law = rule.test == "lexicon" || rule.test == "category" || rule.test == "citation";
    return kind_ == (is_law ? Kind::absolute : Kind::claims);
  }
  Kind kind_;
  const CurateConfig& config_;
};

class LengthFilter : public Filter {
 public:
  explicit LengthFilter(const CurateConfig& config) : config_(config) {}
  std::string name() const override { return "length"; }
  bool enabled() const override { return config_.length; }
  Json settings() const override { return {{"min_length", config_.min_length}, {"max_length", config_.max_length}}; }
  std::string score_name() const override { return "code points"; }
  std::vector<double> thresholds() const override { return {static_cast<double>(config_.min_length), static_cast<double>(config_.max_length)}; }
  Decision decide(const FunnelRow& row) override {
    const auto length = static_cast<double>(row.text.size());
    if (length < config_.min_length) return drop("too short", length);
    if (length > config_.max_length) return drop("too long", length);
    return keep(length);
  }

 private:
  const CurateConfig& config_;
};

/// Any similarity is found, so that rows under the threshold have a score too.
data::NearDuplicateIndex similarity_index() { return data::NearDuplicateIndex({.shingle_size = 4, .min_similarity = 0}); }

class DedupeFilter : public Filter {
 public:
  explicit DedupeFilter(const CurateConfig& config) : config_(config) {}
  std::string name() const override { return "dedupe"; }
  bool enabled() const override { return config_.dedupe; }
  Json settings() const override { return {{"max_similarity", config_.max_similarity}}; }
  std::string score_name() const override { return "similarity"; }
  std::vector<double> thresholds() const override { return {config_.max_similarity}; }
  Decision decide(const FunnelRow& row) override {
    const std::string text = text::to_utf8(row.text);
    const auto nearest = kept_.find(text).value_or(data::NearDuplicateIndex::Match{});
    if (nearest.similarity > config_.max_similarity) return drop("like " + ids_[nearest.index], nearest.similarity);
    kept_.add(text);
    ids_.push_back(row.product.id);
    return keep(nearest.similarity);
  }

 private:
  const CurateConfig& config_;
  data::NearDuplicateIndex kept_ = similarity_index();
  std::vector<std::string> ids_;
};

/// Compares the text as it came in: a repaired copy of a held-out row is still that row.
class LeakageFilter : public Filter {
 public:
  LeakageFilter(const CurateConfig& config, const std::vector<data::Product>& held_out) : config_(config) {
    for (const auto& product : held_out) {
      held_out_.add(text::to_utf8(checks::normalize_punctuation(text::to_utf32(text::nfc(product.summary)))));
      ids_.push_back(product.id);
    }
  }
  std::string name() const override { return "leakage"; }
  bool enabled() const override { return config_.leakage; }
  Json settings() const override { return {{"max_similarity", config_.max_similarity}, {"held_out_rows", ids_.size()}}; }
  std::string score_name() const override { return "similarity"; }
  std::vector<double> thresholds() const override { return {config_.max_similarity}; }
  Decision decide(const FunnelRow& row) override {
    const auto nearest = held_out_.find(text::to_utf8(checks::normalize_punctuation(row.original))).value_or(data::NearDuplicateIndex::Match{});
    if (nearest.similarity > config_.max_similarity) return drop("like held-out " + ids_[nearest.index], nearest.similarity);
    return keep(nearest.similarity);
  }

 private:
  const CurateConfig& config_;
  data::NearDuplicateIndex held_out_ = similarity_index();
  std::vector<std::string> ids_;
};

class RepetitionFilter : public Filter {
 public:
  explicit RepetitionFilter(const CurateConfig& config) : config_(config) {}
  std::string name() const override { return "repetition"; }
  bool enabled() const override { return config_.repetition; }
  Json settings() const override { return {{"max_repeated_4grams", config_.max_repeated_4grams}}; }
  std::string score_name() const override { return "repeated 4-grams"; }
  std::vector<double> thresholds() const override { return {static_cast<double>(config_.max_repeated_4grams)}; }
  Decision decide(const FunnelRow& row) override {
    const int repeated = checks::count_repeated_ngrams(row.text, 4);
    if (checks::has_repeated_clause(row.text)) return drop("repeated clause", repeated);
    if (repeated > config_.max_repeated_4grams) return drop("repeated 4-grams", repeated);
    return keep(repeated);
  }

 private:
  const CurateConfig& config_;
};

class QualityFilter : public Filter {
 public:
  explicit QualityFilter(const CurateConfig& config) : config_(config) {}
  std::string name() const override { return "quality"; }
  bool enabled() const override { return config_.quality; }
  Json settings() const override { return {{"min_quality", config_.min_quality}}; }
  std::string score_name() const override { return "quality"; }
  std::vector<double> thresholds() const override { return {config_.min_quality}; }
  Decision decide(const FunnelRow& row) override {
    const double score = quality_of(row.text, row.product).score();
    if (!checks::names_product(row.text, row.product)) return drop("names no product", score);
    return score < config_.min_quality ? drop("score", score) : keep(score);
  }

 private:
  const CurateConfig& config_;
};

}  // namespace

std::vector<std::unique_ptr<Filter>> make_filters(const CurateConfig& config, const std::vector<data::Product>& held_out) {
  std::vector<std::unique_ptr<Filter>> filters;
  filters.push_back(std::make_unique<SchemaFilter>(config));
  filters.push_back(std::make_unique<ClaimFilter>(ClaimFilter::Kind::placeholders, config));
  filters.push_back(std::make_unique<LengthFilter>(config));
  filters.push_back(std::make_unique<DedupeFilter>(config));
  filters.push_back(std::make_unique<LeakageFilter>(config, held_out));
  filters.push_back(std::make_unique<ClaimFilter>(ClaimFilter::Kind::absolute, config));
  filters.push_back(std::make_unique<ClaimFilter>(ClaimFilter::Kind::claims, config));
  filters.push_back(std::make_unique<RepetitionFilter>(config));
  filters.push_back(std::make_unique<QualityFilter>(config));
  return filters;
}

}  // namespace vitrine::recipes
