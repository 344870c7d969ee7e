// Picks become preferences, and a model learns from them.
#include <algorithm>

#include "base/file.h"
#include "base/hash.h"
#include "base/resource.h"
#include "serve/first_start.h"
#include "serve/job_handlers.h"
#include "serve/job_request.h"
#include "serve/request_parts.h"
#include "serve/round_process.h"
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

/// What the report says of a field of its last round; 0 without one.
int64_t count_in(const Json& report, const char* name) {
  const Json rounds = report.value("rounds", Json::array());
  return rounds.empty() ? 0 : rounds.back().value(name, int64_t{0});
}

std::vector<std::string> alarms_in(const Json& report) {
  std::vector<std::string> alarms;
  for (const Json& round : report.value("rounds", Json::array())) {
    for (const Json& alarm : round.value("alarms", Json::array())) alarms.push_back(alarm.is_string() ? alarm.get<std::string>() : dump_line(alarm));
  }
  return alarms;
}

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
  const RoundOutcome outcome = run_round(service.hooks.program,
                                         {.products = resource_path(kHumanCopy), .picks = folder / "picks.jsonl", .output = folder / "models",
                                          .model = serving->folder, .ranker = "", .objective = request.objective, .rounds = request.rounds, .options = {}},
                                         job);
  store::Model model = model_of_folder(outcome.model);
  model.name = concat("copy-round-", round.number);
  model.round = round.number;
  round.pairs = count_in(outcome.report, "pairs");
  round.alarms = alarms_in(outcome.report);
  round.model_id = model.id;
  round.ended_at = store::utc_now();
  return {.result = dump_line(Json{{"model_id", model.id}}),
          .keep = [model, round, shop_id = job.shop_id()](store::Connection& connection) {
            store::Models models(connection, shop_id);
            if (!models.find(model.id)) models.add(model);
            store::Rounds(connection, shop_id).change(round);
          },
          .kept = {}};
}

}  // namespace vitrine::serve
