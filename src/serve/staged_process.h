// serve/staged_process.h - long work of a job by a verb of this program, in a process of its own.
//
// What such a verb has finished stays in OUTPUT.run/stages, a file a stage: when the server ends or dies
// in the middle, the same job goes on there.
#pragma once
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "serve/job_queue.h"

namespace vitrine::serve {

struct StagedWork {
  std::string name;                  // in messages: "align copy"
  std::vector<std::string> command;  // program and arguments
  std::filesystem::path output;      // that it makes; there = it is done already
  int64_t num_stages = 0;
  std::string failure_code;
};

/// Runs until its end; progress counts the stages. When the job is to stop the child is told to save
/// its state, and is killed after `patience`. An output that is there already is not made again.
/// Throws JobFailed (failure_code, with the child's last message), Cancelled.
void run_staged(const StagedWork& work, RunningJob& job, std::chrono::milliseconds patience = std::chrono::seconds(30));

}  // namespace vitrine::serve
