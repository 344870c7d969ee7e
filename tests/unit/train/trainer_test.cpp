#include "train/trainer.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <fstream>

#include "base/error.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "models/gpt2/module.h"
#include "models/preference_gpt2.h"
#include "train/compute_type.h"
#include "train/objectives.h"
#include "train/packing.h"

namespace vitrine::train {
namespace {

models::Gpt2Config tiny_config() {
  models::Gpt2Config config;
  config.vocab_size = 50;
  config.n_positions = 32;
  config.n_embd = 32;
  config.n_layer = 2;
  config.n_head = 2;
  return config;
}

models::Gpt2 tiny_model() {
  models::Gpt2 model(tiny_config());
  model.initialize(RandomKey(3));
  return model;
}

/// Counting upwards from a random number: learnable.
std::vector<Example> counting_examples(int count, uint64_t seed) {
  RandomStream random{RandomKey(seed)};
  std::vector<Example> examples;
  for (int i = 0; i < count; ++i) {
    const auto first = static_cast<int32_t>(random.below(30)), length = static_cast<int32_t>(6 + random.below(10));
    Example example{{}, 2};
    for (int32_t k = 0; k < length; ++k) example.input_ids.push_back(first + k);
    examples.push_back(example);
  }
  return examples;
}

TrainConfig tiny_train_config() {
  TrainConfig config;
  config.epochs = 2;
  config.batch_tokens = 64;
  config.warmup_steps = 2;
  config.learning_rate = 3e-3;
  return config;
}

/// Writing a file beyond the limit fails as on a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit{bytes, old_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() { setrlimit(RLIMIT_FSIZE, &old_); }

 private:
  rlimit old_{};
};

class TrainerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    at::set_num_threads(1);  // tiny loops: waiting threads would cost more than they give
    dir_ = std::filesystem::temp_directory_path() / (std::string("vitrine_train_") + info->name() + "_" + std::to_string(::getpid()));
    std::filesystem::remove_all(dir_);
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }

  /// Trains a fresh model in `name` and returns its weights.
  at::Tensor train_fresh(const TrainConfig& config, const std::string& name, TrainResult* result = nullptr) {
    models::Gpt2 model = tiny_model();
    FixedExamples source(counting_examples(40, 1));
    const TrainResult got = train(model, config, source, {counting_examples(8, 2), 100}, dir_ / name);
    if (result != nullptr) *result = got;
    return model.parameters().values().clone();
  }
  std::vector<double> losses(const std::string& name) const {
    std::vector<double> losses;
    std::ifstream lines(dir_ / name / "train.jsonl");
    for (std::string line; std::getline(lines, line);) {
      const Json json = Json::parse(line);
      if (json.contains("loss")) losses.push_back(json["loss"]);
    }
    return losses;
  }

  std::filesystem::path dir_;
};

TEST_F(TrainerTest, LearnsToCount) {
  TrainConfig config = tiny_train_config();
  config.epochs = 40;
  config.resid_pdrop = config.embd_pdrop = config.attn_pdrop = 0;
  TrainResult result;
  train_fresh(config, "run", &result);
  EXPECT_TRUE(result.complete);
  EXPECT_GT(losses("run").front(), 3.5);
  EXPECT_LT(result.validation_loss.value(), 0.7);
  EXPECT_GT(result.validation_nats_per_char.value(), 0);
}

TEST_F(TrainerTest, TenStepsEqualFiveThenResumeThenFive) {
  const TrainConfig config = tiny_train_config();
  const at::Tensor whole = train_fresh(config, "whole");
  TrainConfig first_part = config;
  first_part.max_steps = 5;
  TrainResult result;
  train_fresh(first_part, "parts", &result);
  EXPECT_FALSE(result.complete);
  EXPECT_EQ(result.progress.step, 5);
  const at::Tensor resumed = train_fresh(config, "parts", &result);
  EXPECT_TRUE(result.complete);
  EXPECT_GE(losses("whole").size(), 10u);
  EXPECT_EQ(losses("whole"), losses("parts"));
  EXPECT_TRUE(at::equal(whole, resumed));
}

