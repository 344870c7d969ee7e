// What operators chose among what they were shown.
#include <algorithm>
#include <map>

#include "base/hash.h"
#include "serve/body_reader.h"
#include "serve/operations.h"
#include "serve/request_parts.h"
#include "serve/service.h"
#include "serve/text_check.h"
#include "serve/wire.h"
#include "store/ids.h"
#include "store/pick_log.h"
#include "store/plans.h"

namespace vitrine::serve {
namespace {

constexpr int64_t kMaxPickMs = 24 * 3600 * 1000;
constexpr ListLimits kIds{.min = 1, .max = 1000, .unique = true, .item = {.min = 1, .max = 200}};

/// The same for the same pick and candidate, so that a repeated request opens no second review.
std::string review_id(const std::string& pick_id, const std::string& candidate_id) {
  return "r-" + sha256_hex(pick_id + "\n" + candidate_id).substr(0, 32);
}

std::vector<std::string> review_ids(const store::Pick& pick) {
  std::vector<std::string> ids;
  for (const auto& candidate_id : pick.chosen) ids.push_back(review_id(pick.id, candidate_id));
  return ids;
}

/// "none", or ids.
std::vector<std::string> read_chosen(BodyReader& body) {
  const Json& chosen = body.raw("chosen");
  if (chosen.is_string()) {
    if (chosen != "none") body.fault("chosen", "expected \"none\" or a list of ids");
    return {};
  }
  return body.texts("chosen", kIds);
}

store::Pick read_pick(const Call& call) {
  BodyReader body(call.body);
  body.require({"shown_ids", "chosen", "edits", "ms"});
  store::Pick pick;
  pick.id = call.id();
  pick.user_id = call.user().id;
  pick.user_name = call.user().name;
  pick.shown_ids = body.texts("shown_ids", kIds);
  pick.chosen = read_chosen(body);
  pick.order = body.texts("order", {.min = 0, .max = kIds.max, .unique = true, .item = kIds.item});
  for (BodyReader& edit : body.objects("edits")) {
    edit.require({"from", "to"});
    pick.edits.push_back({edit.text("from", kIds.item), edit.text("to", {.min = 1, .max = 20000, .blanks = Blanks::not_alone})});
    edit.finish();
  }
  pick.reason = body.text("reason", {.min = 0, .max = 1000});
  pick.ms = body.integer("ms", 0, kMaxPickMs);
  pick.time = store::utc_now();
  body.finish();
  return pick;
}

/// All that a pick needs to know of what was shown; read before anything is written.
struct Shown {
  std::map<std::string, store::Candidate> candidates;  // by id
  std::map<std::string, store::Plan> plans;            // by id
  store::ProductEntry product;
};

Shown read_shown(Service& service, const std::string& shop_id, const store::Pick& pick) {
  auto loan = service.database.borrow();
  Shown shown;
  for (auto& candidate : store::Candidates(*loan, shop_id).find_all(pick.shown_ids)) {
    shown.candidates.emplace(candidate.id, std::move(candidate));
  }
  for (const auto& id : pick.shown_ids) {
    if (!shown.candidates.contains(id)) throw Refusal("unknown", "candidate " + id);
  }
  for (const auto& [id, candidate] : shown.candidates) {
    if (candidate.plan_id.empty() || shown.plans.contains(candidate.plan_id)) continue;
    shown.plans.emplace(candidate.plan_id, need(store::Plans(*loan, shop_id).find(candidate.plan_id)));
  }
  const std::string& product_id = shown.candidates.at(pick.shown_ids.front()).product_id;
  shown.product = need(store::Products(*loan, shop_id).find(product_id));
  return shown;
}

std::string final_text(const store::Pick& pick, const store::Candidate& candidate) {
  const auto edit = std::find_if(pick.edits.begin(), pick.edits.end(),
                                 [&](const store::Edit& one) { return one.from == candidate.id; });
  return edit == pick.edits.end() ? candidate.text : edit->to;
}

/// What was chosen on its way out, checked as it stands now.
std::vector<store::Review> reviews_of(const Service& service, const store::Pick& pick, const Shown& shown) {
  const data::Product product = checked_product(service, store::product_of(shown.product));
  std::vector<store::Review> reviews;
  for (const auto& id : pick.chosen) {
    const auto found = shown.candidates.find(id);
    if (found == shown.candidates.end()) throw Refusal("impossible", "chosen " + id + " was not shown");
    const store::Candidate& candidate = found->second;
    store::Review review{.id = review_id(pick.id, id), .kind = candidate.kind, .product_id = pick.product_id,
                         .pick_id = pick.id, .candidate_id = id, .field = {}, .platform = {}, .style = {},
                         .text = {}, .check_report = {}, .author_id = pick.user_id,
                         .created_at = pick.time, .updated_at = pick.time, .product_title = {},
                         .text_sha256 = {}, .author = {}, .reviewer_id = {}, .reviewer = {}, .reason = {}};
    if (candidate.kind == store::CandidateKind::copy) {
      const store::Plan& plan = shown.plans.at(candidate.plan_id);
      review.field = plan.field;
      review.platform = plan.platform;
      review.style = plan.style;
      review.text = final_text(pick, candidate);
      review.check_report = dump_line(check_json(service, review.id, review.text, product,
                                                 {plan.field, plan.platform, plan.style}));
    }
    reviews.push_back(std::move(review));
  }
  return reviews;
}

Json chosen_json(const std::vector<std::string>& chosen) {
  return {{"chosen", chosen.empty() ? Json("none") : Json(chosen)}};
}

/// Pick, reviews and trail are kept together or not at all.
void store_pick(Service& service, const Call& call, const store::Pick& pick,
                const std::vector<store::Review>& reviews) {
  auto loan = service.database.borrow();
  store::Transaction transaction(*loan);
  store::Picks picks(*loan, call.shop_id());
  const auto former = picks.find(pick.id);
  switch (picks.put(pick)) {
    case store::PutPick::stored: break;
    case store::PutPick::shown_differs: throw Refusal("shown_differs");
    case store::PutPick::closed: throw Refusal("review_closed");
  }
  store::Reviews queue(*loan, call.shop_id());
  for (const auto& review : reviews) queue.open(review);
  note_change(*loan, call, "pick.put", "pick:" + pick.id, former ? chosen_json(former->chosen) : Json(nullptr),
              chosen_json(pick.chosen));
  transaction.commit();
}

HttpResponse put_pick(Service& service, Call& call) {
  store::Pick pick = read_pick(call);
  const Shown shown = read_shown(service, call.shop_id(), pick);
  pick.product_id = shown.product.id;
  store_pick(service, call, pick, reviews_of(service, pick, shown));
  return json_response(to_json(pick, review_ids(pick)));
}

store::PickPeriod query_period(const HttpRequest& request) {
  store::PickPeriod period;
  period.from = query_time(request, "from").value_or(period.from);
  period.to = query_time(request, "to").value_or(period.to);
  return period;
}

HttpResponse pick_lines(Service& service, const Call& call) {
  HttpResponse response;
  response.content_type = "application/jsonl";
  auto loan = service.database.borrow();
  store::write_pick_log(*loan, call.shop_id(), query_period(call.request), [&](std::string_view line) {
    response.body += line;
    response.body += '\n';
  });
  return response;
}

HttpResponse list_picks(Service& service, Call& call) {
  if (call.request.header("accept").find("application/jsonl") != std::string::npos) return pick_lines(service, call);
  auto loan = service.database.borrow();
  const auto page = store::Picks(*loan, call.shop_id()).list(query_period(call.request), query_page(call.request));
  return json_response(page_json(page, [](const store::Pick& pick) { return to_json(pick, review_ids(pick)); }));
}

constexpr Operation kOperations[] = {
    {"listPicks", "GET", "/api/v1/picks", Access::writer, BodyKind::none, list_picks},
    {"putPick", "PUT", "/api/v1/picks/{id}", Access::writer, BodyKind::json, put_pick},
};

}  // namespace

std::span<const Operation> pick_operations() { return kOperations; }

}  // namespace vitrine::serve
