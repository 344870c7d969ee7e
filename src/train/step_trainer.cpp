#include "train/step_trainer.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/stopwatch.h"
#include "train/adamw.h"
#include "train/run_state.h"
#include "train/step_run_state.h"

namespace vitrine::train {
namespace {

AdamWConfig adamw_config(const StepTrainConfig& config, double learning_rate) {
  return {learning_rate, config.weight_decay, config.beta1, config.beta2, config.epsilon, config.clip_norm};
}

class Run {
 public:
  Run(StepObjective& objective, const StepTrainConfig& config, const std::filesystem::path& run_dir, const std::string& name)
      : objective_(objective), config_(config), run_dir_(run_dir), name_(name), optimizer_(objective.parameters()),
        average_(config.ema_decay > 0 ? objective.parameters().values().clone() : at::Tensor()), settings_(state_settings()),
        key_(static_cast<uint64_t>(config.seed)), progress_(resume_or_start()), log_(run_dir, progress_) {}

  StepTrainResult operator()() {
    Progress bar(name_, static_cast<uint64_t>(config_.steps), "steps");
    bar.skip(static_cast<uint64_t>(progress_.step));
    if (config_.keep_best && progress_.validations.empty()) validate();
    while (progress_.step < config_.steps && progress_.alarm.empty() && !out_of_patience()) {
      if (must_stop()) return result(false);
      bar.note(concat("loss ", format_loss(step())));
      bar.advance();
      if (progress_.step % config_.validation_steps == 0 || progress_.step == config_.steps) validate();
      if (seconds_since(saved_at_) > 60 * config_.checkpoint_minutes) save_state();
    }
    if (config_.keep_best) {
      use(load_values(best_file(), objective_.parameters().values().numel()));
    } else if (average_.defined()) {
      use(average_);
    }
    return result(true);
  }

 private:
  std::filesystem::path state_file() const { return run_dir_ / "state.safetensors"; }
  std::filesystem::path best_file() const { return run_dir_ / "best.safetensors"; }

  /// The validation of the least first measure; the first of equal ones.
  size_t best_validation() const {
    const auto less = [](const StepValidation& a, const StepValidation& b) { return a.measures.front().second < b.measures.front().second; };
    const auto& all = progress_.validations;
    const auto end = all.end() - (progress_.alarm.empty() ? 0 : 1);  // what an alarm ended is not kept
    return static_cast<size_t>(std::min_element(all.begin(), end, less) - all.begin());
  }

  bool out_of_patience() const {
    if (config_.patience == 0 || progress_.validations.empty()) return false;
    return progress_.validations.size() - 1 - best_validation() >= static_cast<size_t>(config_.patience);
  }

  static std::string format_loss(double loss) {
    char text[32];
    std::snprintf(text, sizeof text, "%.4f", loss);
    return text;
  }

  Json state_settings() const {
    Json json = config_to_json(config_);
    json.update(objective_.settings());
    return json;
  }

  StepTrainResult result(bool complete) const {
    const int64_t best = config_.keep_best && !progress_.validations.empty() ? progress_.validations[best_validation()].step : progress_.step;
    return {complete, progress_.alarm, best, progress_.step, progress_.seconds, progress_.validations};
  }

  StepProgress resume_or_start() {
    objective_.parameters().gradients().zero_();
    StepProgress progress;
    if (std::filesystem::exists(state_file())) {
      progress = load_step_state(state_file(), settings_, {objective_.parameters(), optimizer_, average_});
      log_info(name_, ": goes on after step ", progress.step, " (", state_file().string(), ")");
    }
    objective_.parameters().refresh_compute_copy();
    objective_.weights_changed();
    return progress;
  }

