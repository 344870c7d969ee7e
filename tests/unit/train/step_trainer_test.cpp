#include "train/step_trainer.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/file.h"
#include "support/temporary_directory.h"

namespace vitrine::train {
namespace {

/// Learns `weight` = 3 from noisy draws; validation is the distance to it.
class LineObjective final : public StepObjective {
 public:
  LineObjective() : parameters_({{"weight", {1, 4}}}, at::kCPU) {}

  nn::ParameterStore& parameters() override { return parameters_; }
  double forward_backward(int batch_size, RandomKey key) override {
    double sum = 0;
    for (int i = 0; i < batch_size; ++i) sum += key.uniform(static_cast<uint64_t>(i)) - 0.5;
    const at::Tensor loss = (parameters_.value("weight") - (3 + sum / batch_size)).square().mean();
    loss.backward();
    return loss.item<double>();
  }
  Measures validate() override {
    ++validations;
    return {{"distance", (parameters_.values().narrow(0, 0, 4) - 3).abs().mean().item<double>()}};
  }
  std::string alarm() override { return validations == alarm_at ? "planted" : ""; }
  void weights_changed() override {}
  Json settings() const override { return {{"task", task}}; }

  int validations = 0, alarm_at = -1;
  std::string task = "line";

 private:
  nn::ParameterStore parameters_;
};

StepTrainConfig small_config() {
  StepTrainConfig config;
  config.steps = 10;
  config.batch_size = 2;
  config.learning_rate = 0.3;
  config.warmup_steps = 2;
  config.validation_steps = 4;
  config.ema_decay = 0.5;
  return config;
}

class StepTrainerTest : public testing::Test {
 protected:
  test::TemporaryDirectory folder;
  LineObjective objective;
  StepTrainConfig config = small_config();

  StepTrainResult train(StepObjective& what, const char* name) { return train_steps(what, config, folder.path() / name, "test"); }
};

TEST_F(StepTrainerTest, ComesCloserToTheTarget) {
  config.steps = 200;
  const StepTrainResult result = train(objective, "run");
  EXPECT_TRUE(result.complete);
  EXPECT_LT(result.validations.back().measures.front().second, 0.2);
}

TEST_F(StepTrainerTest, AStoppedAndResumedRunEqualsOneThatWasNot) {
  train(objective, "whole");
  LineObjective first, second;
  config.max_steps = 5;
  EXPECT_FALSE(train(first, "parts").complete);
  config.max_steps = 0;
  EXPECT_TRUE(train(second, "parts").complete);
  EXPECT_TRUE(at::equal(second.parameters().values(), objective.parameters().values()));
  const auto without_rates = [&](const char* name) {
    std::string log = read_file(folder.path() / name / "train.jsonl"), losses;
    for (size_t at = log.find("\"loss\":"); at != std::string::npos; at = log.find("\"loss\":", at + 1)) losses += log.substr(at, log.find(',', at) - at) + "\n";
    return losses;
  };
  EXPECT_EQ(without_rates("parts"), without_rates("whole"));
}

TEST_F(StepTrainerTest, TheResultIsTheRunningMean) {
  config.steps = 1;
  config.warmup_steps = 0;
  train(objective, "run");
  const double mean = objective.parameters().values()[0].item<double>();
  LineObjective plain;
  config.ema_decay = 0;
  train(plain, "plain");
  // The first step has t = 1: decay = min(0.5, 1 / 10).
  EXPECT_NEAR(mean, 0.9 * plain.parameters().values()[0].item<double>(), 1e-6);
}

TEST_F(StepTrainerTest, KeepBestGivesTheWeightsBeforeTheAlarm) {
  config.keep_best = true;
  objective.alarm_at = 3;
  const StepTrainResult result = train(objective, "run");
  EXPECT_EQ(result.alarm, "planted");
  EXPECT_EQ(result.steps, 8);
  EXPECT_EQ(result.best_step, 4);
}

TEST_F(StepTrainerTest, AStateOfOtherSettingsIsRefused) {
  config.max_steps = 5;
  train(objective, "run");
  LineObjective other;
  other.task = "circle";
  try {
    train(other, "run");
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find("task line, now circle"), std::string::npos) << error.what();
  }
}

TEST_F(StepTrainerTest, ALossThatIsNotFiniteEndsTheRun) {
  objective.parameters().values().fill_(std::nan(""));
  EXPECT_THROW(train(objective, "run"), InvalidInput);
}

}  // namespace
}  // namespace vitrine::train
