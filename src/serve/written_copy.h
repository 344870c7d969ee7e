// serve/written_copy.h - products and plans of the store on their way through the copy engine, and
// what comes out as candidates of the store.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "copywriting/catalogue.h"
#include "serve/factors.h"
#include "serve/job_queue.h"
#include "serve/service.h"
#include "store/candidates.h"
#include "store/models.h"
#include "store/plans.h"

namespace vitrine::serve {

/// The model that a job writes with.
struct WritingModel {
  std::shared_ptr<CopyEngine> engine;
  store::Model model;
};
/// model_id empty = the one that serves. Throws Refusal: unknown, model_missing.
WritingModel writing_model(Service& service, const std::string& shop_id, const std::string& model_id);

/// The shop's approved descriptions, which new copy is not to be like; null when there are none.
std::shared_ptr<const copywriting::CatalogueIndex> accepted_copy(Service& service, const std::string& shop_id);

/// Where a candidate of the engine belongs.
struct CandidatePlace {
  std::string job_id;
  store::Plan plan;
  std::string product_title;
  std::string prompt;  // prompt_of the product
  store::Model model;
};

/// What picks say the model was asked for: 类型#裙*风格#简约, with canonical keys and the shop's own wording of
/// the values, as the model reads them. Attributes that cannot be said so (a `*` in them) are left out.
///   checked  as checked_product gives it
std::string prompt_of(const data::Product& checked);

/// "c-<job>-<index>": the same when a job is done again.
std::string candidate_id(const std::string& job_id, int index);
/// The candidate as the store keeps it. `config`: the settings that were in force.
store::Candidate stored_candidate(const copywriting::Candidate& candidate, const CandidatePlace& place,
                                  const copywriting::WriteConfig& config);

}  // namespace vitrine::serve
