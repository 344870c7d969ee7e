// serve/round_process.h - a round of learning from picks: `vitrine align copy` in a process of its own
// (serve/staged_process.h).
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "serve/job_queue.h"

namespace vitrine::serve {

struct RoundOrder {
  std::filesystem::path products;  // human copy, as `train copy` reads it
  std::filesystem::path picks;     // docs/formats/picks.md, with texts
  std::filesystem::path output;    // becomes the folder of models and report
  std::string model;               // that the rounds start from: a folder or a name
  std::string ranker;              // empty = one is trained from the texts
  std::string objective = "raft";  // raft | rrhf | dpo
  int rounds = 1;
  std::vector<std::string> options = {};  // further ones of `align copy`
};

struct RoundOutcome {
  std::filesystem::path model;  // folder of the last round's
  Json report;                  // report.json
};

/// Runs until its end, as run_staged.
///   program  the command that stands for `vitrine`
/// Throws JobFailed (round_failed, with the child's last message), Cancelled, Corrupt (report.json).
RoundOutcome run_round(const std::vector<std::string>& program, const RoundOrder& order, RunningJob& job,
                       std::chrono::milliseconds patience = std::chrono::seconds(30));

/// The alarms of the rounds that a run which an alarm stopped had finished, in words.
std::vector<std::string> alarms_of_stopped(const RoundOrder& order);
/// Those of report.json.
std::vector<std::string> alarms_of_report(const Json& report);

}  // namespace vitrine::serve
