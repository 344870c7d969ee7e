#include "recipes/curate_images_filters.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "data/normalization.h"
#include "data/selection.h"
#include "imagery/perceptual_hash.h"

namespace vitrine::recipes {
namespace {

PictureDecision keep(std::optional<double> score = {}) { return {.keep = true, .reason = {}, .score = score, .bucket = {}}; }
PictureDecision drop(std::string reason, std::optional<double> score = {}) { return {.keep = false, .reason = std::move(reason), .score = score, .bucket = {}}; }
PictureDecision keep_unmeasured() { return {.keep = true, .reason = {}, .score = {}, .bucket = "not readable, kept"}; }

class SchemaFilter : public PictureFilter {
 public:
  explicit SchemaFilter(const CurateImagesConfig& config) : config_(config) {}
  std::string name() const override { return "schema"; }
  bool enabled() const override { return config_.schema; }
  Json settings() const override { return Json::object(); }
  PictureDecision decide(PictureRow& row) override {
    const data::PictureRecord& record = row.record;
    const bool described = !text_of(record).empty() || !record.label.empty() || !record.product.attributes.empty() || !record.product.category_path.empty();
    return described ? keep() : drop("no text, class or attributes");
  }

 private:
  const CurateImagesConfig& config_;
};

class ReadableFilter : public PictureFilter {
 public:
  explicit ReadableFilter(const CurateImagesConfig& config) : config_(config) {}
  std::string name() const override { return "readable"; }
  bool enabled() const override { return config_.readable; }
  Json settings() const override { return Json::object(); }
  PictureDecision decide(PictureRow& row) override { return row.measures ? keep() : drop(row.problem); }

 private:
  const CurateImagesConfig& config_;
};

class SizeFilter : public PictureFilter {
 public:
  explicit SizeFilter(const CurateImagesConfig& config) : config_(config) {}
  std::string name() const override { return "size"; }
  bool enabled() const override { return config_.size; }
  Json settings() const override { return {{"min_side", config_.min_side}}; }
  std::string score_name() const override { return "shorter side, pixels"; }
  std::vector<double> thresholds() const override { return {static_cast<double>(config_.min_side)}; }
  PictureDecision decide(PictureRow& row) override {
    if (!row.measures) return keep_unmeasured();
    const int64_t side = std::min(row.measures->width, row.measures->height);
    return side >= config_.min_side ? keep(static_cast<double>(side)) : drop("IMG_TOO_SMALL", static_cast<double>(side));
  }

 private:
  const CurateImagesConfig& config_;
};

class DetailFilter : public PictureFilter {
 public:
  explicit DetailFilter(const CurateImagesConfig& config) : config_(config) {}
  std::string name() const override { return "detail"; }
  bool enabled() const override { return config_.detail; }
  Json settings() const override { return {{"min_spread", config_.min_spread}, {"min_detail", config_.min_detail}}; }
  std::string score_name() const override { return "detail, L* units"; }
  std::vector<double> thresholds() const override { return {config_.min_detail}; }
  PictureDecision decide(PictureRow& row) override {
    if (!row.measures) return keep_unmeasured();
    const auto [spread, detail] = row.measures->detail;
    if (spread < config_.min_spread) return drop("blank", detail);
    return detail >= config_.min_detail ? keep(detail) : drop("low detail", detail);
  }

 private:
  const CurateImagesConfig& config_;
};

/// Near-equal to a picture of a growing index. Records that name the very same picture of a set (several texts of one
/// picture) are not duplicates of each other: they share one fate.
class DuplicateFilter : public PictureFilter {
 public:
  DuplicateFilter(const CurateImagesConfig& config, const std::vector<data::PictureRecord>* held_out, int threads)
      : config_(config), held_out_(held_out), threads_(threads) {}
  std::string name() const override { return held_out_ != nullptr ? "leakage" : "dedupe"; }
  bool enabled() const override { return held_out_ != nullptr ? config_.leakage && !held_out_->empty() : config_.dedupe; }
  Json settings() const override { return {{"max_hash_distance", config_.max_hash_distance}}; }
  std::string score_name() const override { return "bits to the nearest picture"; }
  std::vector<double> thresholds() const override { return {config_.max_hash_distance + 0.5}; }
  Json notes() const override { return held_out_ != nullptr ? Json{{"held_out", ids_.size()}} : Json(nullptr); }

