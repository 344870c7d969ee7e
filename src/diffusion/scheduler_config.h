// diffusion/scheduler_config.h - the settings of a noise scheduler, as its scheduler_config.json
// names them.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/json.h"

namespace vitrine::diffusion {

enum class SchedulerKind { ddim, pndm, euler, euler_a, dpmpp_2m, lcm };
enum class PredictionType { epsilon, v_prediction, sample };
enum class BetaSchedule { linear, scaled_linear, squaredcos_cap_v2 };
enum class TimestepSpacing { leading, linspace, trailing };
enum class FinalSigmasType { zero, sigma_min };

/// Fields have the names and meanings of the diffusers library; those that a kind does not know are
/// not used by it.
struct SchedulerConfig {
  SchedulerKind kind = SchedulerKind::ddim;
  int64_t num_train_timesteps = 1000;
  double beta_start = 0.0001;
  double beta_end = 0.02;
  BetaSchedule beta_schedule = BetaSchedule::linear;
  PredictionType prediction_type = PredictionType::epsilon;
  TimestepSpacing timestep_spacing = TimestepSpacing::leading;
  int64_t steps_offset = 0;             // added to the timesteps of the spacing "leading"
  bool rescale_betas_zero_snr = false;  // no signal is left at the last timestep; not pndm
  bool set_alpha_to_one =
      true;  // what stands before timestep 0: a clean sample, or that timestep; ddim, pndm
  bool clip_sample = false;  // predicted samples into +-clip_sample_range; ddim, lcm
  double clip_sample_range = 1.0;
  bool use_karras_sigmas = false;                             // euler, dpmpp_2m
  FinalSigmasType final_sigmas_type = FinalSigmasType::zero;  // euler, dpmpp_2m
  bool lower_order_final = true;  // first order in the last of fewer than 15 steps; dpmpp_2m
  bool euler_at_final = false;    // first order in the last step; dpmpp_2m
  int64_t original_inference_steps = 50;  // the steps that the model was distilled with; lcm
  double timestep_scaling = 10.0;         // lcm
};

/// "ddim", "euler_a" and so on: the words of the command line.
std::string_view word_of(SchedulerKind kind);
/// Throws InvalidInput, naming the word and those that are known.
SchedulerKind scheduler_kind(std::string_view word);
/// "DDIMScheduler" and so on.
std::string_view class_name_of(SchedulerKind kind);

/// The defaults of the kind's class in diffusers, which stand for the fields that a file lacks;
/// but skip_prk_steps counts as true.
SchedulerConfig default_scheduler_config(SchedulerKind kind);

/// Throws InvalidInput, naming `where`, the field and its value: a number out of range; a
/// prediction type or zero_snr that the kind does not have.
void validate(const SchedulerConfig& config, std::string_view where);

/// The content of a scheduler_config.json, validated; `where` names the file in messages. `kind` takes the place of the file's class, as
/// `Other.from_config(scheduler.config)` does. A field that we do not know is ignored; a known one
/// with a value that is not implemented (thresholding, solver_order 3) is refused by its name.
/// Throws InvalidInput.
SchedulerConfig scheduler_config_from_json(const Json& json, std::string_view where,
                                           std::optional<SchedulerKind> kind = std::nullopt);

/// A scheduler_config.json that diffusers reads: `_class_name` and the fields of that class.
Json to_json(const SchedulerConfig& config);

}  // namespace vitrine::diffusion
