// copywriting/copy_writer.h - products in, checked and ordered copy candidates out.
//
// Normalise → plan → prompt → sample n candidates → style → check → write those with faults again → weave in an event →
// cut for the platform → order. A product whose category the model has not learned gets copy from the template bank, marked so.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/random.h"
#include "checks/evidence.h"
#include "copywriting/candidates.h"
#include "copywriting/catalogue.h"
#include "copywriting/events.h"
#include "copywriting/retrieval.h"
#include "copywriting/style_rules.h"
#include "copywriting/template_bank.h"
#include "copywriting/write_config.h"
#include "copywriting/writing_models.h"
#include "copywriting/written_product.h"
#include "data/normalization.h"
#include "data/product.h"

namespace vitrine::copywriting {

/// What the operator fixed about the points.
struct PointWishes {
  std::vector<std::string> pins, order;  // keys, or key#value
  /// By product id: exactly these, as key#value, in this order; the value as the operator or as `points` spells it.
  std::map<std::string, std::vector<std::string>> points;
  std::vector<std::string> drops = {};  // keys, or key#value, that a plan leaves out; the subject stays
};

/// Told while candidates are written, in the thread that called write. Each may be empty.
struct WriteWatch {
  /// What there is of a candidate's text; it may have been begun anew.
  std::function<void(size_t product_idx, int index, const std::string& text)> on_text = {};
  /// A candidate of the model is written: its text stands, it is checked and its coverage known. Agreement, which needs
  /// the others, the ranking model's score and the order come with the result.
  std::function<void(size_t product_idx, const Candidate& candidate)> on_candidate = {};
};

/// Rules that all writers of a process can share. Immutable, thread-safe.
struct WriterRules {
  TemplateBank bank;
  data::AttributeNormalizer normalizer;

  /// The shipped ones. Throws what loading them throws.
  static std::shared_ptr<const WriterRules> load();
};

/// What a writer has in common with others.
struct WriterParts {
  std::shared_ptr<const WriterRules> rules;
  WritingModels* models = nullptr;                      // must outlive the writer; null = a baseline alone
  std::shared_ptr<const CatalogueIndex> accepted = {};  // copy of other products; null = that of config.catalogue
};

/// What the text of a candidate is drawn from.
RandomKey candidate_key(int64_t seed, const std::string& product_id, int index);

/// Candidate i of a product depends on model, settings, seed, product id and i alone.
/// Not thread-safe; sampling uses the decoder's threads.
class CopyWriter {
 public:
  /// With rules and models of its own.
  /// model may be null only with a baseline; training_rows: what `retrieval` finds its texts in, and
  /// the statistics of points when there is no model. Throws what loading the shipped rules throws.
  CopyWriter(const WriteConfig& config, const CopyModel* model,
             const std::vector<data::Product>& training_rows = {}, PointWishes wishes = {});
  /// With parts that it shares with others. Throws InvalidInput for settings out of range, and for `retrieval`.
  CopyWriter(const WriteConfig& config, WriterParts parts, PointWishes wishes);

  /// Candidates get its score from now on. It must outlive the writer; null = none.
  /// REQUIRES: models of its own.
  void use_ranker(RankingModel* ranker) { own_models_->use_ranker(ranker); }

  /// In input order. Throws what WritingModels::sample throws.
  std::vector<WrittenProduct> write(std::span<const data::Product> products, const WriteWatch& watch = {});

  /// The plan that write follows.
  Plan plan(const data::Product& product) const;

  /// The candidate that comes first when these alone are ordered; without `by_verdict` by score
  /// alone. `product` as it was given to write, `plan` of its result. REQUIRES: candidates.
  Candidate best_of(std::vector<Candidate> candidates, const data::Product& product, const Plan& plan, bool by_verdict) const;

  /// The pins and orders that no product has, after normalisation.
  std::vector<std::string> unknown_wishes(std::span<const data::Product> products, const std::vector<std::string>& wishes) const;