  void prepare(std::vector<PictureRow>&) override {
    if (held_out_ == nullptr) return;
    std::vector<PictureRow> rows;
    for (const auto& record : *held_out_) rows.push_back({.record = record, .sha256 = {}, .format = {}, .measures = {}, .problem = {}, .words = {}, .words_en = {}, .unknown_words = {}, .clip_score = {}});
    measure_pictures(rows, threads_);
    for (const PictureRow& row : rows) {
      if (row.measures) add(row);
    }
  }
  PictureDecision decide(PictureRow& row) override {
    if (!row.measures) return keep_unmeasured();
    const auto [first, is_new] = reasons_.try_emplace(to_string(row.record.pictures.front()));
    if (!is_new) return {.keep = first->second.empty(), .reason = first->second, .score = {}, .bucket = "another text of one picture"};
    const auto near = index_.nearest(row.measures->hash, 64);
    const std::optional<double> score = near ? std::optional<double>(near->distance) : std::nullopt;
    if (near && near->distance <= config_.max_hash_distance) first->second = "like " + ids_[near->index];
    if (!first->second.empty()) return drop(first->second, score);
    if (held_out_ == nullptr) add(row);
    return keep(score);
  }

 private:
  void add(const PictureRow& row) {
    index_.add(row.measures->hash);
    ids_.push_back(row.record.product.id);
  }

  const CurateImagesConfig& config_;
  const std::vector<data::PictureRecord>* held_out_;
  int threads_;
  imagery::HashIndex index_;
  std::vector<std::string> ids_;
  std::map<std::string, std::string> reasons_;  // by picture file: why its rows are dropped, empty = they are kept
};

/// One count of the shop. A row that does not have it is neither high nor low: it stays or goes as keep_missing says, and
/// is counted in a bucket of its own.
class SignalFilter : public PictureFilter {
 public:
  using Field = std::optional<int64_t> data::Signals::*;
  SignalFilter(std::string name, Field field, bool enabled, int64_t least, bool keep_missing)
      : name_(std::move(name)), field_(field), enabled_(enabled), least_(least), keep_missing_(keep_missing) {}
  std::string name() const override { return name_; }
  bool enabled() const override { return enabled_; }
  Json settings() const override { return {{"min_" + name_, least_}, {"keep_missing", keep_missing_}}; }
  std::string score_name() const override { return "log10(1 + " + name_ + ")"; }
  std::vector<double> thresholds() const override { return {std::log10(0.5 + static_cast<double>(least_))}; }
  Json notes() const override {
    return {{"rule", concat("a row with ", name_, " < ", least_, " is dropped; a row without the signal is ", keep_missing_ ? "kept" : "dropped",
                            " and counted apart, never as zero")}};
  }
  PictureDecision decide(PictureRow& row) override {
    const std::optional<int64_t>& count = row.record.signals.*field_;
    if (!count) return {.keep = keep_missing_, .reason = keep_missing_ ? "" : "missing", .score = {}, .bucket = "missing"};
    const double score = std::log10(1 + static_cast<double>(*count));
    const bool enough = *count >= least_;
    return {.keep = enough, .reason = enough ? "" : concat("fewer than ", least_), .score = score,
            .bucket = enough ? concat("at least ", least_) : *count == 0 ? "zero" : concat("1 to ", least_ - 1)};
  }

