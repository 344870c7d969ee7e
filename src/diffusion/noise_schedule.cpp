#include "diffusion/noise_schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.h"

namespace vitrine::diffusion {
namespace {

/// The smallest float16, as diffusers has it.
constexpr double kLeastAlphaCumprod = 1.0 / (1 << 24);

double line(double from, double to, int64_t idx, int64_t count) {
  return from + (to - from) * static_cast<double>(idx) / static_cast<double>(count - 1);
}

/// Nichol and Dhariwal 2021, equation 17.
double cosine_alpha_cumprod(double progress) {
  const double root = std::cos((progress + 0.008) / 1.008 * std::numbers::pi / 2);
  return root * root;
}

double cosine_beta(int64_t idx, int64_t count) {
  const auto total = static_cast<double>(count);
  const double from = cosine_alpha_cumprod(static_cast<double>(idx) / total);
  const double to = cosine_alpha_cumprod(static_cast<double>(idx + 1) / total);
  return std::min(1 - to / from, 0.999);
}

double beta(const SchedulerConfig& config, int64_t idx) {
  const int64_t count = config.num_train_timesteps;
  switch (config.beta_schedule) {
    case BetaSchedule::linear:
      return line(config.beta_start, config.beta_end, idx, count);
    case BetaSchedule::scaled_linear: {
      const double root =
          line(std::sqrt(config.beta_start), std::sqrt(config.beta_end), idx, count);
      return root * root;
    }
    case BetaSchedule::squaredcos_cap_v2:
      return cosine_beta(idx, count);
  }
  throw InternalError("[NoiseSchedule] no such beta schedule");
}

/// Lin et al. 2023 (arXiv 2305.08891), algorithm 1: the roots are shifted so that the last is 0 and
/// stretched so that the first stays.
void rescale_to_zero_snr(std::vector<double>& alphas_cumprod) {
  const double first = std::sqrt(alphas_cumprod.front()), last = std::sqrt(alphas_cumprod.back());
  for (double& value : alphas_cumprod) {
    const double root = (std::sqrt(value) - last) * first / (first - last);
    value = root * root;
  }
}

}  // namespace

NoiseSchedule::NoiseSchedule(const SchedulerConfig& config) {
  validate(config, "noise schedule");
  double product = 1;
  for (int64_t idx = 0; idx < config.num_train_timesteps; ++idx) {
    product *= 1 - beta(config, idx);
    alphas_cumprod_.push_back(product);
  }
  if (config.rescale_betas_zero_snr) rescale_to_zero_snr(alphas_cumprod_);
}

double NoiseSchedule::alpha_cumprod(int64_t timestep) const {
  VITRINE_REQUIRE(timestep >= 0 && timestep < num_train_timesteps(),
                  "[NoiseSchedule] timestep: expected 0 to ", num_train_timesteps() - 1, ", got ",
                  timestep);
  return alphas_cumprod_[static_cast<size_t>(timestep)];
}

NoiseLevel NoiseSchedule::level(int64_t timestep) const {
  const double alpha = alpha_cumprod(timestep);
  return {std::sqrt(alpha), std::sqrt(1 - alpha)};
}

double NoiseSchedule::snr(int64_t timestep) const {
  const double alpha = alpha_cumprod(timestep);
  return alpha / (1 - alpha);
}

double NoiseSchedule::sigma(int64_t timestep) const {
  const double alpha = alpha_cumprod(timestep);
  const double used = alpha == 0 ? kLeastAlphaCumprod : alpha;
  return std::sqrt((1 - used) / used);
}

double NoiseSchedule::sigma_between(double timestep) const {
  const double last = static_cast<double>(num_train_timesteps() - 1);
  const double inside = std::clamp(timestep, 0.0, last);
  const auto low = static_cast<int64_t>(std::min(std::floor(inside), last - 1));
  const double weight = inside - static_cast<double>(low);
  return (1 - weight) * sigma(low) + weight * sigma(low + 1);
}

double NoiseSchedule::timestep_of(double sigma_value) const {
  // The last timestep whose sigma is not above the value, but one before the end.
  int64_t low = 0, high = num_train_timesteps() - 1;
  while (high - low > 1) {
    const int64_t middle = (low + high) / 2;
    (sigma(middle) <= sigma_value ? low : high) = middle;
  }
  const double from = std::log(sigma(low)), to = std::log(sigma(low + 1));
  const double weight = std::clamp((std::log(sigma_value) - from) / (to - from), 0.0, 1.0);
  return static_cast<double>(low) + weight;
}

NoiseLevel level_of_sigma(double sigma) {
  const double alpha = 1 / std::sqrt(sigma * sigma + 1);
  return {alpha, sigma * alpha};
}

Mix predicted_original(PredictionType type, NoiseLevel level) {
  switch (type) {
    case PredictionType::sample:
      return {0, 1};
    case PredictionType::v_prediction:
      return {level.alpha, -level.sigma};
    case PredictionType::epsilon:
      break;
  }
  VITRINE_REQUIRE(
      level.alpha > 0,
      "[predicted_original] the prediction type epsilon says nothing where no signal is "
      "left: expected v_prediction or sample");
  return {1 / level.alpha, -level.sigma / level.alpha};
}

Mix predicted_noise(PredictionType type, NoiseLevel level) {
  switch (type) {
    case PredictionType::epsilon:
      return {0, 1};
    case PredictionType::v_prediction:
      return {level.sigma, level.alpha};
    case PredictionType::sample:
      break;
  }
  VITRINE_REQUIRE(
      level.sigma > 0,
      "[predicted_noise] the prediction type sample says nothing of noise where none is");
  return {1 / level.sigma, -level.alpha / level.sigma};
}

}  // namespace vitrine::diffusion
