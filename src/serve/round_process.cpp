#include "serve/round_process.h"

#include "base/error.h"
#include "base/file.h"
#include "serve/staged_process.h"

namespace vitrine::serve {
namespace {

namespace fs = std::filesystem;

constexpr int kStagesOfRound = 5;  // sample, fluency, order, tune, watch

std::vector<std::string> command_of(const std::vector<std::string>& program, const RoundOrder& order) {
  std::vector<std::string> command = program;
  for (const std::string& word : {std::string("align"), std::string("copy"), order.products.string(), std::string("--model"), order.model,
                                  std::string("--picks"), order.picks.string(), std::string("--output"), order.output.string(),
                                  std::string("--objective"), order.objective, std::string("--rounds"), std::to_string(order.rounds)}) {
    command.push_back(word);
  }
  if (!order.ranker.empty()) command.insert(command.end(), {"--ranker", order.ranker});
  command.insert(command.end(), order.options.begin(), order.options.end());
  return command;
}

/// The first look at the model, the rounds, and the ranking model where one is trained.
int64_t num_stages(const RoundOrder& order) { return 1 + kStagesOfRound * order.rounds + order.ranker.empty(); }

void add_alarms(const Json& watch, std::vector<std::string>& alarms) {
  for (const Json& alarm : watch.value("alarms", Json::array())) alarms.push_back(alarm.value("zh", dump_line(alarm)));
}

}  // namespace

RoundOutcome run_round(const std::vector<std::string>& program, const RoundOrder& order, RunningJob& job, std::chrono::milliseconds patience) {
  run_staged({.name = "align copy", .command = command_of(program, order), .output = order.output, .num_stages = num_stages(order), .failure_code = "round_failed"}, job, patience);
  return {order.output / concat("round-", order.rounds), read_json_file(order.output / "report.json")};
}

std::vector<std::string> alarms_of_stopped(const RoundOrder& order) {
  std::vector<std::string> alarms;
  for (int r = 1; r <= order.rounds; ++r) {
    const fs::path watch = fs::path(order.output.string() + ".run") / "stages" / concat("watch-", r, ".json");
    if (fs::exists(watch)) add_alarms(read_json_file(watch), alarms);
  }
  return alarms;
}

std::vector<std::string> alarms_of_report(const Json& report) {
  std::vector<std::string> alarms;
  for (const Json& round : report.value("rounds", Json::array())) add_alarms(round.value("watch", Json::object()), alarms);
  return alarms;
}

}  // namespace vitrine::serve