 private:
  /// A product as it is planned, and its points when the operator fixed them.
  struct Prepared {
    data::Product product;
    checks::Evidence evidence;                       // of the normalised product
    std::optional<std::vector<std::string>> points;  // as key#value of `product`
    std::vector<std::string> drops;                  // as key#value of `product`
    std::string error;                               // a point that the product does not have
  };
  /// A candidate that is being written.
  struct Draft {
    size_t product_idx;
    int index;
    CopyTask task;
    int attempt = 0;
  };
  /// Products on their way; those that the model does not write are null in `written`.
  struct ModelWork {
    std::span<const Prepared> prepared;
    std::vector<WrittenProduct*> written;
    const WriteWatch& watch;
  };

  CopyWriter(const WriteConfig& config, PointWishes wishes);
  void use_statistics(const std::vector<data::Product>& training_rows);
  Prepared prepared(const data::Product& product) const;
  void keep_stated(const std::string& text, Prepared& prepared) const;
  std::vector<std::string> dropped_pairs(const data::Product& product) const;
  void fix_points(const std::vector<std::string>& wished, Prepared& prepared) const;
  WrittenProduct planned(const Prepared& prepared) const;
  Plan plan_of(const Prepared& prepared) const;
  void decide_events(const data::Product& product, WrittenProduct& written) const;
  bool model_knows(const data::Product& product) const;

  // copy_writer_model.cpp
  CopyTask task_for(const data::Product& product, const WrittenProduct& written) const;
  std::vector<Draft> drafts_of(const ModelWork& work) const;
  Candidate candidate_of(const Draft& draft, const SampledCopy& copy, const Prepared& prepared, const WrittenProduct& written) const;
  bool is_to_be_written_anew(const Candidate& candidate) const;
  void avoid(const Candidate& candidate, const std::string& product_id, CopyTask& task) const;
  std::optional<CopyTask> take(Draft& draft, const SampledCopy& copy, const ModelWork& work) const;
  void tell(const Draft& draft, Candidate& candidate, const ModelWork& work) const;
  void fill_from_model(const ModelWork& work) const;
  void rank(std::span<const Prepared> prepared, std::span<WrittenProduct> written) const;

  bool fill_without_model(const Prepared& prepared, WrittenProduct& written) const;
  void fill_from_bank(const Prepared& prepared, WrittenProduct& written) const;
  void fill_from_rows(const Prepared& prepared, WrittenProduct& written) const;
  void fill_titles(const Prepared& prepared, WrittenProduct& written) const;
  void add_polished(const Prepared& prepared, WrittenProduct& written) const;
  void complete(const Prepared& prepared, const WrittenProduct& written, Candidate& candidate) const;
  void weave_in_event(const Prepared& prepared, const WrittenProduct& written, Candidate& candidate) const;
  void fit_platform(const Prepared& prepared, const Plan& plan, Candidate& candidate) const;
  void finish(const Prepared& prepared, WrittenProduct& written) const;
  void check(const Prepared& prepared, Candidate& candidate) const;
  std::vector<std::string> copy_faults(const std::string& text, const data::Product& product) const;

  // copy_writer_style.cpp
  void style_and_check(const Prepared& prepared, const Plan& plan, Candidate& candidate) const;
  void dress(const Prepared& prepared, const Plan& plan, Candidate& candidate) const;
  void fit_plain(const Prepared& prepared, const Plan& plan, const checks::Limit& limit, Candidate& candidate) const;

  WriteConfig config_;
  PointWishes wishes_;
  const Style* style_ = nullptr;  // null: texts are not put into a style
  checks::CheckContext context_;
  std::vector<Event> events_;
  std::shared_ptr<const WriterRules> rules_;
  std::unique_ptr<OwnModels> own_models_;  // null when they are shared
  WritingModels* models_ = nullptr;        // null = none
  std::unique_ptr<data::AttributeStatistics> own_statistics_;  // of the training rows; null when they are the model's
  const data::AttributeStatistics* statistics_ = nullptr;
  std::optional<RetrievalBaseline> retrieval_;
  std::shared_ptr<const CatalogueIndex> accepted_;  // null = texts are not compared
};

}  // namespace vitrine::copywriting
