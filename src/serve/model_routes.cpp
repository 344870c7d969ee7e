// Models and rounds, and how operators work with the candidates.
#include <cstdio>
#include <set>

#include "base/utc_time.h"
#include "serve/operations.h"
#include "serve/request_parts.h"
#include "serve/service.h"
#include "serve/wire.h"

namespace vitrine::serve {
namespace {

constexpr auto kUsualDays = std::chrono::days(30);

HttpResponse list_models(Service& service, Call& call) {
  auto loan = service.database.borrow();
  return json_response(list_json(store::Models(*loan, call.shop_id()).list()));
}

/// A model that cannot be loaded is not let serve.
void require_loadable(Service& service, const store::Model& model) {
  if (model.kind == store::ModelKind::copy) service.engines.of(model.folder);
}

/// "win_rate" with its figures and what was expected of them.
FieldFault fault_of(const Json& row) {
  const std::string metric = row.at("metric").get<std::string>();
  const auto shown = [](const Json& measure) {
    char text[96];
    std::snprintf(text, sizeof text, "%.3f [%.3f, %.3f]", measure.at("value").get<double>(), measure.at("low").get<double>(), measure.at("high").get<double>());
    return std::string(text);
  };
  std::string detail = shown(row.at("after"));
  if (!row.at("before").is_null()) detail += concat(", before ", shown(row.at("before")));
  if (metric == "win_rate") detail += ": expected a lower bound over 0.5";
  else if (metric == "banned") detail += ": expected 0";
  else detail += concat(": worse by ", shown(row.at("difference")));
  return {metric, detail};
}

/// A gate counts against the model that serves. Throws Refusal (gate_not_passed) that names the criteria
/// which failed, with their figures.
void require_gate(const store::Model& model, const std::optional<store::Model>& serving) {
  if (!model.gate_passed) throw Refusal("gate_not_passed", "its gate has not run");
  const Json gate = parse_json(model.gate, model.id);
  std::vector<FieldFault> faults;
  for (const Json& row : gate.at("rows")) {
    if (!row.at("passed").get<bool>()) faults.push_back(fault_of(row));
  }
  if (!*model.gate_passed) throw Refusal("gate_not_passed", "", std::move(faults));
  if (serving && gate.at("against") != serving->id) throw Refusal("gate_not_passed", "its gate ran against another model than the one that serves now");
}

/// The model, which may serve as things are.
store::Model promotable(store::Models& models, const std::string& id) {
  store::Model model = need(models.find(id));
  if (model.state != store::ModelState::serving) require_gate(model, models.serving(model.kind));
  return model;
}

/// Copy models that serve, and those that a rollback would let serve, stay loaded; the memory of others is
/// given back.
void keep_engines(Service& service) {
  std::set<std::string> folders;
  {
    auto loan = service.database.borrow();
    for (const store::Shop& shop : store::Shops(*loan).list()) {
      std::optional<store::Model> before;
      for (const store::Model& model : store::Models(*loan, shop.id).list()) {
        if (model.kind != store::ModelKind::copy) continue;
        if (model.state == store::ModelState::serving) folders.insert(model.folder);
        if (model.state == store::ModelState::former && (!before || model.promoted_at > before->promoted_at)) before = model;
      }
      if (before) folders.insert(before->folder);
    }
  }
  service.engines.keep_only(folders);
}

store::Model promoted(Service& service, const Call& call) {
  auto loan = service.database.borrow();
  store::Transaction transaction(*loan);
  store::Models models(*loan, call.shop_id());
  const store::Model before = promotable(models, call.id());  // another admin may have been quicker
  if (models.promote(call.id(), store::utc_now()) != store::Promoted::done) throw Refusal("gate_not_passed");
  store::Model after = need(models.find(call.id()));
  note_change(*loan, call, "model.promote", "model:" + call.id(), {{"state", to_word(before.state)}},
              {{"state", to_word(after.state)}});
  transaction.commit();
  return after;
}

/// Loaded first, so that the next text finds it ready; jobs that run keep the one that they began with.
HttpResponse promote_model(Service& service, Call& call) {
  std::optional<store::Model> model;
  {
    auto loan = service.database.borrow();
    store::Models models(*loan, call.shop_id());
    model = promotable(models, call.id());
  }
  require_loadable(service, *model);
  const store::Model serves = promoted(service, call);
  keep_engines(service);
  return json_response(to_json(serves));
}

store::Model rolled_back(Service& service, const Call& call) {
  auto loan = service.database.borrow();
  store::Transaction transaction(*loan);
  store::Models models(*loan, call.shop_id());
  need(models.find(call.id()));
  const auto former = models.roll_back(call.id(), store::utc_now());
  if (!former) throw Refusal("no_former_model");
  note_change(*loan, call, "model.rollback", "model:" + call.id(), {{"state", "serving"}},
              {{"state", "candidate"}, {"serving", former->id}});
  store::Model now = need(models.find(former->id));
  transaction.commit();
  return now;
}

HttpResponse roll_back_model(Service& service, Call& call) {
  const store::Model serves = rolled_back(service, call);
  keep_engines(service);
  return json_response(to_json(serves));
}

HttpResponse list_rounds(Service& service, Call& call) {
  auto loan = service.database.borrow();
  return json_response(list_json(store::Rounds(*loan, call.shop_id()).list()));
}

// ---- statistics

std::optional<std::chrono::sys_days> query_day(const HttpRequest& request, std::string_view name) {
  const std::string text = query_text(request, name);
  if (text.empty()) return std::nullopt;
  const auto day = parse_iso_date(text);
  if (!day) throw Refusal("bad_request", "", {{std::string(name), "expected a day, such as 2026-11-30"}});
  return std::chrono::floor<std::chrono::days>(*day);
}

/// Days of the shop's clock, both counted.
struct Days {
  std::chrono::sys_days from, to;
};
Days query_days(const Service& service, const HttpRequest& request) {
  const auto local_now = store::utc_now() + std::chrono::minutes(service.config.utc_offset_minutes);
  const auto to = query_day(request, "to").value_or(std::chrono::floor<std::chrono::days>(local_now));
  const auto from = query_day(request, "from").value_or(to - kUsualDays + std::chrono::days(1));
  if (from > to) throw Refusal("bad_request", "", {{"from", "is after `to`"}});
  return {from, to};
}

std::string date(std::chrono::sys_days day) { return to_iso_date(UtcSeconds(day)); }

Json factors_json(const std::vector<store::FactorStatistics>& factors) {
  Json json = Json::array();
  for (const auto& factor : factors) {
    json.push_back({{"factor", factor.factor}, {"value", factor.value}, {"acceptance", to_json(factor.acceptance)},
                    {"edit_distance", factor.edit_distance}, {"seconds_per_pick", factor.seconds_per_pick}});
  }
  return json;
}

Json places_json(const std::vector<store::PlaceStatistics>& places) {
  Json json = Json::array();
  for (const auto& place : places) {
    json.push_back({{"place", place.place}, {"shown", place.shown}, {"picked", place.picked},
                    {"share", place.share}, {"uniform", place.uniform}});
  }
  return json;
}

Json statistics_json(const store::PickStatistics& statistics, const Days& days, const std::string& currency) {
  Json reasons = Json::array(), by_day = Json::array();
  for (const auto& [reason, count] : statistics.reasons) reasons.push_back({{"reason", reason}, {"count", count}});
  for (const auto& day : statistics.days) {
    by_day.push_back({{"day", date(day.day)}, {"requests", day.requests}, {"accepted", day.accepted}});
  }
  const auto& per_accepted = statistics.cost_per_accepted;
  return {{"from", date(days.from)},
          {"to", date(days.to)},
          {"requests", statistics.requests},
          {"accepted", statistics.accepted},
          {"acceptance", to_json(statistics.acceptance)},
          {"edit_distance", to_json(statistics.edit_distance)},
          {"seconds_per_pick", {{"median", statistics.median_seconds}, {"p90", statistics.p90_seconds}, {"n", statistics.accepted}}},
          {"picks_per_minute", statistics.picks_per_minute},
          {"position_bias", places_json(statistics.places)},
          {"by_factor", factors_json(statistics.factors)},
          {"reasons", std::move(reasons)},
          {"cost", {{"machine", statistics.machine_cost}, {"operator", statistics.operator_cost},
                    {"per_accepted", per_accepted ? Json(*per_accepted) : Json(nullptr)}, {"currency", currency}}},
          {"days", std::move(by_day)}};
}

HttpResponse get_statistics(Service& service, Call& call) {
  const Days days = query_days(service, call.request);
  const auto offset = std::chrono::minutes(service.config.utc_offset_minutes);
  const store::PickPeriod period{.from = store::UtcMillis(days.from) - offset,
                                 .to = store::UtcMillis(days.to + std::chrono::days(1)) - offset};
  auto loan = service.database.borrow();
  const auto shop = need(store::Shops(*loan).find(call.shop_id()));
  const auto statistics = store::pick_statistics(*loan, call.shop_id(), period, service.config.utc_offset_minutes);
  return json_response(statistics_json(statistics, days, shop.currency));
}

constexpr Operation kOperations[] = {
    {"getStatistics", "GET", "/api/v1/statistics", Access::reviewer, BodyKind::none, get_statistics},
    {"listModels", "GET", "/api/v1/models", Access::writer, BodyKind::none, list_models},
    {"promoteModel", "PUT", "/api/v1/models/{id}/promotion", Access::admin, BodyKind::none, promote_model},
    {"rollBackModel", "DELETE", "/api/v1/models/{id}/promotion", Access::admin, BodyKind::none, roll_back_model},
    {"listRounds", "GET", "/api/v1/rounds", Access::writer, BodyKind::none, list_rounds},
};

}  // namespace

std::span<const Operation> model_operations() { return kOperations; }

}  // namespace vitrine::serve
