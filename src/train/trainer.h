// train/trainer.h - the training loop: packed batches, AdamW, exact resume.
#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "models/trainable.h"
#include "train/example.h"
#include "train/run_state.h"
#include "train/train_config.h"

namespace vitrine::train {

struct ValidationSet {
  std::vector<Example> examples;
  int64_t num_characters = 0;  // of the labelled texts; gives nats per character; 0 = not known
};

struct TrainHooks {
  /// Called after each epoch: texts for the run page, such as copy for fixed products.
  std::function<std::vector<std::string>(const EpochReport& report)> samples;
  /// Called after each epoch, with the samples filled in.
  std::function<void(const EpochReport& report)> on_epoch;
  /// What the result depends on besides TrainConfig and the model's shape (data hashes, augmentation): a state of
  /// other values is refused.
  Json settings = Json::object();
  std::string loss_unit = "nats/token";  // of what a mean loss is taken over, for log and page
};

struct TrainResult {
  bool complete = false;        // false: stopped by max_minutes or max_steps, state saved
  std::vector<int> epochs_used; // whose weights the model holds: one, or several averaged
  std::optional<double> validation_loss;  // of those weights, nats per label; none without a validation set
  std::optional<double> validation_nats_per_char;
  RunProgress progress;
};

/// Trains `model` and leaves the best weights in it: of the best epoch, or the mean of the best n epochs
/// when its validation loss is lower (n up to average_checkpoints). Without a validation set the mean of
/// the last average_checkpoints epochs.
///
/// run_dir receives state.safetensors, checkpoints/, train.jsonl and run.html. When it holds a state
/// of the same settings, the run goes on from there with the same losses and weights as a run that
/// was never stopped. The caller saves the model, then removes the folder (run_folder.h).
/// Throws UsageError (a state of other settings), InvalidInput (settings out of range, an example that does not fit the
/// model), IoError, and Cancelled after
/// Ctrl-C, when the state is saved. Same inputs, threads and machine: same bits.
TrainResult train(models::Trainable& model, const TrainConfig& config, ExampleSource& source,
                  const ValidationSet& validation, const std::filesystem::path& run_dir,
                  const TrainHooks& hooks = {});

/// Mean -log p per label over the examples, without dropout.
models::LossSum evaluate(models::Trainable& model, const TrainConfig& config, const std::vector<Example>& examples);

}  // namespace vitrine::train
