#include "train/trainer.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <chrono>

#include "base/error.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "train/adamw.h"
#include "train/checkpoints.h"
#include "train/compute_type.h"
#include "train/lr_schedule.h"
#include "train/packing.h"
#include "train/run_log.h"
#include "train/run_page.h"

namespace vitrine::train {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

models::PassConfig pass_without_dropout(const TrainConfig& config, models::Trainable& model) {
  models::PassConfig pass;
  pass.dtype = compute_type(config.dtype, model.parameters().values());
  pass.plain = config.plain;
  return pass;
}

AdamWConfig adamw_config(const TrainConfig& config, double learning_rate) {
  return {learning_rate, config.weight_decay, config.beta1, config.beta2, config.epsilon, config.clip_norm};
}

void check_example(const Example& example, const models::Trainable& model, const std::string& where) {
  VITRINE_REQUIRE(static_cast<int64_t>(example.input_ids.size()) <= model.max_tokens(), "[train] ", where, ": expected at most ",
                  model.max_tokens(), " tokens, got ", example.input_ids.size());
  for (const int32_t id : example.input_ids) {
    VITRINE_REQUIRE(id >= 0 && id < model.vocab_size(), "[train] ", where, ": expected tokens 0 .. ", model.vocab_size() - 1, ", got ", id);
  }
  for (size_t i = 0; i < example.compared.size(); ++i) check_example(example.compared[i], model, concat(where, ", compared text ", i + 1));
}

void check_examples(const std::vector<Example>& examples, const models::Trainable& model, const char* what) {
  for (size_t i = 0; i < examples.size(); ++i) check_example(examples[i], model, concat(what, " example ", i));
}

/// Settings that a state belongs to: the run's, the caller's, and the model's shape.
Json state_config(const TrainConfig& config, const Json& callers, models::Trainable& model) {
  Json json = config_to_json(config);
  json["dtype"] = name_of(compute_type(config.dtype, model.parameters().values()));  // auto is another one elsewhere
  json.update(callers);
  json["model"] = model.shape();
  return json;
}

std::string validation_text(const EpochReport& report, const std::string& loss_unit) {
  if (!report.validation_loss) return "not measured (no validation rows)";
  const std::string per_char = report.validation_nats_per_char ? concat(", ", *report.validation_nats_per_char, " nats/char") : "";
  return concat(*report.validation_loss, " ", loss_unit, per_char);
}

class Run {
 public:
  Run(models::Trainable& model, const TrainConfig& config, ExampleSource& source, const ValidationSet& validation,
      const std::filesystem::path& run_dir, const TrainHooks& hooks)
      : model_(model),
        config_(config),
        source_(source),
        validation_(validation),
        run_dir_(run_dir),
        hooks_(hooks),
        optimizer_(model.parameters()),
        state_config_(state_config(config, hooks.settings, model)),
        key_(static_cast<uint64_t>(config.seed)),
        checkpoints_(run_dir / "checkpoints", config.average_checkpoints, !validation.examples.empty()),
        progress_(resume_or_start()),
        log_(run_dir, progress_) {}

  TrainResult operator()() {
    while (!finished()) {
      if (!train_epoch()) return partial_result();
      finish_epoch();
    }
    return choose_weights();
  }

 private:
  std::filesystem::path state_file() const { return run_dir_ / "state.safetensors"; }
  bool finished() const { return progress_.epoch >= config_.epochs || progress_.stopped_early; }

  TrainResult partial_result() const {
    TrainResult result;
    result.progress = progress_;
    return result;
  }

  RunProgress resume_or_start() {
    model_.weights_changed();
    model_.parameters().gradients().zero_();
    if (!std::filesystem::exists(state_file())) return {};
    RunProgress progress = load_run_state(state_file(), state_config_, model_.parameters(), optimizer_);
    log_info("train: goes on after step ", progress.step, " (", state_file().string(), ")");
    return progress;
  }

  void save_state() {
    save_run_state(state_file(), progress_, state_config_, model_.parameters(), optimizer_);
    saved_at_ = Clock::now();
  }

  RandomKey epoch_key(const char* what) const {
    return key_.fold_in(what).fold_in(static_cast<uint64_t>(progress_.epoch));
  }

