// Picks become preferences, and a model learns from them.
#include <algorithm>
#include <limits>

#include "base/file.h"
#include "base/resource.h"
#include "serve/first_start.h"
#include "serve/job_handlers.h"
#include "serve/job_request.h"
#include "serve/request_parts.h"
#include "serve/round_process.h"
#include "store/ids.h"
#include "store/jobs.h"
#include "store/models.h"
#include "store/pick_log.h"

namespace vitrine::serve {
namespace {

namespace fs = std::filesystem;

constexpr const char* kHumanCopy = "data/advertisegen/train.jsonl";

std::string pick_lines(Service& service, const std::string& shop_id, const RoundJob& request) {
  std::string lines;
  store::PickPeriod period;
  period.from = request.from.value_or(period.from);
  auto loan = service.database.borrow();
  store::write_pick_log(*loan, shop_id, period, [&](std::string_view line) {
    lines += line;
    lines += '\n';
  });
  return lines;
}

/// How many picks there are in the file. It is written once: a job that goes on learns from the picks
/// that it began with.
int64_t keep_picks(Service& service, const std::string& shop_id, const RoundJob& request, const fs::path& file) {
  if (!fs::exists(file)) write_file_atomic(file, pick_lines(service, shop_id, request));
  const std::string lines = read_file(file);
  return std::count(lines.begin(), lines.end(), '\n');
}

/// Under the job's own id, so that a job that is taken over goes on with its round.
store::Round begun(Service& service, const RunningJob& job, const RoundJob& request, int64_t picks) {
  store::Round round{.id = "round-" + job.job().id, .number = 0, .job_id = job.job().id, .objective = request.objective,
                     .picks = picks, .pairs = 0, .model_id = {}, .alarms = {}, .started_at = store::utc_now(), .ended_at = {}};
  auto loan = service.database.borrow();
  store::Rounds rounds(*loan, job.shop_id());
  for (const auto& known : rounds.list()) {
    if (known.id == round.id) return known;
  }
  round.number = rounds.add(round);
  return round;
}

/// Pairs that the picks gave the ranking model: sources "pick" and "pick/…".
int64_t pairs_of_picks(const Json& report) {
  int64_t pairs = 0;
  const Json by_source = report.value("ranker", Json::object()).value("pairs", Json::object());
  for (const auto& [source, count] : by_source.items()) {
    if (source == "pick" || source.starts_with("pick/")) pairs += count.get<int64_t>();
  }
  return pairs;
}

std::vector<std::string> options_of(const ServeConfig& config) {
  std::vector<std::string> options;
  if (!config.round_config.empty()) options.insert(options.end(), {"--config", config.round_config});
  if (config.threads > 0) options.insert(options.end(), {"--threads", std::to_string(config.threads)});
  return options;
}

/// The round of a job that failed has ended too, with the alarms that stopped it, if any did.
void end_without_model(Service& service, const std::string& shop_id, store::Round round, const RoundOrder& order) {
  round.alarms = alarms_of_stopped(order);
  round.ended_at = store::utc_now();
  auto loan = service.database.borrow();
  store::Rounds(*loan, shop_id).change(round);
}

/// The gate of the model that came out, for whoever started the round.
store::NewJob gate_of(const std::string& model_id, const store::Job& round_job) {
  store::NewJob gate;
  gate.id = store::new_id("job");
  gate.kind = store::JobKind::gate;
  gate.priority = round_job.priority;
  gate.request = dump_line(Json{{"kind", "gate"}, {"model_id", model_id}});
  gate.user_id = round_job.user_id;
  gate.created_at = store::utc_now();
  return gate;
}

/// A round that was started is followed by its gate, whatever the limits for new jobs are.
constexpr store::JobLimits kNoLimits{.max_queued = std::numeric_limits<int>::max(), .max_of_user = std::numeric_limits<int>::max()};

}  // namespace

JobResult run_round_job(Service& service, RunningJob& job) {
  const RoundJob request = read_round_job(parse_json(job.job().request, job.job().id));
  const fs::path folder = service.folder / "rounds" / job.job().id;
  fs::create_directories(folder);
  const int64_t picks = keep_picks(service, job.shop_id(), request, folder / "picks.jsonl");
  if (picks == 0) throw Refusal("impossible", "there are no picks to learn from");
  std::optional<store::Model> serving;
  {
    auto loan = service.database.borrow();
    serving = store::Models(*loan, job.shop_id()).serving(store::ModelKind::copy);
  }
  if (!serving) throw Refusal("model_missing");
  store::Round round = begun(service, job, request, picks);
  const RoundOrder order{.products = resource_path(kHumanCopy), .picks = folder / "picks.jsonl", .output = folder / "models", .model = serving->folder,
                         .ranker = "", .objective = request.objective, .rounds = request.rounds, .options = options_of(service.config)};
  RoundOutcome outcome;
  try {
    outcome = run_round(service.hooks.program, order, job);
  } catch (const JobFailed&) {
    end_without_model(service, job.shop_id(), round, order);
    throw;
  }
  store::Model model = model_of_folder(outcome.model);
  model.name = concat("copy-round-", round.number);
  model.round = round.number;
  round.pairs = pairs_of_picks(outcome.report);
  round.alarms = alarms_of_report(outcome.report);
  round.model_id = model.id;
  round.ended_at = store::utc_now();
  const store::NewJob gate = gate_of(model.id, job.job());
  return {.result = dump_line(Json{{"model_id", model.id}, {"gate_job_id", gate.id}}),
          .keep = [model, round, gate, shop_id = job.shop_id()](store::Connection& connection) {
            store::Models models(connection, shop_id);
            if (!models.find(model.id)) models.add(model);
            store::Rounds(connection, shop_id).change(round);
            store::Jobs(connection, shop_id).add(gate, kNoLimits);
          },
          .kept = {}};
}

}  // namespace vitrine::serve
