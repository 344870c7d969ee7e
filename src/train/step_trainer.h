// train/step_trainer.h - the loop over steps: AdamW, a running mean of the weights, exact resume, a page with curves and samples.
#pragma once
#include <filesystem>
#include <vector>

#include "train/step_objective.h"
#include "train/step_train_config.h"

namespace vitrine::train {

/// One validation.
struct StepValidation {
  int64_t step = 0;  // steps done
  double train_loss = 0;  // mean since the one before
  double learning_rate = 0;
  double seconds = 0;  // of training, since the run's start
  Measures measures;
  std::string sample_png;  // file name in the run's folder, "" = none
};

struct StepTrainResult {
  bool complete = false;  // false: stopped by max_minutes or max_steps, state saved
  std::string alarm;      // what the objective ended the run for; "" = nothing
  int64_t best_step = 0;  // whose weights the result has, with keep_best
  int64_t steps = 0;
  double seconds = 0;
  std::vector<StepValidation> validations;
};

/// Trains and leaves the result in the objective's parameters: their running mean, or the last values without one; with
/// keep_best those of the best validation before an alarm (the values before the first step, when there is none).
///
/// run_dir receives state.safetensors, best.safetensors, train.jsonl, run.html and samples/*.png. When it holds a state of the same settings, the
/// run goes on from there with the same losses and weights as one that was never stopped.
/// Throws UsageError (a state of other settings), InvalidInput (settings out of range, a loss that is not finite), IoError, and
/// Cancelled after Ctrl-C, when the state is saved. Same inputs, threads and machine: same bits.
StepTrainResult train_steps(StepObjective& objective, const StepTrainConfig& config, const std::filesystem::path& run_dir,
                            const std::string& name);

}  // namespace vitrine::train