  /// Returns false when the run has to stop before the epoch's end; the state is saved then.
  bool train_epoch() {
    const std::vector<Example> examples = source_.epoch(progress_.epoch, epoch_key("examples"));
    check_examples(examples, model_, "training");
    const auto batches = shuffle_and_pack(examples, config_.batch_tokens, epoch_key("order"));
    VITRINE_REQUIRE(!batches.empty(), "[train] epoch ", progress_.epoch + 1, ": no example has a label");
    Progress bar(concat("epoch ", progress_.epoch + 1, "/", config_.epochs), batches.size(), "steps");
    bar.advance(static_cast<uint64_t>(progress_.step_in_epoch));
    while (progress_.step_in_epoch < static_cast<int64_t>(batches.size())) {
      if (must_stop()) return false;
      const StepReport report = train_step(batches);
      log_.add(report);
      bar.note(concat("loss ", report.loss));
      bar.advance();
      if (seconds_since(saved_at_) > 60 * config_.checkpoint_minutes) save_state();
    }
    return true;
  }

  bool must_stop() {
    if (interrupted()) {
      save_state();
      throw Cancelled(concat("[train] stopped after step ", progress_.step, "; the same command goes on from there"));
    }
    const bool budget_spent = (config_.max_minutes > 0 && seconds_since(start_) > 60 * config_.max_minutes) ||
                              (config_.max_steps > 0 && progress_.step >= config_.max_steps);
    if (budget_spent) save_state();
    return budget_spent;
  }

  StepReport train_step(const std::vector<nn::PackedBatch>& batches) {
    const Clock::time_point start = Clock::now();
    const nn::PackedBatch& batch = batches[static_cast<size_t>(progress_.step_in_epoch)];
    const double in_epoch = static_cast<double>(progress_.step_in_epoch) / static_cast<double>(batches.size());
    const double learning_rate = learning_rate_at(config_, progress_.step, (progress_.epoch + in_epoch) / config_.epochs);
    const models::LossSum loss = accumulate_gradients(batch);
    const double norm = optimizer_.step(adamw_config(config_, learning_rate));
    const double seconds = seconds_since(start);
    count_step(batch, loss, seconds);
    return {progress_.step, loss.nll / static_cast<double>(loss.num_labels), learning_rate, norm,
            static_cast<double>(batch.num_tokens()) / seconds};
  }

  models::LossSum accumulate_gradients(const nn::PackedBatch& batch) {
    models::LossSum sum;
    const double scale = 1.0 / static_cast<double>(batch.num_labels());
    const auto pieces = split(batch, config_.micro_batch_tokens);
    for (size_t i = 0; i < pieces.size(); ++i) {
      const models::LossSum loss = model_.forward_backward(pieces[i], training_pass(i), scale);
      sum.nll += loss.nll;
      sum.objective += loss.objective;
      sum.num_labels += loss.num_labels;
    }
    return sum;
  }

  models::PassConfig training_pass(size_t piece_idx) const {
    models::PassConfig pass = pass_without_dropout(config_, model_);
    pass.resid_pdrop = config_.resid_pdrop;
    pass.embd_pdrop = config_.embd_pdrop;
    pass.attn_pdrop = config_.attn_pdrop;
    pass.label_smoothing = config_.label_smoothing;
    pass.dropout_key = key_.fold_in("dropout").fold_in(static_cast<uint64_t>(progress_.step)).bits(piece_idx);
    return pass;
  }

  void count_step(const nn::PackedBatch& batch, const models::LossSum& loss, double seconds) {
    ++progress_.step;
    ++progress_.step_in_epoch;
    progress_.epoch_nll += loss.nll;
    progress_.epoch_labels += loss.num_labels;
    progress_.epoch_tokens += batch.num_tokens();
    progress_.epoch_seconds += seconds;
  }

  void finish_epoch() {
    EpochReport report = epoch_report();
    if (hooks_.samples) report.samples = hooks_.samples(report);
    progress_.reports.push_back(report);
    checkpoints_.add(progress_.reports, model_.parameters().values());
    start_next_epoch();
    save_state();
    log_.add(report);
    write_file_atomic(run_dir_ / "run.html", run_page(config_, log_.steps(), progress_.reports, hooks_.loss_unit));
    log_info("epoch ", report.epoch, ": train ", report.train_loss, " ", hooks_.loss_unit, ", validation ",
             validation_text(report, hooks_.loss_unit), ", ",
             report.tokens_per_s, " tokens/s, peak memory ", static_cast<int64_t>(peak_memory_mib()), " MiB");
    if (hooks_.on_epoch) hooks_.on_epoch(report);
  }

