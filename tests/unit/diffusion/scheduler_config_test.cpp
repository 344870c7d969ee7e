#include "diffusion/scheduler_config.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/python_json.h"

namespace vitrine::diffusion {
namespace {

constexpr SchedulerKind kKinds[] = {SchedulerKind::ddim,     SchedulerKind::pndm,
                                    SchedulerKind::euler,    SchedulerKind::euler_a,
                                    SchedulerKind::dpmpp_2m, SchedulerKind::lcm};

/// The file of Stable Diffusion 1.5.
Json stable_diffusion() {
  return {{"_class_name", "PNDMScheduler"},
          {"_diffusers_version", "0.6.0"},
          {"beta_end", 0.012},
          {"beta_schedule", "scaled_linear"},
          {"beta_start", 0.00085},
          {"num_train_timesteps", 1000},
          {"set_alpha_to_one", false},
          {"skip_prk_steps", true},
          {"steps_offset", 1},
          {"trained_betas", nullptr},
          {"clip_sample", false}};
}

std::string message_of(const Json& json, std::optional<SchedulerKind> kind = std::nullopt) {
  try {
    scheduler_config_from_json(json, "s/scheduler_config.json", kind);
  } catch (const InvalidInput& error) {
    return error.what();
  }
  return "";
}

TEST(SchedulerConfigTest, TheFileOfStableDiffusionIsRead) {
  const SchedulerConfig config = scheduler_config_from_json(stable_diffusion(), "file");
  EXPECT_EQ(config.kind, SchedulerKind::pndm);
  EXPECT_EQ(config.beta_schedule, BetaSchedule::scaled_linear);
  EXPECT_EQ(config.beta_start, 0.00085);
  EXPECT_EQ(config.steps_offset, 1);
  EXPECT_FALSE(config.set_alpha_to_one);
  EXPECT_EQ(config.timestep_spacing, TimestepSpacing::leading);
}

TEST(SchedulerConfigTest, AnotherKindTakesTheFieldsAndItsOwnDefaults) {
  const SchedulerConfig config =
      scheduler_config_from_json(stable_diffusion(), "file", SchedulerKind::euler_a);
  EXPECT_EQ(config.kind, SchedulerKind::euler_a);
  EXPECT_EQ(config.beta_start, 0.00085);
  EXPECT_EQ(config.steps_offset, 1);
  EXPECT_EQ(config.timestep_spacing, TimestepSpacing::linspace);
}

TEST(SchedulerConfigTest, WhatIsWrittenIsReadAgain) {
  for (const SchedulerKind kind : kKinds) {
    SchedulerConfig config = default_scheduler_config(kind);
    config.prediction_type = PredictionType::v_prediction;
    config.timestep_spacing = TimestepSpacing::trailing;
    config.steps_offset = 3;
    config.set_alpha_to_one = false;
    config.clip_sample_range = 2;
    config.final_sigmas_type = FinalSigmasType::sigma_min;
    const Json json = to_json(config);
    EXPECT_EQ(json["_class_name"], class_name_of(kind));
    EXPECT_EQ(to_json(scheduler_config_from_json(json, "file")), json) << word_of(kind);
  }
}

TEST(SchedulerConfigTest, ClassesAreTheirWordsOnTheCommandLine) {
  for (const SchedulerKind kind : kKinds) EXPECT_EQ(scheduler_kind(word_of(kind)), kind);
  EXPECT_THROW(scheduler_kind("heun"), InvalidInput);
}

TEST(SchedulerConfigTest, PythonsInfinityIsRead) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("scheduler_config_test_" + std::to_string(::getpid()) + ".json");
  write_file_atomic(path, R"({"_class_name": "DPMSolverMultistepScheduler",
      "note": "\" -Infinity", "lambda_min_clipped": -Infinity})");
  EXPECT_EQ(scheduler_config_from_json(read_python_json_file(path), "file").kind, SchedulerKind::dpmpp_2m);
  std::filesystem::remove(path);
}

TEST(SchedulerConfigTest, ValuesThatAreNotImplementedAreRefusedByNameAndFile) {
  const auto with = [](std::string_view name, Json value, SchedulerKind kind) {
    Json json = stable_diffusion();
    json[std::string(name)] = std::move(value);
    return message_of(json, kind);
  };
  EXPECT_EQ(
      with("thresholding", true, SchedulerKind::ddim),
      "[scheduler_config] s/scheduler_config.json: thresholding: only false is implemented for "
      "ddim, got true");
  EXPECT_NE(with("solver_order", 3, SchedulerKind::dpmpp_2m).find("solver_order"),
            std::string::npos);
  EXPECT_NE(with("skip_prk_steps", false, SchedulerKind::pndm).find("skip_prk_steps"),
            std::string::npos);
  EXPECT_NE(with("use_beta_sigmas", true, SchedulerKind::euler).find("use_beta_sigmas"),
            std::string::npos);
  EXPECT_NE(with("trained_betas", Json::array({0.1}), SchedulerKind::lcm).find("trained_betas"),
            std::string::npos);
  EXPECT_EQ(with("thresholding", true, SchedulerKind::euler), "");  // which has no such field
}

TEST(SchedulerConfigTest, WordsThatAreNotKnownAreRefusedWithThoseThatAre) {
  Json json = stable_diffusion();
  json["beta_schedule"] = "sigmoid";
  EXPECT_EQ(message_of(json),
            "[scheduler_config] s/scheduler_config.json: beta_schedule: expected linear, "
            "scaled_linear or squaredcos_cap_v2, got 'sigmoid'");
  json = stable_diffusion();
  json["_class_name"] = "HeunDiscreteScheduler";
  EXPECT_NE(message_of(json).find("got 'HeunDiscreteScheduler'"), std::string::npos);
  EXPECT_EQ(message_of(json, SchedulerKind::ddim), "");
  json.erase("_class_name");
  EXPECT_NE(message_of(json).find("_class_name: missing"), std::string::npos);
}

TEST(SchedulerConfigTest, SettingsThatAKindDoesNotHaveAreRefused) {
  Json json = stable_diffusion();
  json["prediction_type"] = "sample";
  EXPECT_NE(message_of(json).find("prediction_type: pndm expects"), std::string::npos);
  EXPECT_EQ(message_of(json, SchedulerKind::ddim), "");
  json = stable_diffusion();
  json["rescale_betas_zero_snr"] = true;
  EXPECT_NE(message_of(json).find("rescale_betas_zero_snr"), std::string::npos);
  json = stable_diffusion();
  json.erase("skip_prk_steps");
  EXPECT_NE(message_of(json).find("skip_prk_steps: missing"), std::string::npos);
}

TEST(SchedulerConfigTest, NumbersOutOfRangeAreRefused) {
  const auto with = [](const char* name, Json value) {
    Json json = stable_diffusion();
    json[name] = std::move(value);
    return message_of(json, SchedulerKind::lcm);
  };
  EXPECT_NE(with("num_train_timesteps", 1).find("num_train_timesteps"), std::string::npos);
  EXPECT_NE(with("beta_start", 0).find("beta_start"), std::string::npos);
  EXPECT_NE(with("beta_end", 1).find("beta_end"), std::string::npos);
  EXPECT_NE(with("steps_offset", 1000).find("steps_offset"), std::string::npos);
  EXPECT_NE(with("original_inference_steps", 0).find("original_inference_steps"),
            std::string::npos);
  EXPECT_NE(with("clip_sample_range", -1).find("clip_sample_range"), std::string::npos);
}

}  // namespace
}  // namespace vitrine::diffusion