TEST_F(TrainerTest, TwoThreadsGiveTheSameBitsEachTime) {
  at::set_num_threads(2);
  EXPECT_TRUE(at::equal(train_fresh(tiny_train_config(), "once"), train_fresh(tiny_train_config(), "again")));
  at::set_num_threads(1);
}

TEST_F(TrainerTest, AFinishedRunGivesItsResultAgain) {
  const at::Tensor first = train_fresh(tiny_train_config(), "run");
  TrainResult result;
  const at::Tensor second = train_fresh(tiny_train_config(), "run", &result);
  EXPECT_TRUE(result.complete);
  EXPECT_TRUE(at::equal(first, second));
}

TEST_F(TrainerTest, AStateOfOtherSettingsIsRefusedByName) {
  train_fresh(tiny_train_config(), "run");
  TrainConfig other = tiny_train_config();
  other.learning_rate = 1e-4;
  try {
    train_fresh(other, "run");
    FAIL() << "expected UsageError";
  } catch (const UsageError& e) {
    EXPECT_NE(std::string(e.what()).find("learning_rate 0.003, now 0.0001;"), std::string::npos) << e.what();
  }
}

TEST_F(TrainerTest, AStateOfOtherDataOrAnotherShapeIsRefusedInOneShortLine) {
  const auto refusal = [&](const models::Gpt2Config& shape, const Json& settings) -> std::string {
    models::Gpt2 model(shape);
    model.initialize(RandomKey(3));
    FixedExamples source(counting_examples(40, 1));
    TrainHooks hooks;
    hooks.settings = settings;
    try {
      train(model, tiny_train_config(), source, {}, dir_ / "run", hooks);
      return "";
    } catch (const UsageError& e) {
      return e.what();
    }
  };
  const std::string a(64, 'a'), b(64, 'b');
  EXPECT_EQ(refusal(tiny_config(), {{"data_sha256", a}, {"mix", 0.3}}), "");
  const std::string other = refusal(tiny_config(), {{"data_sha256", b}, {"mix", 0.9}});
  EXPECT_NE(other.find(": data_sha256 aaaaaaaaaaaa…, now bbbbbbbbbbbb…, mix 0.3, now 0.9;"), std::string::npos) << other;
  models::Gpt2Config shape = tiny_config();
  shape.n_layer = 3;
  const std::string deeper = refusal(shape, {{"data_sha256", a}, {"mix", 0.3}});
  EXPECT_NE(deeper.find(": n_layer 2, now 3;"), std::string::npos) << deeper;
  EXPECT_LT(deeper.size(), 250u);
}

TEST_F(TrainerTest, AccumulatedMicroBatchesTrainLikeTheWholeBatch) {
  TrainConfig config = tiny_train_config();
  config.dtype = "float32";
  config.resid_pdrop = config.embd_pdrop = config.attn_pdrop = 0;
  train_fresh(config, "whole");
  config.micro_batch_tokens = 16;
  train_fresh(config, "pieces");
  const auto whole = losses("whole"), pieces = losses("pieces");
  ASSERT_EQ(whole.size(), pieces.size());
  for (size_t i = 0; i < whole.size(); ++i) EXPECT_NEAR(whole[i], pieces[i], 1e-4) << "step " << i + 1;
}

TEST_F(TrainerTest, StopsEarlyWhenValidationNoLongerImproves) {
  TrainConfig config = tiny_train_config();
  config.epochs = 30;
  config.learning_rate = 1.0;  // diverges
  config.patience = 2;
  TrainResult result;
  train_fresh(config, "run", &result);
  EXPECT_TRUE(result.progress.stopped_early);
  EXPECT_LT(result.progress.epoch, 30);
}

