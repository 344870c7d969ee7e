// train/run_log.h - train.jsonl and the page of a run.
#pragma once
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "train/run_state.h"
#include "train/train_config.h"

namespace vitrine::train {

/// One optimizer step.
struct StepReport {
  int64_t step = 0;  // from 1
  double loss = 0;   // nats per label
  double learning_rate = 0;
  double gradient_norm = 0;
  double tokens_per_s = 0;
};

/// Appends lines to train.jsonl: {"step",…} and {"epoch",…}. A resumed run drops the lines behind the
/// state it goes on from, so that each step stands once.
class RunLog {
 public:
  RunLog(std::filesystem::path run_dir, const RunProgress& progress);
  ~RunLog();
  RunLog(const RunLog&) = delete;
  RunLog& operator=(const RunLog&) = delete;

  void add(const StepReport& report);
  void add(const EpochReport& report);
  const std::vector<StepReport>& steps() const { return steps_; }

 private:
  void keep_lines_until(const RunProgress& progress);
  void write(const Json& line);

  std::filesystem::path path_;
  std::FILE* file_ = nullptr;
  std::vector<StepReport> steps_;
};

}  // namespace vitrine::train
