// Products, the plans of their copy, checks of texts about them, and what can be chosen.
#include "base/error.h"
#include "base/version.h"
#include "checks/text_label.h"
#include "copywriting/style_rules.h"
#include "serve/factors.h"
#include "serve/job_request.h"
#include "serve/operations.h"
#include "serve/picture_model.h"
#include "serve/request_parts.h"
#include "serve/service.h"
#include "serve/text_check.h"
#include "serve/wire.h"
#include "store/plans.h"

namespace vitrine::serve {
namespace {

constexpr size_t kMaxCheckedText = 20000;
constexpr int kMaxCandidates = 32;

HttpResponse list_products(Service& service, Call& call) {
  const HttpRequest& request = call.request;
  const store::ProductFilter filter{.words = query_text(request, "q"),
                                    .category = query_text(request, "category"),
                                    .import_id = "",
                                    .state = query_word<store::CopyState>(request, "state")};
  auto loan = service.database.borrow();
  store::Products products(*loan, call.shop_id());
  Json json = page_json(products.list(filter, query_page(request)));
  const store::CopyStateCounts counts = products.counts(filter);
  int64_t total = filter.state ? counts[static_cast<size_t>(*filter.state)] : 0;
  for (const int64_t count : counts) total += filter.state ? 0 : count;
  json["total"] = total;
  json["counts"] = counts_json<store::CopyState>(counts);
  return json_response(json);
}

HttpResponse get_product(Service& service, Call& call) {
  auto loan = service.database.borrow();
  return json_response(to_json(need(store::Products(*loan, call.shop_id()).find(call.id()))));
}

// ---- plans

struct PlanRequest {
  std::string product_id;
  Factors factors;
};
PlanRequest read_plan_request(const Json& json) {
  BodyReader body(json);
  body.require({"product_id", "factors"});
  PlanRequest request{body.text("product_id", {.min = 1, .max = 200}), read_factors(body.object("factors"))};
  body.finish();
  return request;
}

HttpResponse stored_plan(const store::Plan& plan) {
  return json_response(parse_json(plan.document, "plan " + plan.id));
}

HttpResponse make_plan(Service& service, Call& call) {
  const PlanRequest request = read_plan_request(call.body);
  std::optional<store::ProductEntry> entry;
  std::string id;
  {
    auto loan = service.database.borrow();
    entry = need(store::Products(*loan, call.shop_id()).find(request.product_id));
    id = plan_id(entry->document, request.factors);
    if (const auto known = store::Plans(*loan, call.shop_id()).find(id)) return stored_plan(*known);
  }
  const data::Product product = store::product_of(*entry);
  if (product.attributes.empty()) throw Refusal("no_attributes");
  const auto engine = service.engine_of(call.shop_id());
  const copywriting::Plan plan = engine->plan(copy_request(product, request.factors));
  const Json document = plan_json(id, plan, request.factors, checked_product(service, product));
  auto loan = service.database.borrow();
  store::Plans plans(*loan, call.shop_id());
  plans.add(new_plan(id, request.product_id, request.factors, document));
  return stored_plan(need(plans.find(id)));
}

HttpResponse get_plan(Service& service, Call& call) {
  auto loan = service.database.borrow();
  return stored_plan(need(store::Plans(*loan, call.shop_id()).find(call.id())));
}

// ---- checks

HttpResponse check(Service& service, Call& call) {
  BodyReader body(call.body);
  body.require({"text", "product_id", "field", "platform", "style"});
  const std::string text = body.text("text", {.min = 0, .max = kMaxCheckedText});
  const std::string product_id = body.text("product_id", {.min = 1, .max = 200});
  const TextPlace place{read_word(body, "field", kFields), read_word(body, "platform", kPlatforms),
                        read_word(body, "style", kStyles)};
  const bool fix = body.flag("fix");
  body.finish();
  std::optional<store::ProductEntry> entry;
  {
    auto loan = service.database.borrow();
    entry = store::Products(*loan, call.shop_id()).find(product_id);
  }
  const data::Product product = checked_product(service, store::product_of(need(entry)));
  return json_response(check_json(service, "1", text, product, place, fix));
}

// ---- options

Json style_json(const copywriting::Style& style) {
  return {{"style", style.name},
          {"transforms", style.transforms},
          {"min_length", style.min_length},
          {"max_length", style.max_length},
          {"max_body", style.max_body}};
}

Json limit_json(const checks::Limit& limit) {
  const auto number = [](const std::optional<int64_t>& value) { return value ? Json(*value) : Json(nullptr); };
  Json json{{"rule_id", limit.rule == nullptr ? "" : limit.rule->id},
            {"platform", limit.platform},
            {"field", limit.field},
            {"unit", checks::to_string(limit.unit)},
            {"min", number(limit.min)},
            {"max", number(limit.max)},
            {"no_emoji", limit.no_emoji},
            {"max_tags", number(limit.max_tags)},
            {"checked_at", limit.checked_at},
            {"status", checks::to_string(limit.status)}};
  if (!limit.note.empty()) json["note"] = limit.note;
  return json;
}

Json rule_json(const checks::Rule& rule) {
  Json json{{"rule_id", rule.id},
            {"title", rule.title},
            {"level", checks::to_string(rule.level)},
            {"law", rule.law->name},
            {"document", rule.law->document},
            {"article", rule.article},
            {"penalty", rule.penalty},
            {"status", checks::to_string(rule.status)},
            {"evidence_required", rule.evidence_required}};
  if (!rule.checked_at.empty()) json["checked_at"] = rule.checked_at;
  return json;
}

/// Where there is no picture model, what most have: the job that draws says what is missing.
PictureModelFacts picture_model_of(const Service& service) {
  const auto model = find_picture_model(service.config.picture_model);
  return model ? read_picture_model(*model) : PictureModelFacts();
}

Json picture_options(const Service& service) {
  const PictureModelFacts model = picture_model_of(service);
  return {{"available", service.pictures != nullptr},
          {"sides", picture_sides(model)},
          {"schedulers", kSchedulers},
          {"num_inference_steps", 20},
          {"guidance_scale", model.guidance_scale}};
}

HttpResponse get_options(Service& service, Call&) {
  const checks::RuleSet& rules = service.checker.rules();
  Json json{{"version", program_version()},
            {"ruleset", rules.version()},
            {"ruleset_sha256", rules.sha256()},
            {"styles", Json::array()},
            {"limits", Json::array()},
            {"rules", Json::array()},
            {"wordings", checks::LabelWordings::shipped().all()},
            {"picture", picture_options(service)},
            {"max_upload_bytes", int64_t{service.config.max_upload_mib} << 20},
            {"max_candidates", kMaxCandidates}};
  for (const auto name : kStyles) {
    json["styles"].push_back(style_json(copywriting::StyleRules::shipped().at(name)));
  }
  for (const auto& limit : service.checker.lengths().limits()) json["limits"].push_back(limit_json(limit));
  for (const auto* rule : rules.rules()) json["rules"].push_back(rule_json(*rule));
  return json_response(json);
}

constexpr Operation kOperations[] = {
    {"getOptions", "GET", "/api/v1/options", Access::writer, BodyKind::none, get_options},
    {"listProducts", "GET", "/api/v1/products", Access::writer, BodyKind::none, list_products},
    {"getProduct", "GET", "/api/v1/products/{id}", Access::writer, BodyKind::none, get_product},
    {"makePlan", "POST", "/api/v1/plans", Access::writer, BodyKind::json, make_plan},
    {"getPlan", "GET", "/api/v1/plans/{id}", Access::writer, BodyKind::none, get_plan},
    {"checkText", "POST", "/api/v1/checks", Access::writer, BodyKind::json, check},
};

}  // namespace

std::span<const Operation> product_operations() { return kOperations; }

}  // namespace vitrine::serve
