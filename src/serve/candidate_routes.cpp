// Texts and pictures that were made: the history, why one stands where it stands, its picture.
#include <algorithm>
#include <filesystem>

#include "copywriting/copy_writer.h"
#include "serve/factors.h"
#include "serve/operations.h"
#include "serve/request_parts.h"
#include "serve/service.h"
#include "serve/text_check.h"
#include "serve/wire.h"
#include "store/plans.h"
#include "text/utf8.h"

namespace vitrine::serve {
namespace {

HttpResponse list_candidates(Service& service, Call& call) {
  const HttpRequest& request = call.request;
  const store::CandidateFilter filter{.words = query_text(request, "q"),
                                      .kind = query_word<store::CandidateKind>(request, "kind"),
                                      .product_id = query_text(request, "product_id"),
                                      .job_id = query_text(request, "job_id"),
                                      .board_id = query_text(request, "board_id")};
  auto loan = service.database.borrow();
  return json_response(page_json(store::Candidates(*loan, call.shop_id()).list(filter, query_page(request))));
}

store::Candidate find_candidate(Service& service, const Call& call) {
  auto loan = service.database.borrow();
  return need(store::Candidates(*loan, call.shop_id()).find(call.id()));
}

HttpResponse get_candidate(Service& service, Call& call) {
  return json_response(to_json(find_candidate(service, call)));
}

// ---- explanation

/// What the writer knew of a stored candidate when it was put in its place.
copywriting::Candidate written_candidate(const store::Candidate& stored) {
  const Json details = stored.details.empty() ? Json::object() : parse_json(stored.details, stored.id);
  const Json scores = details.value("scores", Json::object());
  copywriting::Candidate candidate;
  candidate.text = stored.text;
  candidate.tokens = stored.tokens;
  candidate.logprob = stored.logprob;
  candidate.coverage = scores.value("coverage", 0.0);
  candidate.agreement = scores.value("agreement", 0.0);
  if (scores.contains("ranker")) candidate.ranker = scores["ranker"].get<double>();
  return candidate;
}

/// Parts and their sum.
Json parts_json(const copywriting::Candidate& candidate) {
  Json parts = Json::array();
  double total = 0;
  for (const auto& part : copywriting::score_parts(candidate, copywriting::OrderConfig())) {
    parts.push_back({{"name", part.name}, {"value", part.value}, {"weight", part.weight}});
    total += part.value * part.weight;
  }
  return {{"parts", std::move(parts)}, {"total", total}};
}

/// Where the text says a value first: as it is, or as the shop wrote it; null = nowhere.
Json span_of(const std::u32string& text, const Json& point, const data::Product& product) {
  std::vector<std::string> spellings{point["value"].get<std::string>()};
  for (const auto& attribute : product.attributes) {
    const auto& ids = point["attr_ids"];
    if (std::find(ids.begin(), ids.end(), attribute.id) == ids.end()) continue;
    spellings.push_back(attribute.val);
    spellings.push_back(attribute.val_raw);
  }
  for (const std::string& spelling : spellings) {
    const std::u32string value = text::to_utf32(spelling);
    const size_t at = text.find(value);
    if (!value.empty() && at != text.npos) return {at, at + value.size()};
  }
  return nullptr;
}

Json points_json(const std::string& text, const Json& plan, const data::Product& product) {
  const std::u32string code_points = text::to_utf32(text);
  Json points = Json::array();
  for (const Json& point : plan["points"]) {
    points.push_back({{"key", point["key"]},
                      {"value", point["value"]},
                      {"span", span_of(code_points, point, product)}});
  }
  return points;
}

Json baseline_json(const CopyEngine& engine, const data::Product& product, const Factors& factors) {
  static const auto kBank = copywriting::TemplateBank::load();
  const copywriting::Plan plan = engine.plan(copy_request(product, factors));
  std::vector<copywriting::Candidate> baseline(1);
  baseline[0].origin = "template";
  baseline[0].text = copywriting::write_from_template(kBank, product, plan, copywriting::candidate_key(0, product.id, 0));
  copywriting::order_candidates(baseline, product, plan, copywriting::OrderConfig());
  Json json{{"text", baseline[0].text}};
  json.update(parts_json(baseline[0]));
  return json;
}

HttpResponse explain_candidate(Service& service, Call& call) {
  const store::Candidate candidate = find_candidate(service, call);
  if (candidate.kind != store::CandidateKind::copy) throw Refusal("impossible", "pictures have no parts");
  std::optional<store::Plan> plan;
  std::optional<store::ProductEntry> entry;
  {
    auto loan = service.database.borrow();
    plan = store::Plans(*loan, call.shop_id()).find(candidate.plan_id);
    entry = store::Products(*loan, call.shop_id()).find(candidate.product_id);
  }
  const data::Product product = checked_product(service, store::product_of(need(entry)));
  Json json{{"candidate_id", candidate.id}};
  json.update(parts_json(written_candidate(candidate)));
  json["points"] = points_json(candidate.text, parse_json(need(plan).document, plan->id), product);
  const auto engine = service.engine_of(call.shop_id());
  json["baseline"] = baseline_json(*engine, product, stored_factors(plan->factors));
  return json_response(json);
}

// ---- pictures

/// The smallest copy that is not smaller than asked for, else the picture itself.
std::filesystem::path picture_file(const Service& service, const std::string& shop_id, const store::Candidate& candidate, std::optional<int64_t> side) {
  const std::filesystem::path file = service.pictures_folder() / candidate.file;
  if (!side || *side >= std::max(candidate.width, candidate.height)) return file;
  for (const int64_t kept : kThumbnailSides) {
    const auto copy = service.thumbnails(shop_id) / std::to_string(kept) / file.filename();
    if (kept >= *side && std::filesystem::is_regular_file(copy)) return copy;
  }
  return file;
}

/// Candidates' pictures lie under their ids; a preview takes the same place until the end.
HttpResponse get_picture(Service& service, Call& call) {
  const auto side = query_integer(call.request, "side", 64, 1024);
  const std::string& id = call.id();
  const bool is_plain = id.find_first_of("/\\.") == std::string::npos;
  std::filesystem::path file;
  {
    auto loan = service.database.borrow();
    const auto candidate = store::Candidates(*loan, call.shop_id()).find(id);
    if (candidate && candidate->kind != store::CandidateKind::image) throw Refusal("no_picture");
    if (candidate) file = picture_file(service, call.shop_id(), *candidate, side);
  }
  if (file.empty() && is_plain) file = service.preview_file(call.shop_id(), id);
  if (!std::filesystem::is_regular_file(file)) throw Refusal("unknown");
  HttpResponse response;
  response.content_type = "image/png";
  response.file = file;
  response.headers.emplace_back("Cache-Control", "private, no-cache");
  return response;
}

constexpr Operation kOperations[] = {
    {"listCandidates", "GET", "/api/v1/candidates", Access::writer, BodyKind::none, list_candidates},
    {"getCandidate", "GET", "/api/v1/candidates/{id}", Access::writer, BodyKind::none, get_candidate},
    {"explainCandidate", "GET", "/api/v1/candidates/{id}/explanation", Access::writer, BodyKind::none, explain_candidate},
    {"getPicture", "GET", "/api/v1/candidates/{id}/picture", Access::writer, BodyKind::none, get_picture},
};

}  // namespace

std::span<const Operation> candidate_operations() { return kOperations; }

}  // namespace vitrine::serve
