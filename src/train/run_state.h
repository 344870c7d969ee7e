// train/run_state.h - what a run needs to go on exactly where it stopped.
//
// One safetensors file with the tensors "values", "mean", "variance" ([P] float32) and, in its
// metadata, the counters as JSON. Random numbers come from keys of (seed, epoch, step), so there is
// no generator state. Saving is atomic.
#pragma once
#include <filesystem>
#include <optional>
#include <vector>

#include "base/json.h"
#include "nn/parameters.h"
#include "train/adamw.h"

namespace vitrine::train {

/// One finished epoch.
struct EpochReport {
  int epoch = 0;  // from 1
  int64_t step = 0;
  double train_loss = 0;                // nats per label, with dropout
  std::optional<double> validation_loss;           // nats per label; none without a validation set
  std::optional<double> validation_nats_per_char;  // none when the number of characters was not given
  double learning_rate = 0;
  double seconds = 0;
  double tokens_per_s = 0;
  std::vector<std::string> samples;
};

struct RunProgress {
  int epoch = 0;               // epochs finished
  int64_t step_in_epoch = 0;   // steps finished of the next one
  int64_t step = 0;            // all steps
  double epoch_nll = 0;        // sums over the epoch in progress
  int64_t epoch_labels = 0;
  int64_t epoch_tokens = 0;
  double epoch_seconds = 0;
  bool stopped_early = false;
  std::vector<EpochReport> reports;
};

/// What was not measured is null.
Json to_json(const EpochReport& report);
Json to_json(const RunProgress& progress);
RunProgress progress_from_json(const Json& json);

/// Throws IoError (full disk); an older state stays.
void save_run_state(const std::filesystem::path& path, const RunProgress& progress, const Json& config,
                    const nn::ParameterStore& parameters, const AdamW& optimizer);

/// Returns the progress and sets values and optimizer. Throws Corrupt, and UsageError when the state belongs to other
/// settings: one line with each field that differs, its old and its new value.
RunProgress load_run_state(const std::filesystem::path& path, const Json& config, nn::ParameterStore& parameters,
                           AdamW& optimizer);

/// A flat [P] float32 buffer as a file, for checkpoints.
void save_values(const std::filesystem::path& path, const at::Tensor& values);
at::Tensor load_values(const std::filesystem::path& path, int64_t numel);

}  // namespace vitrine::train
