// Jobs: whatever takes longer than a page can wait.
#include <charconv>
#include <nlohmann/json.hpp>

#include "serve/job_request.h"
#include "serve/operations.h"
#include "serve/picture_model.h"
#include "serve/request_parts.h"
#include "serve/service.h"
#include "serve/wire.h"
#include "store/plans.h"

namespace vitrine::serve {
namespace {

constexpr TextLimits kKey{.min = 8, .max = 80};

// ---- start

void require_role(const Call& call, store::Role least) {
  if (call.user().role < least) throw Refusal("forbidden");
}

void require_producer(store::Connection& connection, const Call& call) {
  if (need(store::Shops(connection).find(call.shop_id())).producer.empty()) throw Refusal("LBL_NO_PRODUCER");
}

/// What a request names has to be there, and its kind has to be one that this server does.
void require_possible(Service& service, const Call& call, const JobRequest& request) {
  if (!service.does_jobs_of(request.kind)) throw Refusal(request.kind == store::JobKind::draw ? "model_missing" : "not_available");
  if (request.priority == store::JobPriority::high) require_role(call, store::Role::reviewer);
  auto loan = service.database.borrow();
  const auto require_import = [&](const std::string& id) { need(store::Imports(*loan, call.shop_id()).find(id)); };
  const auto require_model = [&](const std::string& id) {
    if (!id.empty()) need(store::Models(*loan, call.shop_id()).find(id));
  };
  const auto require_serving_model = [&] {
    if (!store::Models(*loan, call.shop_id()).serving(store::ModelKind::copy)) throw Refusal("model_missing");
  };
  switch (request.kind) {
    case store::JobKind::import_rows: return require_import(read_import_job(call.body).import_id);
    case store::JobKind::write: {
      const WriteJob job = read_write_job(call.body);
      need(store::Plans(*loan, call.shop_id()).find(job.plan_id));
      return require_model(job.model_id);
    }
    case store::JobKind::draw: {
      const DrawJob job = read_draw_job(call.body);
      need(store::Products(*loan, call.shop_id()).find(job.product_id));
      const std::string model = job.model_id.empty() ? service.config.picture_model : need(store::Models(*loan, call.shop_id()).find(job.model_id)).folder;
      if (!find_picture_model(model)) throw Refusal("model_missing");
      return;
    }
    case store::JobKind::batch: {
      const BatchJob job = read_batch_job(call.body);
      if (!job.import_id.empty()) require_import(job.import_id);
      if (job.to_file) require_role(call, store::Role::reviewer);
      if (job.to_file && !service.hooks.export_texts) throw Refusal("not_available", "deliver: file");
      if (job.to_file && !job.dry_run) require_producer(*loan, call);
      return require_serving_model();
    }
    case store::JobKind::export_files:
      if (!read_export_job(call.body).dry_run) require_producer(*loan, call);
      return;
    case store::JobKind::round:
      require_role(call, store::Role::admin);
      return require_serving_model();
    case store::JobKind::gate:
      require_role(call, store::Role::admin);
      return require_model(read_gate_job(call.body).model_id);
  }
}

std::string idempotency_key(const HttpRequest& request) {
  const std::string key = request.header("idempotency-key");
  if (key.empty()) throw Refusal("key_missing");
  if (key.size() < kKey.min || key.size() > kKey.max) {
    throw Refusal("bad_request", "", {{"Idempotency-Key", concat("expected ", kKey.min, " to ", kKey.max, " characters")}});
  }
  return key;
}

/// The same bytes for the same request, in whatever order its fields came.
store::Document canonical(const Json& request) {
  return nlohmann::json(request).dump();
}

/// A request that was seen keeps its first answer, also when its import is gone since.
HttpResponse add_job(Service& service, Call& call) {
  const JobRequest request = read_job_request(call.body);
  const std::string key = idempotency_key(call.request);
  require_possible(service, call, request);
  store::NewJob job;
  job.kind = request.kind;
  job.priority = request.priority;
  job.request = canonical(call.body);
  job.idempotency_key = key;
  job.user_id = call.user().id;
  const store::AddedJob added = service.jobs.add(call.shop_id(), std::move(job));
  switch (added.outcome) {
    case store::AddedJob::Outcome::added:
    case store::AddedJob::Outcome::repeated: return json_response(to_json(*added.job), 202);
    case store::AddedJob::Outcome::key_reused: throw Refusal("key_reused");
    case store::AddedJob::Outcome::over_quota: throw Refusal("over_quota", added.reset_at.value_or(store::utc_now()));
    case store::AddedJob::Outcome::queue_full: break;
  }
  throw Refusal("queue_full", store::utc_now() + std::chrono::minutes(1));
}

// ---- watch

HttpResponse list_jobs(Service& service, Call& call) {
  const store::JobFilter filter{.kind = query_word<store::JobKind>(call.request, "kind"),
                                .state = query_word<store::JobState>(call.request, "state")};
  store::Page<store::Job> page;
  {
    auto loan = service.database.borrow();
    page = store::Jobs(*loan, call.shop_id()).list(filter, query_page(call.request));
  }
  return json_response(page_json(page));
}

HttpResponse get_job(Service& service, Call& call) {
  return json_response(to_json(need(service.jobs.find(call.shop_id(), call.id()))));
}

/// Events of a job as they go over the wire.
class JobEventStream : public EventStream {
 public:
  JobEventStream(std::unique_ptr<JobStream> stream, std::shared_ptr<const void> place) : stream_(std::move(stream)), place_(std::move(place)) {}

