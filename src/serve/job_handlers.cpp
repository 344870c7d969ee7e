#include "serve/job_handlers.h"

#include "serve/problem.h"
#include "serve/wire.h"

namespace vitrine::serve {
namespace {

std::vector<StoredCandidate> stored_candidates(store::Connection& connection, const std::string& shop_id,
                                               const std::string& job_id) {
  std::vector<StoredCandidate> stored;
  store::PageRequest page{.cursor = "", .limit = store::kMaxPage};
  const auto found = store::Candidates(connection, shop_id)
                         .list({.words = "", .kind = {}, .product_id = "", .job_id = job_id, .board_id = ""}, page);
  for (auto candidate = found.items.rbegin(); candidate != found.items.rend(); ++candidate) {
    stored.push_back({candidate->id, dump_line(to_json(*candidate))});
  }
  return stored;
}

using RunJob = JobResult (*)(Service&, RunningJob&);

void add(Service& service, store::JobKind kind, RunJob run) {
  service.job_kinds.insert(kind);
  service.jobs.handle(kind, [&service, run](RunningJob& job) {
    try {
      return run(service, job);
    } catch (const Refusal& refusal) {
      throw JobFailed(std::string(refusal.kind().code), refusal.detail().empty() ? std::string(refusal.kind().zh) : refusal.detail());
    }
  });
}

}  // namespace

void add_job_handlers(Service& service) {
  service.jobs.find_candidates_by(stored_candidates);
  add(service, store::JobKind::import_rows, run_import_job);
  add(service, store::JobKind::write, run_write_job);
  add(service, store::JobKind::batch, run_batch_job);
  if (service.pictures != nullptr) add(service, store::JobKind::draw, run_draw_job);
  if (service.hooks.trains) add(service, store::JobKind::round, run_round_job);
  if (!service.hooks.program.empty()) add(service, store::JobKind::gate, run_gate_job);
  if (service.hooks.export_texts) add(service, store::JobKind::export_files, run_export_job);
}

}  // namespace vitrine::serve
