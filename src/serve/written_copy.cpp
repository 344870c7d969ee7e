#include "serve/written_copy.h"

#include "copywriting/written_product.h"
#include "serve/request_parts.h"
#include "store/products.h"

namespace vitrine::serve {
namespace {

constexpr size_t kMaxAccepted = 20000;  // of a catalogue that is compared with

/// Details of a candidate: the fields of `write` that have no column of their own.
store::Document details_of(const copywriting::Candidate& candidate, const copywriting::WriteConfig& config) {
  Json json = copywriting::to_json(candidate, config);
  for (const char* column : {"index", "text", "tokens", "logprob", "origin", "verdict"}) json.erase(column);
  json["lengths"] = checks::to_json(candidate.report.lengths);
  // The API says whether a word stands too often; the command line which.
  if (json.contains("keywords")) json["keywords"]["stuffed"] = !json["keywords"]["stuffed"].empty();
  return dump_line(json);
}

/// What the history's search finds a candidate by.
std::string search_text(const store::Candidate& candidate, const CandidatePlace& place, const Json& params) {
  std::string text = concat(candidate.text, '\n', place.product_title, '\n', candidate.model_sha256);
  for (const auto& [name, value] : params.items()) {
    if (!value.is_structured()) text += concat('\n', name, '=', value.is_string() ? value.get<std::string>() : value.dump());
  }
  return text;
}

}  // namespace

WritingModel writing_model(Service& service, const std::string& shop_id, const std::string& model_id) {
  std::optional<store::Model> model;
  {
    auto loan = service.database.borrow();
    store::Models models(*loan, shop_id);
    model = model_id.empty() ? models.serving(store::ModelKind::copy) : need(models.find(model_id));
  }
  if (!model || model->kind != store::ModelKind::copy) throw Refusal("model_missing");
  return {service.engines.of(model->folder), *model};
}

std::shared_ptr<const copywriting::CatalogueIndex> accepted_copy(Service& service, const std::string& shop_id) {
  auto index = std::make_shared<copywriting::CatalogueIndex>(copywriting::CatalogueConfig{.limit = copywriting::WriteConfig().max_likeness});
  auto loan = service.database.borrow();
  store::Products products(*loan, shop_id);
  for (const auto state : {store::CopyState::approved, store::CopyState::exported}) {
    store::PageRequest page{.cursor = "", .limit = store::kMaxPage};
    do {
      const auto found = products.list({.words = "", .category = "", .import_id = "", .state = state}, page);
      for (const auto& entry : found.items) {
        if (!entry.copy.empty() && index->size() < kMaxAccepted) index->add(entry.id, entry.copy);
      }
      page.cursor = found.next;
    } while (!page.cursor.empty());
  }
  return index->size() > 0 ? index : nullptr;
}

std::string prompt_of(const data::Product& checked) {
  std::string prompt;
  for (const auto& attribute : checked.attributes) {
    const std::string& key = attribute.key.empty() ? attribute.key_raw : attribute.key;
    const std::string& value = attribute.val_raw.empty() ? attribute.val : attribute.val_raw;
    const bool fits = !key.empty() && !value.empty() && value.find('*') == value.npos && key.find_first_of("*#") == key.npos;
    if (fits) prompt += concat(prompt.empty() ? "" : "*", key, '#', value);
  }
  return prompt;
}

std::string candidate_id(const std::string& job_id, int index) {
  const std::string number = job_id.starts_with("job-") ? job_id.substr(4) : job_id;
  return concat("c-", number, "-", index);
}

store::Candidate stored_candidate(const copywriting::Candidate& from, const CandidatePlace& place,
                                  const copywriting::WriteConfig& config) {
  store::Candidate candidate;
  candidate.id = candidate_id(place.job_id, from.index);
  candidate.product_id = place.plan.product_id;
  candidate.job_id = place.job_id;
  candidate.plan_id = place.plan.id;
  candidate.index = from.index;
  candidate.text = from.text;
  candidate.prompt = place.prompt;
  candidate.tokens = static_cast<int>(from.tokens);
  candidate.logprob = from.logprob;
  // A text that the operator gave and the checks repaired stands beside those of the model.
  candidate.origin = from.origin == "polished" ? "model" : from.origin;
  candidate.verdict = from.faults.empty() ? checks::verdict_name(from.report.verdict()) : "block";
  candidate.model_sha256 = from.origin == "model" ? place.model.sha256 : "";
  candidate.seed = config.seed;
  candidate.round = from.origin == "model" ? place.model.round : 0;
  const Json params = config_to_json(config);
  candidate.params = dump_line(params);
  candidate.details = details_of(from, config);
  candidate.search_text = search_text(candidate, place, params);
  candidate.created_at = store::utc_now();
  return candidate;
}

}  // namespace vitrine::serve