TEST_F(TrainerTest, AveragedCheckpointsAreUsedOnlyWhenTheyAreBetter) {
  TrainConfig config = tiny_train_config();
  config.epochs = 6;
  TrainResult single, averaged;
  train_fresh(config, "single", &single);
  config.average_checkpoints = 3;
  train_fresh(config, "averaged", &averaged);
  EXPECT_EQ(single.epochs_used.size(), 1u);
  EXPECT_LE(averaged.validation_loss.value(), single.validation_loss.value());
}

TEST_F(TrainerTest, WithoutValidationTheLastEpochsAreAveraged) {
  TrainConfig config = tiny_train_config();
  config.epochs = 3;
  config.average_checkpoints = 2;
  models::Gpt2 model = tiny_model();
  FixedExamples source(counting_examples(40, 1));
  const TrainResult result = train(model, config, source, {}, dir_ / "run");
  EXPECT_EQ(result.epochs_used, (std::vector<int>{3, 2}));
  EXPECT_FALSE(result.validation_loss.has_value());
  EXPECT_NE(read_file(dir_ / "run" / "train.jsonl").find("\"validation_loss\":null,\"validation_nats_per_char\":null"), std::string::npos);
}

/// Trains until the signal that it raises itself after the first epoch; ends the process.
[[noreturn]] void train_and_interrupt(const std::filesystem::path& run_dir) {
  install_interrupt_handler();
  models::Gpt2 model = tiny_model();
  FixedExamples source(counting_examples(40, 1));
  TrainHooks hooks;
  hooks.on_epoch = [](const EpochReport&) { std::raise(SIGINT); };
  try {
    train(model, tiny_train_config(), source, {counting_examples(8, 2), 100}, run_dir, hooks);
  } catch (const Cancelled&) {
    std::_Exit(130);
  }
  std::_Exit(0);
}

TEST_F(TrainerTest, CtrlCSavesTheStateAndTheRunGoesOn) {
  const at::Tensor whole = train_fresh(tiny_train_config(), "whole");
  EXPECT_EXIT(train_and_interrupt(dir_ / "run"), ::testing::ExitedWithCode(130), "");
  TrainResult result;
  EXPECT_TRUE(at::equal(train_fresh(tiny_train_config(), "run", &result), whole));
  EXPECT_EQ(losses("run"), losses("whole"));
}

TEST_F(TrainerTest, AFullDiskLeavesTheOlderStateWhole) {
  TrainConfig config = tiny_train_config();
  config.max_steps = 5;
  train_fresh(config, "run");
  const auto before = read_file(dir_ / "run" / "state.safetensors");
  config.max_steps = 0;
  {
    const FileSizeLimit limit(100 << 10);  // smaller than a state
    EXPECT_THROW(train_fresh(config, "run"), IoError);
  }
  EXPECT_EQ(read_file(dir_ / "run" / "state.safetensors"), before);
  EXPECT_TRUE(at::equal(train_fresh(config, "run"), train_fresh(config, "whole")));
}

TEST_F(TrainerTest, ChangedDataDrawnAgainEachEpochIsResumedExactly) {
  struct Drawn : ExampleSource {
    std::vector<Example> epoch(int, RandomKey key) override { return counting_examples(40, key.bits(0)); }
  } source;
  TrainConfig config = tiny_train_config();
  models::Gpt2 whole = tiny_model(), parts = tiny_model();
  train(whole, config, source, {}, dir_ / "whole");
  config.max_steps = 9;
  train(parts, config, source, {}, dir_ / "parts");
  config.max_steps = 0;
  train(parts, config, source, {}, dir_ / "parts");
  EXPECT_TRUE(at::equal(whole.parameters().values(), parts.parameters().values()));
}

TEST_F(TrainerTest, RunPageAndLogHoldEpochsAndSamples) {
  models::Gpt2 model = tiny_model();
  FixedExamples source(counting_examples(40, 1));
  TrainHooks hooks;
  hooks.samples = [](const EpochReport& report) { return std::vector<std::string>{concat("<text> ", report.epoch)}; };
  train(model, tiny_train_config(), source, {}, dir_ / "run", hooks);
  EXPECT_NE(read_file(dir_ / "run" / "run.html").find("&lt;text&gt; 2"), std::string::npos);
  EXPECT_NE(read_file(dir_ / "run" / "train.jsonl").find("\"samples\":[\"<text> 1\"]"), std::string::npos);
}

