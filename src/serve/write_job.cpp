// Candidates of one plan, told as they are written.
#include <algorithm>

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

CopyWatch watch_of(RunningJob& job, const WriteWork& work, int64_t& finished) {
  const std::string job_id = job.job().id;
  CopyWatch watch;
  watch.on_text = [&job, job_id](int index, const std::string& text) {
    const std::string id = candidate_id(job_id, index);
    job.tell("token", id, {{"candidate_id", id}, {"index", index}, {"text", text}});
  };
  watch.on_candidate = [&job, &work, &finished](const copywriting::Candidate& candidate) {
    const store::Candidate stored = stored_candidate(candidate, work.place, work.copy.config);
    job.tell("candidate", stored.id, to_json(stored));
    job.progress(++finished, work.request.num_return_sequences);
  };
  watch.is_cancelled = [&job] { return job.should_stop(); };
  return watch;
}

}  // namespace

JobResult run_write_job(Service& service, RunningJob& job) {
  const WriteWork work = prepare(service, job);
  int64_t finished = 0;
  job.progress(0, work.request.num_return_sequences);
  const auto written = work.writing.engine->write(work.copy, watch_of(job, work, finished));
  if (written.candidates.empty()) throw JobFailed("no_candidate", written.error);
  std::vector<store::Candidate> candidates;
  Json ids = Json::array();
  for (const auto& candidate : written.candidates) {
    candidates.push_back(stored_candidate(candidate, work.place, work.copy.config));
    ids.push_back(candidates.back().id);
  }
  job.progress(work.request.num_return_sequences, work.request.num_return_sequences);
  return {.result = dump_line(Json{{"candidate_ids", ids}, {"dropped", written.dropped}, {"saved", written.saved}}),
          .keep = [candidates, shop_id = job.shop_id()](store::Connection& connection) {
            store::Candidates(connection, shop_id).add(candidates);
          },
          // With agreement and the ranking model's score, which came last.
          .kept = [candidates](RunningJob& ended) {
            for (const auto& candidate : candidates) ended.tell("candidate", candidate.id, to_json(candidate));
          }};
}

}  // namespace vitrine::serve