 private:
  std::string name_;
  Field field_;
  bool enabled_;
  int64_t least_;
  bool keep_missing_;
};

/// Attribute pairs under their canonical names. Drops nothing.
class NormalizeFilter : public PictureFilter {
 public:
  explicit NormalizeFilter(const CurateImagesConfig& config) : config_(config) {}
  std::string name() const override { return "normalize"; }
  bool enabled() const override { return config_.normalize; }
  Json settings() const override { return Json::object(); }
  Json notes() const override { return {{"pairs", pairs_}, {"unmapped", unmapped_}}; }
  PictureDecision decide(PictureRow& row) override {
    auto& attributes = row.record.product.attributes;
    pairs_ += static_cast<int64_t>(attributes.size());
    const auto unmapped = normalizer_.normalize(row.record.product);
    unmapped_ += static_cast<int64_t>(unmapped.size());
    const bool changed = std::any_of(attributes.begin(), attributes.end(), [](const data::Attribute& a) { return a.key != a.key_raw || a.val != a.val_raw; });
    PictureDecision decision = keep();
    decision.repaired = changed;
    decision.bucket = attributes.empty() ? "no attributes" : unmapped.empty() ? "all pairs mapped" : "some pairs not mapped";
    return decision;
  }

 private:
  const CurateImagesConfig& config_;
  data::AttributeNormalizer normalizer_ = data::AttributeNormalizer::load();
  int64_t pairs_ = 0, unmapped_ = 0;
};

/// Pairs that are sparse in their category go. Drops no row.
class TfIdfFilter : public PictureFilter {
 public:
  TfIdfFilter(const CurateImagesConfig& config, const data::AttributeStatistics& statistics) : config_(config), statistics_(statistics) {}
  std::string name() const override { return "tf_idf"; }
  bool enabled() const override { return config_.tf_idf; }
  Json settings() const override { return {{"min_tfidf", config_.min_tfidf}}; }
  Json notes() const override { return {{"pairs", pairs_}, {"taken_out", taken_out_}}; }
  PictureDecision decide(PictureRow& row) override {
    data::Product& product = row.record.product;
    pairs_ += static_cast<int64_t>(product.attributes.size());
    const auto sparse = data::sparse_pairs(product, statistics_, normalizer_.type_of(data::category_of(product)), config_.min_tfidf);
    if (sparse.empty()) return keep();
    taken_out_ += static_cast<int64_t>(sparse.size());
    for (auto pair = sparse.rbegin(); pair != sparse.rend(); ++pair) product.attributes.erase(product.attributes.begin() + pair->attr_idx);
    PictureDecision decision = keep();
    decision.repaired = true;
    decision.reason = sparse.front().key + "#" + sparse.front().val;
    return decision;
  }

 private:
  const CurateImagesConfig& config_;
  const data::AttributeStatistics& statistics_;
  data::AttributeNormalizer normalizer_ = data::AttributeNormalizer::load();
  int64_t pairs_ = 0, taken_out_ = 0;
};

/// Cosine of picture and text. Its threshold is a quantile of the scores of the rows that come in.
class ClipFilter : public PictureFilter {
 public:
  ClipFilter(const CurateImagesConfig& config, imagery::PairScorer* scorer, const imagery::CaptionWords& captions)
      : config_(config), scorer_(scorer), captions_(captions) {}
  std::string name() const override { return "clip"; }
  bool enabled() const override { return config_.clip && scorer_ != nullptr; }
  Json settings() const override {
    return {{"clip_quantile", config_.clip_quantile}, {"model", scorer_ != nullptr ? scorer_->description() : Json(nullptr)}};
  }
  std::string score_name() const override { return scorer_ != nullptr ? "cosine of picture and text" : ""; }
  std::vector<double> thresholds() const override { return {threshold_}; }
  Json notes() const override {
    if (!enabled()) return {{"rule", "no CLIP model was given: no row is judged"}};
    return {{"quantile", config_.clip_quantile}, {"threshold", threshold_}, {"model", scorer_->description()}};
  }

