// serve/gate_process.h - a model against the one that serves: `vitrine evaluate gate` in a process of its
// own (serve/staged_process.h).
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "serve/job_queue.h"

namespace vitrine::serve {

struct GateOrder {
  std::filesystem::path products;  // that both write for
  std::filesystem::path output;    // becomes the folder with gate.json
  std::string model, against;      // folders: the new model, the one that serves
  std::vector<std::string> options = {};  // further ones of `evaluate gate`
};

/// gate.json. Runs until its end, as run_staged.
///   program  the command that stands for `vitrine`
/// Throws JobFailed (gate_failed, with the child's last message), Cancelled, Corrupt (gate.json).
Json run_gate(const std::vector<std::string>& program, const GateOrder& order, RunningJob& job,
              std::chrono::milliseconds patience = std::chrono::seconds(30));

}  // namespace vitrine::serve
