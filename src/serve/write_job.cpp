// Candidates of one plan, told as they are written.
#include <algorithm>
#include <set>

#include "serve/job_handlers.h"
#include "serve/job_request.h"
#include "serve/request_parts.h"
#include "serve/text_check.h"
#include "serve/wire.h"
#include "serve/written_copy.h"

namespace vitrine::serve {
namespace {

/// Everything that is read before the writing.
struct WriteWork {
  WriteJob request;
  WritingModel writing;
  CandidatePlace place;
  CopyRequest copy;
};

void apply(const WriteJob& request, copywriting::WriteConfig& config) {
  config.num_return_sequences = request.num_return_sequences;
  config.seed = request.seed;
  if (request.temperature) config.temperature = *request.temperature;
  if (request.top_p) config.top_p = *request.top_p;
  config.polish = request.polish;
}

WriteWork prepare(Service& service, const RunningJob& job) {
  WriteWork work{.request = read_write_job(parse_json(job.job().request, job.job().id)), .writing = {}, .place = {}, .copy = {}};
  work.writing = writing_model(service, job.shop_id(), work.request.model_id);
  store::ProductEntry entry;
  {
    auto loan = service.database.borrow();
    work.place.plan = need(store::Plans(*loan, job.shop_id()).find(work.request.plan_id));
    entry = need(store::Products(*loan, job.shop_id()).find(work.place.plan.product_id));
  }
  work.place.job_id = job.job().id;
  work.place.product_title = entry.title;
  work.place.prompt = prompt_of(checked_product(service, store::product_of(entry)));
  work.place.model = work.writing.model;
  work.copy = copy_request(store::product_of(entry), stored_factors(work.place.plan.factors));
  apply(work.request, work.copy.config);
  work.copy.config.model = work.writing.model.name;
  work.copy.priority = static_cast<int>(job.job().priority);
  if (work.request.avoid_catalogue) work.copy.accepted = accepted_copy(service, job.shop_id());
  return work;
}

/// Candidates of the job that are stored already: it was cancelled, or its worker died, and it goes on.
std::set<std::string> kept_before(Service& service, const RunningJob& job, int count) {
  std::vector<std::string> ids;
  for (int i = 0; i < count; ++i) ids.push_back(candidate_id(job.job().id, i));
  auto loan = service.database.borrow();
  std::set<std::string> kept;
  for (const auto& candidate : store::Candidates(*loan, job.shop_id()).find_all(ids)) kept.insert(candidate.id);
  return kept;
}

/// Stores it as soon as it is finished, so that whoever sees it can pick it and a cancelled job keeps it. One
/// that was there stays as it is. Nothing while others hold the database: it is stored with the end.
std::optional<store::Candidate> kept_candidate(RunningJob& job, const WriteWork& work, const store::Candidate& candidate, std::set<std::string>& finished) {
  auto all = finished;
  all.insert(candidate.id);
  std::optional<store::Candidate> kept;
  try {
    job.keep(static_cast<int64_t>(all.size()), work.request.num_return_sequences, [&](store::Connection& connection) {
      store::Candidates candidates(connection, job.shop_id());
      candidates.add({candidate});
      kept = candidates.find(candidate.id);
    });
  } catch (const Busy&) {
    return std::nullopt;
  }
  finished = std::move(all);
  return kept;
}

CopyWatch watch_of(RunningJob& job, const WriteWork& work, std::set<std::string>& finished) {
  const std::string job_id = job.job().id;
  CopyWatch watch;
  watch.on_text = [&job, job_id](int index, const std::string& text) {
    const std::string id = candidate_id(job_id, index);
    job.tell("token", id, {{"candidate_id", id}, {"index", index}, {"text", text}});
  };
  watch.on_candidate = [&job, &work, &finished](const copywriting::Candidate& candidate) {
    const auto kept = kept_candidate(job, work, stored_candidate(candidate, work.place, work.copy.config), finished);
    if (kept) job.tell("candidate", kept->id, to_json(*kept));
  };
  watch.is_cancelled = [&job] { return job.should_stop(); };
  return watch;
}

}  // namespace

JobResult run_write_job(Service& service, RunningJob& job) {
  const WriteWork work = prepare(service, job);
  const int count = work.request.num_return_sequences;
  std::set<std::string> finished = kept_before(service, job, count);
  job.progress(static_cast<int64_t>(finished.size()), count);
  const auto written = work.writing.engine->write(work.copy, watch_of(job, work, finished));
  if (written.candidates.empty()) throw JobFailed("no_candidate", written.error);
  const auto candidates = std::make_shared<std::vector<store::Candidate>>();
  std::vector<std::string> ids;
  for (const auto& candidate : written.candidates) {
    candidates->push_back(stored_candidate(candidate, work.place, work.copy.config));
    ids.push_back(candidates->back().id);
  }
  job.progress(count, count);
  return {.result = dump_line(Json{{"candidate_ids", ids}, {"dropped", written.dropped}, {"saved", written.saved}}),
          // With agreement and the ranking model's score, which came last.
          .keep = [candidates, ids, shop_id = job.shop_id()](store::Connection& connection) {
            store::Candidates stored(connection, shop_id);
            stored.add(*candidates);
            stored.set_details(*candidates);
            *candidates = stored.find_all(ids);
          },
          .kept = [candidates](RunningJob& ended) {
            for (const auto& candidate : *candidates) ended.tell("candidate", candidate.id, to_json(candidate));
          }};
}

}  // namespace vitrine::serve