  void prepare(std::vector<PictureRow>& rows) override {
    Progress progress("clip", rows.size(), "pictures");
    for (size_t begin = 0; begin < rows.size(); begin += kBatch) {
      throw_if_interrupted("curate: nothing is written");
      score_batch(std::span(rows).subspan(begin, std::min(kBatch, rows.size() - begin)));
      progress.advance(std::min(kBatch, rows.size() - begin));
    }
    threshold_ = quantile(rows);
  }
  PictureDecision decide(PictureRow& row) override {
    if (!row.clip_score) return keep_unmeasured();
    return *row.clip_score >= threshold_ ? keep(row.clip_score) : drop("text and picture do not fit", row.clip_score);
  }

 private:
  static constexpr size_t kBatch = 32;

  /// What a person wrote, else the caption in the scorer's language.
  std::string text_for(PictureRow& row) const {
    if (!text_of(row.record).empty()) return text_of(row.record);
    write_caption(row, captions_);
    const auto language = scorer_->language();
    return join_words(language == imagery::Language::zh ? row.words : row.words_en, language);
  }

  void score_batch(std::span<PictureRow> rows) {
    std::vector<io::Picture> pictures;
    std::vector<std::string> texts;
    std::vector<PictureRow*> scored;
    for (PictureRow& row : rows) {
      if (!row.measures) continue;
      const data::PictureFile& file = row.record.pictures.front();
      pictures.push_back(io::reread_picture(data::read_picture_bytes(file), to_string(file)));
      texts.push_back(text_for(row));
      scored.push_back(&row);
    }
    if (scored.empty()) return;
    const auto scores = scorer_->score(pictures, texts);
    for (size_t i = 0; i < scored.size(); ++i) scored[i]->clip_score = scores[i];
  }

  /// The least score that the share 1 - clip_quantile of the rows reaches: at most that share is below it.
  double quantile(const std::vector<PictureRow>& rows) const {
    std::vector<double> scores;
    for (const PictureRow& row : rows) {
      if (row.clip_score) scores.push_back(*row.clip_score);
    }
    if (scores.empty()) return -1;
    std::sort(scores.begin(), scores.end());
    const auto place = static_cast<size_t>(config_.clip_quantile * static_cast<double>(scores.size()));
    return scores[std::min(place, scores.size() - 1)];
  }

  const CurateImagesConfig& config_;
  imagery::PairScorer* scorer_;
  const imagery::CaptionWords& captions_;
  double threshold_ = -1;
};

}  // namespace

std::vector<std::unique_ptr<PictureFilter>> make_picture_filters(const CurateImagesConfig& config, const CurateImagesTools& tools,
                                                                 const imagery::CaptionWords& captions) {
  std::vector<std::unique_ptr<PictureFilter>> filters;
  filters.push_back(std::make_unique<SchemaFilter>(config));
  filters.push_back(std::make_unique<ReadableFilter>(config));
  filters.push_back(std::make_unique<SizeFilter>(config));
  filters.push_back(std::make_unique<DetailFilter>(config));
  filters.push_back(std::make_unique<DuplicateFilter>(config, nullptr, tools.threads));
  filters.push_back(std::make_unique<DuplicateFilter>(config, &tools.held_out, tools.threads));
  filters.push_back(std::make_unique<SignalFilter>("reviews", &data::Signals::reviews, config.reviews, config.min_reviews, config.keep_missing));
  filters.push_back(std::make_unique<SignalFilter>("favorites", &data::Signals::favorites, config.favorites, config.min_favorites, config.keep_missing));
  filters.push_back(std::make_unique<SignalFilter>("sales", &data::Signals::sales, config.sales, config.min_sales, config.keep_missing));
  filters.push_back(std::make_unique<NormalizeFilter>(config));
  filters.push_back(std::make_unique<TfIdfFilter>(config, tools.statistics));
  filters.push_back(std::make_unique<ClipFilter>(config, tools.clip, captions));
  return filters;
}

}  // namespace vitrine::recipes
