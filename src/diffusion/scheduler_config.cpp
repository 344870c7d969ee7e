#include "diffusion/scheduler_config.h"

#include <array>
#include <span>
#include <string>
#include <utility>

#include "base/error.h"
#include "models/config_fields.h"

namespace vitrine::diffusion {
namespace {

constexpr std::string_view kCaller = "scheduler_config";

template <typename E>
struct Word {
  E value;
  std::string_view word;
};

constexpr std::array<Word<SchedulerKind>, 6> kKinds{{{SchedulerKind::ddim, "ddim"},
                                                     {SchedulerKind::pndm, "pndm"},
                                                     {SchedulerKind::euler, "euler"},
                                                     {SchedulerKind::euler_a, "euler_a"},
                                                     {SchedulerKind::dpmpp_2m, "dpmpp_2m"},
                                                     {SchedulerKind::lcm, "lcm"}}};
constexpr std::array<Word<SchedulerKind>, 6> kClasses{
    {{SchedulerKind::ddim, "DDIMScheduler"},
     {SchedulerKind::pndm, "PNDMScheduler"},
     {SchedulerKind::euler, "EulerDiscreteScheduler"},
     {SchedulerKind::euler_a, "EulerAncestralDiscreteScheduler"},
     {SchedulerKind::dpmpp_2m, "DPMSolverMultistepScheduler"},
     {SchedulerKind::lcm, "LCMScheduler"}}};
constexpr std::array<Word<PredictionType>, 3> kPredictionTypes{
    {{PredictionType::epsilon, "epsilon"},
     {PredictionType::v_prediction, "v_prediction"},
     {PredictionType::sample, "sample"}}};
constexpr std::array<Word<BetaSchedule>, 3> kBetaSchedules{
    {{BetaSchedule::linear, "linear"},
     {BetaSchedule::scaled_linear, "scaled_linear"},
     {BetaSchedule::squaredcos_cap_v2, "squaredcos_cap_v2"}}};
constexpr std::array<Word<TimestepSpacing>, 3> kSpacings{{{TimestepSpacing::leading, "leading"},
                                                          {TimestepSpacing::linspace, "linspace"},
                                                          {TimestepSpacing::trailing, "trailing"}}};
constexpr std::array<Word<FinalSigmasType>, 2> kFinalSigmas{
    {{FinalSigmasType::zero, "zero"}, {FinalSigmasType::sigma_min, "sigma_min"}}};

template <typename E, size_t N>
std::string_view word_in(const std::array<Word<E>, N>& words, E value) {
  for (const auto& entry : words) {
    if (entry.value == value) return entry.word;
  }
  throw InternalError("[word_in] no word for this value");
}

template <typename E, size_t N>
std::string all_words(const std::array<Word<E>, N>& words) {
  std::string text(words[0].word);
  for (size_t i = 1; i < N; ++i) text += (i + 1 < N ? ", " : " or ") + std::string(words[i].word);
  return text;
}

template <typename E, size_t N>
std::optional<E> find_word(const std::array<Word<E>, N>& words, std::string_view word) {
  for (const auto& entry : words) {
    if (entry.word == word) return entry.value;
  }
  return std::nullopt;
}

/// A set of kinds, one bit each.
constexpr unsigned bit(SchedulerKind kind) { return 1u << static_cast<unsigned>(kind); }
constexpr unsigned kDdim = bit(SchedulerKind::ddim), kPndm = bit(SchedulerKind::pndm),
                   kEuler = bit(SchedulerKind::euler), kEulerA = bit(SchedulerKind::euler_a),
                   kDpm = bit(SchedulerKind::dpmpp_2m), kLcm = bit(SchedulerKind::lcm),
                   kAll = kDdim | kPndm | kEuler | kEulerA | kDpm | kLcm;

/// A field of diffusers of which one value alone is implemented; null stands for it too.
struct Fixed {
  std::string_view name;
  std::string_view value;  // as JSON
  unsigned kinds;
};
constexpr std::array kFixed{
    Fixed{"trained_betas", "null", kAll},
    Fixed{"thresholding", "false", kDdim | kDpm | kLcm},
    Fixed{"skip_prk_steps", "true", kPndm},
    Fixed{"interpolation_type", "\"linear\"", kEuler},
    Fixed{"timestep_type", "\"discrete\"", kEuler},
    Fixed{"sigma_min", "null", kEuler},
    Fixed{"sigma_max", "null", kEuler},
    Fixed{"use_exponential_sigmas", "false", kEuler | kDpm},
    Fixed{"use_beta_sigmas", "false", kEuler | kDpm},
    Fixed{"use_lu_lambdas", "false", kDpm},
    Fixed{"use_flow_sigmas", "false", kDpm},
    Fixed{"solver_order", "2", kDpm},
    Fixed{"solver_type", "\"midpoint\"", kDpm},
    Fixed{"algorithm_type", "\"dpmsolver++\"", kDpm},
    Fixed{"lambda_min_clipped", "\"-Infinity\"", kDpm},
    Fixed{"variance_type", "null", kDpm},
};

void refuse_other_values(const models::ConfigFields& fields, std::string_view where,
                         SchedulerKind kind) {
  for (const Fixed& fixed : kFixed) {
    const std::string name(fixed.name);
    if ((fixed.kinds & bit(kind)) == 0 || !fields.has(name.c_str())) continue;
    const std::string found = dump_line(fields.json()[name]);
    VITRINE_REQUIRE(found == fixed.value, "[scheduler_config] ", where, ": ", name, ": only ",
                    fixed.value, " is implemented for ", word_of(kind), ", got ", found);
  }
}

template <typename E, size_t N>
void take_word(const models::ConfigFields& fields, std::string_view where, const char* name,
               const std::array<Word<E>, N>& words, E& value) {
  if (!fields.has(name)) return;
  std::string word;
  fields.take(name, word);
  const std::optional<E> found = find_word(words, word);
  VITRINE_REQUIRE(found, "[scheduler_config] ", where, ": ", name, ": expected ", all_words(words),
                  ", got '", word, "'");
  value = *found;
}

/// Old files call the prediction type of Euler's "sample" so.
void take_prediction_type(const models::ConfigFields& fields, std::string_view where,
                          SchedulerConfig& config) {
  std::string word;
  fields.take("prediction_type", word);
  if (config.kind == SchedulerKind::euler && word == "original_sample") {
    config.prediction_type = PredictionType::sample;
  } else {
    take_word(fields, where, "prediction_type", kPredictionTypes, config.prediction_type);
  }
}

void take_fields(const models::ConfigFields& fields, std::string_view where,
                 SchedulerConfig& config) {
  fields.take("num_train_timesteps", config.num_train_timesteps);
  fields.take("beta_start", config.beta_start);
  fields.take("beta_end", config.beta_end);
  take_word(fields, where, "beta_schedule", kBetaSchedules, config.beta_schedule);
  take_prediction_type(fields, where, config);
  take_word(fields, where, "timestep_spacing", kSpacings, config.timestep_spacing);
  fields.take("steps_offset", config.steps_offset);
  fields.take("rescale_betas_zero_snr", config.rescale_betas_zero_snr);
  fields.take("set_alpha_to_one", config.set_alpha_to_one);
  fields.take("clip_sample", config.clip_sample);
  fields.take("clip_sample_range", config.clip_sample_range);
  fields.take("use_karras_sigmas", config.use_karras_sigmas);
  take_word(fields, where, "final_sigmas_type", kFinalSigmas, config.final_sigmas_type);
  fields.take("lower_order_final", config.lower_order_final);
  fields.take("euler_at_final", config.euler_at_final);
  fields.take("original_inference_steps", config.original_inference_steps);
  fields.take("timestep_scaling", config.timestep_scaling);
}

/// PNDM without skip_prk_steps means Runge-Kutta steps in diffusers.
void require_skip_prk(const models::ConfigFields& fields, std::string_view where) {
  VITRINE_REQUIRE(fields.has("skip_prk_steps"), "[scheduler_config] ", where,
                  ": skip_prk_steps: missing, which means false for PNDMScheduler; only true is "
                  "implemented");
}

SchedulerKind kind_of_file(const models::ConfigFields& fields, std::string_view where) {
  fields.require({"_class_name"});
  std::string name;
  fields.take("_class_name", name);
  const auto found = find_word(kClasses, name);
  VITRINE_REQUIRE(found, "[scheduler_config] ", where, ": _class_name: expected ",
                  all_words(kClasses), ", got '", name, "'");
  if (*found == SchedulerKind::pndm) require_skip_prk(fields, where);
  return *found;
}

void require_range(std::string_view where, std::string_view name, int64_t value, int64_t min,
                   int64_t max) {
  VITRINE_REQUIRE(value >= min && value <= max, "[scheduler_config] ", where, ": ", name,
                  ": expected ", min, " to ", max, ", got ", value);
}

void require_betas(const SchedulerConfig& config, std::string_view where) {
  VITRINE_REQUIRE(config.beta_start > 0 && config.beta_start < 1, "[scheduler_config] ", where,
                  ": beta_start: expected a number between 0 and 1, got ", config.beta_start);
  VITRINE_REQUIRE(config.beta_end >= config.beta_start && config.beta_end < 1,
                  "[scheduler_config] ", where, ": beta_end: expected beta_start (",
                  config.beta_start, ") or more and below 1, got ", config.beta_end);
}

void require_known_by_kind(const SchedulerConfig& config, std::string_view where) {
  const bool no_sample =
      config.kind == SchedulerKind::pndm || config.kind == SchedulerKind::euler_a;
  VITRINE_REQUIRE(!no_sample || config.prediction_type != PredictionType::sample,
                  "[scheduler_config] ", where, ": prediction_type: ", word_of(config.kind),
                  " expects epsilon or v_prediction, got 'sample'");
  VITRINE_REQUIRE(config.kind != SchedulerKind::pndm || !config.rescale_betas_zero_snr,
                  "[scheduler_config] ", where,
                  ": rescale_betas_zero_snr: pndm expects false, got true");
}

struct OwnFields {
  unsigned kinds;
  const char* name;
  Json value;
};

void add_fields(Json& json, SchedulerKind kind, std::span<const OwnFields> fields) {
  for (const OwnFields& field : fields) {
    if ((field.kinds & bit(kind)) != 0) json[field.name] = field.value;
  }
}

}  // namespace

std::string_view word_of(SchedulerKind kind) { return word_in(kKinds, kind); }

std::string_view class_name_of(SchedulerKind kind) { return word_in(kClasses, kind); }

SchedulerKind scheduler_kind(std::string_view word) {
  const auto found = find_word(kKinds, word);
  VITRINE_REQUIRE(found, "[scheduler_kind] expected ", all_words(kKinds), ", got '", word, "'");
  return *found;
}

SchedulerConfig default_scheduler_config(SchedulerKind kind) {
  SchedulerConfig config;
  config.kind = kind;
  config.clip_sample = kind == SchedulerKind::ddim;
  config.set_alpha_to_one = kind != SchedulerKind::pndm;
  const bool sigmas = ((kEuler | kEulerA | kDpm) & bit(kind)) != 0;
  if (sigmas) config.timestep_spacing = TimestepSpacing::linspace;
  if (kind == SchedulerKind::lcm) {
    config.beta_start = 0.00085;
    config.beta_end = 0.012;
    config.beta_schedule = BetaSchedule::scaled_linear;
  }
  return config;
}

void validate(const SchedulerConfig& config, std::string_view where) {
  constexpr int64_t kMaxTimesteps = 1 << 20;
  require_range(where, "num_train_timesteps", config.num_train_timesteps, 2, kMaxTimesteps);
  require_range(where, "steps_offset", config.steps_offset, 0, config.num_train_timesteps - 1);
  if (config.beta_schedule != BetaSchedule::squaredcos_cap_v2) require_betas(config, where);
  if (config.kind == SchedulerKind::lcm) {
    require_range(where, "original_inference_steps", config.original_inference_steps, 1,
                  config.num_train_timesteps);
  }
  VITRINE_REQUIRE(config.clip_sample_range > 0, "[scheduler_config] ", where,
                  ": clip_sample_range: expected > 0, got ", config.clip_sample_range);
  VITRINE_REQUIRE(config.timestep_scaling > 0, "[scheduler_config] ", where,
                  ": timestep_scaling: expected > 0, got ", config.timestep_scaling);
  require_known_by_kind(config, where);
}

SchedulerConfig scheduler_config_from_json(const Json& json, std::string_view where,
                                           std::optional<SchedulerKind> kind) {
  const models::ConfigFields fields(json, kCaller, where);
  SchedulerConfig config = default_scheduler_config(kind ? *kind : kind_of_file(fields, where));
  refuse_other_values(fields, where, config.kind);
  take_fields(fields, where, config);
  validate(config, where);
  return config;
}

Json to_json(const SchedulerConfig& config) {
  Json json;
  json["_class_name"] = class_name_of(config.kind);
  json["num_train_timesteps"] = config.num_train_timesteps;
  json["beta_start"] = config.beta_start;
  json["beta_end"] = config.beta_end;
  json["beta_schedule"] = word_in(kBetaSchedules, config.beta_schedule);
  json["trained_betas"] = nullptr;
  json["prediction_type"] = word_in(kPredictionTypes, config.prediction_type);
  json["timestep_spacing"] = word_in(kSpacings, config.timestep_spacing);
  json["steps_offset"] = config.steps_offset;
  const OwnFields own[] = {
      {kAll & ~kPndm, "rescale_betas_zero_snr", config.rescale_betas_zero_snr},
      {kDdim | kPndm | kLcm, "set_alpha_to_one", config.set_alpha_to_one},
      {kDdim | kLcm, "clip_sample", config.clip_sample},
      {kDdim | kLcm, "clip_sample_range", config.clip_sample_range},
      {kDdim | kDpm | kLcm, "thresholding", false},
      {kPndm, "skip_prk_steps", true},
      {kEuler | kDpm, "use_karras_sigmas", config.use_karras_sigmas},
      {kEuler | kDpm, "final_sigmas_type", word_in(kFinalSigmas, config.final_sigmas_type)},
      {kDpm, "algorithm_type", "dpmsolver++"},
      {kDpm, "solver_order", 2},
      {kDpm, "solver_type", "midpoint"},
      {kDpm, "lower_order_final", config.lower_order_final},
      {kDpm, "euler_at_final", config.euler_at_final},
      {kLcm, "original_inference_steps", config.original_inference_steps},
      {kLcm, "timestep_scaling", config.timestep_scaling},
  };
  add_fields(json, config.kind, own);
  return json;
}

}  // namespace vitrine::diffusion
