// recipes/write.h - the main job: products in, checked and ordered copy candidates out.
//
// Read products → normalise → plan → prompt → sample n candidates → style → check → write those with faults
// again → weave in an event → cut for the platform → order. A product whose category the model has not learned gets copy from the template bank, marked so.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/random.h"
#include "checks/evidence.h"
#include "copywriting/candidates.h"
#include "copywriting/catalogue.h"
#include "copywriting/copy_model.h"
#include "copywriting/copy_sampler.h"
#include "copywriting/events.h"
#include "copywriting/ranking_model.h"
#include "copywriting/retrieval.h"
#include "copywriting/style_rules.h"
#include "copywriting/template_bank.h"
#include "data/normalization.h"
#include "data/product.h"
#include "recipes/write_config.h"

namespace vitrine::recipes {

/// What became of an event for one product.
struct EventNote {
  std::string id, clause;  // clause: empty = refused
  std::string reason;      // why it was refused
};

/// What one product got.
struct WrittenProduct {
  std::string id;
  copywriting::Plan plan;
  std::vector<copywriting::Candidate> candidates;  // best first
  int dropped = 0;          // candidates that still must not leave after all rewrites
  int saved = 0;            // candidates that may leave because decoding turned away from a banned term
  std::map<std::string, int> dropped_faults;  // fault, or rule:term → dropped candidates that had it
  std::string origin;       // model | template | retrieval
  std::string note;         // why not the model, in Chinese; empty otherwise
  std::string error;        // why there is no candidate
  std::vector<EventNote> events;  // one for each event of the file
  double likeness = 0;      // mean pairwise char ROUGE-L of the candidates
};

/// What the operator fixed about the order of points.
struct PointWishes {
  std::vector<std::string> pins, order;  // keys, or key#value
  /// By product id: exactly these, as key#value, in this order; the value as the operator or as `points` spells it.
  std::map<std::string, std::vector<std::string>> points;
};

/// What the text of a candidate is drawn from.
RandomKey candidate_key(int64_t seed, const std::string& product_id, int index);

/// Candidate i of a product depends on model, settings, seed, product id and i alone.
/// Not thread-safe; sampling uses the decoder's threads.
class CopyWriter {
 public:
  /// model may be null only with a baseline; training_rows: what `retrieval` finds its texts in, and
  /// the statistics of points when there is no model. Throws what loading the shipped rules throws.
  CopyWriter(const WriteConfig& config, const copywriting::CopyModel* model,
             const std::vector<data::Product>& training_rows = {}, PointWishes wishes = {});

  /// Candidates get its score from now on. It must outlive the writer; null = none.
  void use_ranker(copywriting::RankingModel* ranker) { ranker_ = ranker; }

  /// In input order.
  std::vector<WrittenProduct> write(std::span<const data::Product> products);

  /// The candidate that comes first when these alone are ordered; without `by_verdict` by score
  /// alone. `product` as it was given to write, `plan` of its result. REQUIRES: candidates.
  copywriting::Candidate best_of(std::vector<copywriting::Candidate> candidates,
                                 const data::Product& product, const copywriting::Plan& plan,
                                 bool by_verdict) const;

  /// The pins and orders that no product has, after normalisation.
  std::vector<std::string> unknown_wishes(std::span<const data::Product> products, const std::vector<std::string>& wishes) const;

 private:
  /// A product as it is planned, and its points when the operator fixed them.
  struct Prepared {
    data::Product product;
    checks::Evidence evidence;                       // of the normalised product
    std::optional<std::vector<std::string>> points;  // as key#value of `product`
    std::string error;                               // a point that the product does not have
  };
  /// A candidate that is being written.
  struct Draft {
    size_t product_idx;
    int index;
    copywriting::CopyTask task;
  };

  Prepared prepared(const data::Product& product) const;
  void keep_stated(const std::string& text, Prepared& prepared) const;
  void fix_points(const std::vector<std::string>& wished, Prepared& prepared) const;
  WrittenProduct planned(const Prepared& prepared) const;
  bool model_knows(const data::Product& product) const;
  copywriting::CopyTask task_for(const data::Product& product, const WrittenProduct& written) const;
  copywriting::Candidate candidate_of(const Draft& draft, const copywriting::SampledCopy& copy,
                                      const Prepared& prepared, const WrittenProduct& written) const;
  bool is_to_be_written_anew(const copywriting::Candidate& candidate) const;
  void avoid(const copywriting::Candidate& candidate, const std::string& product_id, copywriting::CopyTask& task) const;
  void fill_from_model(std::span<const Prepared> products, std::span<WrittenProduct* const> written) const;
  void fill_from_bank(const Prepared& prepared, WrittenProduct& written) const;
  void fill_from_rows(const Prepared& prepared, WrittenProduct& written) const;
  void fill_titles(const Prepared& prepared, WrittenProduct& written) const;
  void add_polished(const Prepared& prepared, WrittenProduct& written) const;
  void weave_in_events(const Prepared& prepared, WrittenProduct& written) const;
  void fit_platform(const Prepared& prepared, WrittenProduct& written) const;
  void complete(const Prepared& prepared, WrittenProduct& written) const;
  void rank(std::span<const Prepared> prepared, std::span<WrittenProduct> written) const;
  void finish(const Prepared& prepared, WrittenProduct& written) const;
  void check(const Prepared& prepared, copywriting::Candidate& candidate) const;
  void style_and_check(const Prepared& prepared, const copywriting::Plan& plan, copywriting::Candidate& candidate) const;
  void dress(const Prepared& prepared, const copywriting::Plan& plan, copywriting::Candidate& candidate) const;
  void fit_plain(const Prepared& prepared, const copywriting::Plan& plan, const checks::Limit& limit, copywriting::Candidate& candidate) const;
  std::vector<std::string> copy_faults(const std::string& text, const data::Product& product) const;

  WriteConfig config_;
  const copywriting::CopyModel* model_;
  copywriting::TemplateBank bank_;
  std::optional<data::AttributeNormalizer> normalizer_;
  data::AttributeStatistics statistics_;  // of the model, or of the training rows
  std::optional<copywriting::RetrievalBaseline> retrieval_;
  PointWishes wishes_;
  copywriting::RankingModel* ranker_ = nullptr;
  const copywriting::Style* style_ = nullptr;  // null: texts are not put into a style
  checks::CheckContext context_;
  std::vector<copywriting::Event> events_;
  std::optional<copywriting::CatalogueIndex> catalogue_;
};

/// The line of commands.md.
Json to_json(const WrittenProduct& written, const WriteConfig& config, const std::string& model_sha256);

/// A product's candidates to read on a terminal, Chinese.
std::string to_table(const WrittenProduct& written, const data::Product& product);

}  // namespace vitrine::recipes