  EpochReport epoch_report() {
    EpochReport report;
    report.epoch = progress_.epoch + 1;
    report.step = progress_.step;
    report.train_loss = progress_.epoch_nll / static_cast<double>(progress_.epoch_labels);
    report.seconds = progress_.epoch_seconds;
    report.tokens_per_s = static_cast<double>(progress_.epoch_tokens) / progress_.epoch_seconds;
    report.learning_rate = log_.steps().empty() ? 0 : log_.steps().back().learning_rate;
    const models::LossSum loss = evaluate(model_, config_, validation_.examples);
    report.validation_loss = per_label(loss);
    report.validation_nats_per_char = per_character(loss);
    return report;
  }

  void start_next_epoch() {
    const RunProgress old = std::move(progress_);
    progress_ = {};
    progress_.epoch = old.epoch + 1;
    progress_.step = old.step;
    progress_.reports = old.reports;
    const int best = best_epochs(old.reports, 1, true).front();
    progress_.stopped_early = config_.patience > 0 && !validation_.examples.empty() &&
                              progress_.epoch - best >= config_.patience;
  }

  static std::optional<double> mean(double nll, int64_t count) {
    return count > 0 ? std::optional(nll / static_cast<double>(count)) : std::nullopt;
  }
  static std::optional<double> per_label(const models::LossSum& loss) { return mean(loss.nll, loss.num_labels); }
  std::optional<double> per_character(const models::LossSum& loss) const { return mean(loss.nll, validation_.num_characters); }

  /// Puts the weights of these epochs into the model.
  models::LossSum use_epochs(std::span<const int> epochs) {
    const at::NoGradGuard no_grad;
    at::Tensor values = model_.parameters().values();
    values.copy_(checkpoints_.load(epochs, values.numel()));
    model_.weights_changed();
    return evaluate(model_, config_, validation_.examples);
  }

  /// The mean of the best n epochs whose validation loss is least, n = 1 .. average_checkpoints.
  std::vector<int> best_average() {
    const std::vector<int> epochs = best_epochs(progress_.reports, config_.average_checkpoints, true);
    size_t best = 1;
    std::optional<double> least = progress_.reports[static_cast<size_t>(epochs[0] - 1)].validation_loss;
    for (size_t n = 2; n <= epochs.size(); ++n) {
      const auto loss = per_label(use_epochs(std::span(epochs).first(n)));
      if (loss < least) best = n, least = loss;
    }
    return {epochs.begin(), epochs.begin() + static_cast<std::ptrdiff_t>(best)};
  }

  TrainResult choose_weights() {
    TrainResult result = partial_result();
    result.complete = true;
    result.epochs_used = validation_.examples.empty() ? best_epochs(progress_.reports, config_.average_checkpoints, false)
                                                      : best_average();
    const models::LossSum loss = use_epochs(result.epochs_used);
    result.validation_loss = per_label(loss);
    result.validation_nats_per_char = per_character(loss);
    return result;
  }

  models::Trainable& model_;
  const TrainConfig& config_;
  ExampleSource& source_;
  const ValidationSet& validation_;
  std::filesystem::path run_dir_;
  const TrainHooks& hooks_;
  AdamW optimizer_;
  Json state_config_;
  RandomKey key_;
  Checkpoints checkpoints_;
  RunProgress progress_;
  RunLog log_;
  Clock::time_point start_ = Clock::now();
  Clock::time_point saved_at_ = start_;
};

}  // namespace

TrainResult train(models::Trainable& model, const TrainConfig& config, ExampleSource& source,
                  const ValidationSet& validation, const std::filesystem::path& run_dir, const TrainHooks& hooks) {
  config.validate();
  check_examples(validation.examples, model, "validation");
  return Run(model, config, source, validation, run_dir, hooks)();
}

models::LossSum evaluate(models::Trainable& model, const TrainConfig& config, const std::vector<Example>& examples) {
  models::LossSum sum;
  for (const nn::PackedBatch& batch : pack(examples, config.batch_tokens)) {
    const models::LossSum loss = model.evaluate(batch, pass_without_dropout(config, model));
    sum.nll += loss.nll;
    sum.objective += loss.objective;
    sum.num_labels += loss.num_labels;
  }
  return sum;
}

}  // namespace vitrine::train