  std::optional<std::string> next(std::chrono::milliseconds wait) override {
    if (stream_->is_over()) return std::nullopt;
    std::string text;
    for (const JobEvent& event : stream_->take(wait)) {
      text += concat("id: ", event.id, "\nevent: ", event.name, "\ndata: ", event.data, "\n\n");
    }
    return text;
  }
  /// Without an id: who comes back gets all that it has not seen.
  std::string farewell() const override { return "event: shutting_down\ndata: {\"code\":\"shutting_down\"}\n\n"; }

 private:
  std::unique_ptr<JobStream> stream_;
  const std::shared_ptr<const void> place_;  // among the open streams
};

int64_t last_event_id(const HttpRequest& request) {
  const std::string text = request.header("last-event-id");
  int64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  return error == std::errc() && end == text.data() + text.size() && id > 0 ? id : 0;
}

HttpResponse stream_job(Service& service, Call& call) {
  auto place = service.streams.enter();
  if (!place) throw Refusal("too_many_streams");
  auto stream = service.jobs.follow(call.shop_id(), call.id(), last_event_id(call.request));
  if (!stream) throw Refusal("unknown");
  HttpResponse response;
  response.events = std::make_shared<JobEventStream>(std::move(stream), std::move(place));
  return response;
}

// ---- change

void refuse_if_not(store::ChangedJob changed) {
  if (changed == store::ChangedJob::not_found) throw Refusal("unknown");
  if (changed == store::ChangedJob::ended) throw Refusal("job_ended");
}

struct JobPatch {
  std::string state;
  std::optional<store::JobPriority> priority;
};
JobPatch read_job_patch(const Json& json) {
  BodyReader body(json);
  JobPatch patch;
  patch.state = body.word("state", {"cancelled", "queued"});
  const size_t priority = body.index_of_word("priority", kPriorityWords);
  if (priority != BodyReader::kNoWord) patch.priority = static_cast<store::JobPriority>(priority);
  if (json.empty()) body.fault("", "expected at least one field");
  body.finish();
  return patch;
}

HttpResponse change_job(Service& service, Call& call) {
  const JobPatch patch = read_job_patch(call.body);
  if (patch.priority == store::JobPriority::high) require_role(call, store::Role::reviewer);
  const std::string& shop_id = call.shop_id();
  if (patch.priority) refuse_if_not(service.jobs.set_priority(shop_id, call.id(), *patch.priority));
  if (patch.state == "cancelled") refuse_if_not(service.jobs.cancel(shop_id, call.id()));
  if (patch.state == "queued") refuse_if_not(service.jobs.resume(shop_id, call.id()));
  return get_job(service, call);
}

constexpr Operation kOperations[] = {
    {"listJobs", "GET", "/api/v1/jobs", Access::writer, BodyKind::none, list_jobs},
    {"addJob", "POST", "/api/v1/jobs", Access::writer, BodyKind::json, add_job},
    {"getJob", "GET", "/api/v1/jobs/{id}", Access::writer, BodyKind::none, get_job},
    {"changeJob", "PATCH", "/api/v1/jobs/{id}", Access::writer, BodyKind::json, change_job},
    {"streamJob", "GET", "/api/v1/jobs/{id}/events", Access::writer, BodyKind::none, stream_job},
};

}  // namespace

std::span<const Operation> job_operations() { return kOperations; }

}  // namespace vitrine::serve