TEST_F(TrainerTest, AnExampleLongerThanTheModelIsRefused) {
  models::Gpt2 model = tiny_model();
  FixedExamples source({Example{std::vector<int32_t>(33, 1), 1}});
  EXPECT_THROW(train(model, tiny_train_config(), source, {}, dir_ / "run"), InvalidInput);
}

/// Counting upwards is better than downwards.
std::vector<Example> counting_pairs(int count, uint64_t seed) {
  std::vector<Example> pairs;
  for (Example up : counting_examples(count, seed)) {
    Example down = up;
    std::reverse(down.input_ids.begin() + 1, down.input_ids.end());
    up.reward = 1;
    up.compared = {std::move(down)};
    pairs.push_back(std::move(up));
  }
  return pairs;
}

TEST_F(TrainerTest, ALanguageModelLearnsWhichTextIsBetterByTheSameLoop) {
  models::Gpt2 model = tiny_model();
  const DpoObjective objective(0.5);
  models::PreferenceGpt2 preference(model, objective);
  FixedExamples source(counting_pairs(60, 1));
  TrainConfig config = tiny_train_config();
  config.batch_tokens = 128;
  const TrainResult result = train(preference, config, source, {counting_pairs(10, 2)}, dir_ / "dpo");
  ASSERT_TRUE(result.complete);
  EXPECT_LT(*result.validation_loss, 0.5 * std::log(2.0));  // per pair; log 2 = no preference
}

TEST_F(TrainerTest, PairsInPiecesGiveTheGradientOfTheWholeBatch) {
  const DpoObjective objective(0.5);
  const auto batch = pack(counting_pairs(12, 1), 1000)[0];
  models::PassConfig pass;
  pass.dtype = models::ComputeType::float32;
  const auto gradients = [&](int64_t micro_batch_tokens) {
    models::Gpt2 model = tiny_model();
    for (const auto& piece : split(batch, micro_batch_tokens)) model.forward_backward(piece, pass, 1.0 / 12, objective);
    return model.parameters().gradients().clone();
  };
  const at::Tensor whole = gradients(0);
  EXPECT_LT(((gradients(60) - whole).norm() / whole.norm()).item<double>(), 1e-5);
}

TEST(ComputeTypeTest, ATypeThatIsNamedIsTakenAndAutoIsTheOneThatTheStateKeeps) {
  const at::Tensor parameters = at::zeros({1});
  EXPECT_EQ(compute_type("float32", parameters), models::ComputeType::float32);
  EXPECT_EQ(compute_type("bfloat16", parameters), models::ComputeType::bfloat16);
  EXPECT_EQ(compute_type("bfloat16", at::empty({1}, at::Device(at::kMeta))), models::ComputeType::bfloat16);
  EXPECT_EQ(compute_type("auto", at::empty({1}, at::Device(at::kMeta))), models::ComputeType::bfloat16) << "not the CPU";
  EXPECT_STREQ(name_of(models::ComputeType::float32), "float32");
}

TEST_F(TrainerTest, AComparedTextThatDoesNotFitIsNamed) {
  models::Gpt2 model = tiny_model();
  const DpoObjective objective(0.5);
  models::PreferenceGpt2 preference(model, objective);
  auto pairs = counting_pairs(3, 1);
  pairs[2].compared[0].input_ids.assign(33, 1);
  FixedExamples source(pairs);
  try {
    train(preference, tiny_train_config(), source, {}, dir_ / "long");
    FAIL() << "a text of 33 tokens was taken";
  } catch (const InvalidInput& e) {
    EXPECT_NE(std::string(e.what()).find("training example 2, compared text 1"), std::string::npos) << e.what();
  }
}

}  // namespace
}  // namespace vitrine::train
