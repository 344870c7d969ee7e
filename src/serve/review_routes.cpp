// What was picked until it leaves: the queue of reviews, who changed what, files that were made.
#include "data/table_file.h"
#include "serve/body_reader.h"
#include "serve/operations.h"
#include "serve/request_parts.h"
#include "serve/service.h"
#include "serve/text_check.h"
#include "serve/wire.h"

namespace vitrine::serve {
namespace {

HttpResponse list_reviews(Service& service, Call& call) {
  const std::string product_id = query_text(call.request, "product_id");
  auto loan = service.database.borrow();
  store::Reviews reviews(*loan, call.shop_id());
  Json json = page_json(reviews.list(query_word<store::ReviewState>(call.request, "state"), product_id,
                                     query_page(call.request)));
  json["counts"] = counts_json<store::ReviewState>(reviews.counts(product_id));
  return json_response(json);
}

store::Decision read_decision(const Call& call) {
  BodyReader body(call.body);
  body.require({"decision"});
  store::Decision decision;
  decision.review_id = call.id();
  decision.user_id = call.user().id;
  decision.kind = body.word_of<store::DecisionKind>("decision");
  decision.text = body.text("text", {.min = 0, .max = 20000, .blanks = Blanks::not_alone});
  decision.reason = body.text("reason", {.min = 0, .max = 1000});
  decision.text_sha256 = body.text("text_sha256", {.min = 64, .max = 64});
  decision.time = store::utc_now();
  const bool is_edit = decision.kind == store::DecisionKind::edit;
  if (is_edit && decision.text.empty()) body.fault("text", "expected the text of the edit");
  if (!is_edit && body.has("text")) body.fault("text", "belongs to an edit");
  body.finish();
  const bool is_reject = decision.kind == store::DecisionKind::reject;
  if (is_reject && data::fold_name(decision.reason).empty()) throw Refusal("impossible", "", {{"/reason", "is missing: whoever wrote it wants to know why"}});
  return decision;
}

/// The verdict of today's rules on the text as it stands: those of the day of the pick may differ.
bool is_blocked(const Service& service, const store::Review& review, const data::Product& product) {
  if (review.kind != store::CandidateKind::copy) return false;
  const TextPlace place{review.field, review.platform, review.style};
  return check_text(service, review.text, product, place).verdict() == checks::Level::block;
}

void refuse_if_not(store::Decided decided) {
  switch (decided) {
    case store::Decided::done: return;
    case store::Decided::not_found: throw Refusal("unknown");
    case store::Decided::changed: throw Refusal("review_changed");
    case store::Decided::not_in_state: throw Refusal("review_not_pending");
    case store::Decided::own_work: throw Refusal("own_work");
  }
}

Json trail_json(const store::Review& review, store::DecisionKind kind) {
  Json json{{"state", to_word(review.state)}};
  if (kind == store::DecisionKind::edit) json["text"] = review.text;
  if (kind == store::DecisionKind::reject && !review.reason.empty()) json["reason"] = review.reason;
  return json;
}

struct Reviewed {
  store::Review review;
  data::Product product;  // as the checks know it
};
Reviewed find_reviewed(Service& service, const Call& call) {
  auto loan = service.database.borrow();
  Reviewed reviewed{need(store::Reviews(*loan, call.shop_id()).find(call.id())), {}};
  const auto entry = store::Products(*loan, call.shop_id()).find(reviewed.review.product_id);
  reviewed.product = checked_product(service, store::product_of(need(entry)));
  return reviewed;
}

HttpResponse decide_review(Service& service, Call& call) {
  store::Decision decision = read_decision(call);
  const Reviewed before = find_reviewed(service, call);
  const store::Review& review = before.review;
  if (!decision.text_sha256.empty() && decision.text_sha256 != review.text_sha256) throw Refusal("review_changed");
  if (decision.kind == store::DecisionKind::approve && is_blocked(service, review, before.product)) {
    throw Refusal("check_blocked");
  }
  if (decision.kind == store::DecisionKind::edit) {
    decision.check_report = dump_line(check_json(service, review.id, decision.text, before.product,
                                                 {review.field, review.platform, review.style}));
  }
  // What was checked is what is decided.
  if (decision.text_sha256.empty()) decision.text_sha256 = review.text_sha256;
  auto loan = service.database.borrow();
  store::Transaction transaction(*loan);
  decision.own_approval = need(store::Shops(*loan).find(call.shop_id())).own_approval;
  store::Reviews reviews(*loan, call.shop_id());
  refuse_if_not(reviews.decide(decision));
  const store::Review after = need(reviews.find(review.id));
  note_change(*loan, call, concat("review.", to_word(decision.kind)), "review:" + review.id,
              trail_json(review, decision.kind), trail_json(after, decision.kind));
  transaction.commit();
  return json_response(to_json(after));
}

HttpResponse list_audit(Service& service, Call& call) {
  auto loan = service.database.borrow();
  return json_response(page_json(store::AuditTrail(*loan, call.shop_id())
                                     .list(query_text(call.request, "subject"), query_page(call.request))));
}

HttpResponse list_exports(Service& service, Call& call) {
  auto loan = service.database.borrow();
  return json_response(list_json(store::Exports(*loan, call.shop_id()).list()));
}

/// The name in Content-Disposition is one that export_job made: plain ASCII.
HttpResponse get_export_file(Service& service, Call& call) {
  auto loan = service.database.borrow();
  const store::Export record = need(store::Exports(*loan, call.shop_id()).find(call.id()));
  if (!record.verified) throw Refusal("not_verified");
  HttpResponse response;
  response.content_type = "application/zip";
  response.file = service.exports() / record.stored_as;
  if (!std::filesystem::is_regular_file(response.file)) throw Refusal("unknown");
  response.headers.emplace_back("Content-Disposition", concat("attachment; filename=\"", record.file, "\""));
  response.headers.emplace_back("Cache-Control", "private, no-store");
  return response;
}

constexpr Operation kOperations[] = {
    {"listReviews", "GET", "/api/v1/reviews", Access::writer, BodyKind::none, list_reviews},
    {"decideReview", "POST", "/api/v1/reviews/{id}/decisions", Access::reviewer, BodyKind::json, decide_review},
    {"listAudit", "GET", "/api/v1/audit", Access::reviewer, BodyKind::none, list_audit},
    {"listExports", "GET", "/api/v1/exports", Access::writer, BodyKind::none, list_exports},
    {"getExportFile", "GET", "/api/v1/exports/{id}/file", Access::writer, BodyKind::none, get_export_file},
};

}  // namespace

std::span<const Operation> review_operations() { return kOperations; }

}  // namespace vitrine::serve