  void save_state() {
    save_step_state(state_file(), progress_, settings_, {objective_.parameters(), optimizer_, average_});
    saved_at_ = SteadyClock::now();
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

  double step() {
    const SteadyClock::time_point start = SteadyClock::now();
    const double loss = objective_.forward_backward(config_.batch_size, key_.fold_in("batch").fold_in(static_cast<uint64_t>(progress_.step)));
    VITRINE_REQUIRE(std::isfinite(loss), "[train] step ", progress_.step + 1, ": the loss is ", loss, "; a lower learning rate may help");
    const double learning_rate = learning_rate_at(config_, progress_.step);
    const double norm = optimizer_.step(adamw_config(config_, learning_rate));
    objective_.weights_changed();
    update_average();
    const double seconds = seconds_since(start);
    ++progress_.step;
    progress_.seconds += seconds;
    progress_.loss_sum += loss;
    ++progress_.loss_count;
    log_.add_step(progress_.step, loss, learning_rate, norm, config_.batch_size / seconds);
    return loss;
  }

  /// Early steps count less, as the mean of few is not old yet: decay = min(ema_decay, (1 + t) / (10 + t)).
  void update_average() {
    if (!average_.defined()) return;
    const at::NoGradGuard no_grad;
    const auto t = static_cast<double>(progress_.step);
    average_.lerp_(objective_.parameters().values(), 1 - std::min(config_.ema_decay, (1 + t) / (10 + t)));
  }

  void use(const at::Tensor& values) {
    const at::NoGradGuard no_grad;
    at::Tensor target = objective_.parameters().values();
    target.copy_(values);
    objective_.parameters().refresh_compute_copy();
    objective_.weights_changed();
  }

  void validate() {
    const at::Tensor values = average_.defined() ? objective_.parameters().values().clone() : at::Tensor();
    if (average_.defined()) use(average_);
    StepValidation validation{progress_.step, progress_.loss_sum / static_cast<double>(std::max<int64_t>(1, progress_.loss_count)),
                              learning_rate_at(config_, progress_.step), progress_.seconds, objective_.validate(), ""};
    if (const std::string png = objective_.sample_png(); !png.empty()) {
      validation.sample_png = concat("samples/", progress_.step, ".png");
      write_file_atomic(run_dir_ / validation.sample_png, png);
    }
    progress_.alarm = objective_.alarm();
    if (progress_.alarm.empty()) keep_if_best(validation);
    if (average_.defined()) use(values);
    add(validation);
    if (!progress_.alarm.empty()) log_warn(name_, ": stopped after step ", progress_.step, ": ", progress_.alarm);
  }

  void keep_if_best(const StepValidation& validation) {
    if (!config_.keep_best) return;
    const bool is_best = progress_.validations.empty() ||
                         validation.measures.front().second < progress_.validations[best_validation()].measures.front().second;
    if (is_best) save_values(best_file(), objective_.parameters().values());
  }

  void add(const StepValidation& validation) {
    progress_.validations.push_back(validation);
    progress_.loss_sum = 0;
    progress_.loss_count = 0;
    log_.add(validation);
    save_state();
    write_file_atomic(run_dir_ / "run.html", step_run_page(name_, settings_, log_.losses(), progress_.validations, run_dir_));
    std::string line = concat(name_, " step ", validation.step, ": train ", format_loss(validation.train_loss));
    for (const auto& [name, value] : validation.measures) line += concat(", ", name, " ", format_loss(value));
    log_info(line, ", ", static_cast<int64_t>(progress_.seconds), " s, peak memory ", static_cast<int64_t>(peak_memory_mib()), " MiB");
  }

  StepObjective& objective_;
  const StepTrainConfig& config_;
  std::filesystem::path run_dir_;
  std::string name_;
  AdamW optimizer_;
  at::Tensor average_;
  Json settings_;
  RandomKey key_;
  StepProgress progress_;
  StepLog log_;
  SteadyClock::time_point start_ = SteadyClock::now();
  SteadyClock::time_point saved_at_ = start_;
};

}  // namespace

StepTrainResult train_steps(StepObjective& objective, const StepTrainConfig& config, const std::filesystem::path& run_dir,
                            const std::string& name) {
  config.validate();
  return Run(objective, config, run_dir, name)();
}

}  // namespace vitrine::train
