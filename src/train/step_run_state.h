// train/step_run_state.h - the saved state, the log and the page of a run that is counted in steps.
#pragma once
#include <ATen/core/Tensor.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "train/adamw.h"
#include "train/step_trainer.h"

namespace vitrine::train {

struct StepProgress {
  int64_t step = 0;      // steps done
  double seconds = 0;    // of training
  double loss_sum = 0;   // since the last validation
  int64_t loss_count = 0;
  std::string alarm = {};  // what ended the run
  std::vector<StepValidation> validations;
};

Json to_json(const StepValidation& validation);

/// Everything a run needs to go on. average: running mean of the weights, undefined = none.
struct StepRun {
  const nn::ParameterStore& parameters;
  AdamW& optimizer;
  at::Tensor average;
};

/// Atomic; an older state stays when it fails. Throws IoError.
void save_step_state(const std::filesystem::path& path, const StepProgress& progress, const Json& settings, const StepRun& run);
/// Sets values, optimizer and average. Throws Corrupt, UsageError (other settings, naming each).
StepProgress load_step_state(const std::filesystem::path& path, const Json& settings, const StepRun& run);

/// Appends to train.jsonl; lines behind `progress` go first.
class StepLog {
 public:
  StepLog(const std::filesystem::path& run_dir, const StepProgress& progress);
  void add_step(int64_t step, double loss, double learning_rate, double gradient_norm, double pictures_per_s);
  void add(const StepValidation& validation);
  /// (step, loss) of the run so far.
  const std::vector<std::pair<double, double>>& losses() const { return losses_; }

 private:
  void write(const Json& line);
  std::filesystem::path path_;
  std::vector<std::pair<double, double>> losses_;
};

/// run.html: curves, numbers and the samples of each validation, with its pictures inside.
std::string step_run_page(const std::string& name, const Json& settings, const std::vector<std::pair<double, double>>& losses,
                          const std::vector<StepValidation>& validations, const std::filesystem::path& run_dir);

}  // namespace vitrine::train
