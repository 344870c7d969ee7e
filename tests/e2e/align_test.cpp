// align copy on a tiny model: both rounds by one command, killed in the middle, alarms, changed models, bad input.
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "e2e/program.h"

namespace vitrine::e2e {
namespace {
namespace fs = std::filesystem;

constexpr int kTimeout = 300;  // s, of a loop on a busy machine

class AlignE2e : public ::testing::Test {
 protected:
  TemporaryFolder folder_;
  std::string rows_, model_ = "copy-mini";

  void SetUp() override {
    VITRINE_NEEDS_VERB("align copy");
    rows_ = head_of(source_file("data/advertisegen/train.jsonl"), 120, folder_);
    write_file_atomic(folder_ / "ranker.json", R"({"epochs": 1, "batch_tokens": 1024, "n_layer": 1, "dtype": "float32"})");
  }

  /// A loop of seconds with the embedded model.
  std::vector<std::string> command(const std::string& output, std::initializer_list<std::string> more = {}, const std::string& epochs = "1") const {
    std::vector<std::string> command = {"align", "copy", rows_, "--model", model_, "--max-products", "10", "-n", "4", "--planned-texts", "2", "--ranker-pairs", "60",
                                        "--ranker-config", folder_ / "ranker.json", "--watch-products", "4", "--watch-candidates", "2", "--epochs", epochs,
                                        "--batch-tokens", "1024", "--dtype", "float32", "--ignore-alarms", "--threads", "1", "--output", output};
    command.insert(command.end(), more);
    return command;
  }
  std::string weights(const std::string& directory) const { return read_file(directory + "/model.safetensors"); }
};

TEST_F(AlignE2e, TwoRoundsByOneCommandAreTheSameWhenTheyWereKilledInTheMiddle) {
  const auto whole = run_program(command(folder_ / "whole"), {.timeout_s = kTimeout});
  ASSERT_EQ(whole.exit_code, 0) << whole.err;
  for (const char* name : {"round-1/model.safetensors", "round-2/vitrine.json", "ranker/model.safetensors", "report.json", "report.html", "round-2.jsonl"}) {
    EXPECT_TRUE(fs::exists(folder_ / (std::string("whole/") + name))) << name;
  }
  EXPECT_FALSE(fs::exists(folder_ / "whole.run"));
  for (const char* stage : {"sample-1", "ranker", "order-1", "tune-1", "sample-2"}) {
    run_program(command(folder_ / "parts"), {.signal_once_there = folder_ / concat("parts.run/stages/", stage, ".json"), .timeout_s = kTimeout});
  }
  const auto rest = run_program(command(folder_ / "parts"), {.timeout_s = kTimeout});
  ASSERT_EQ(rest.exit_code, 0) << rest.err;
  EXPECT_EQ(weights(folder_ / "parts/round-2"), weights(folder_ / "whole/round-2"));
  EXPECT_EQ(weights(folder_ / "parts/ranker"), weights(folder_ / "whole/ranker"));
  for (const char* name : {"pairs.jsonl", "round-1.jsonl", "round-2.jsonl"}) EXPECT_EQ(read_file(folder_ / (std::string("parts/") + name)), read_file(folder_ / (std::string("whole/") + name))) << name;
}

TEST_F(AlignE2e, EveryObjectiveRunsAndDpoTakesItsReferenceFromTheCache) {
  ASSERT_EQ(run_program(command(folder_ / "raft", {"--rounds", "1"}), {.timeout_s = kTimeout}).exit_code, 0);
  const std::string ranker = folder_ / "raft/ranker";
  for (const char* name : {"rrhf", "dpo", "dpo-again"}) {
    const std::string objective = std::string(name).substr(0, std::string(name).find('-'));
    const auto result = run_program(command(folder_ / name, {"--rounds", "1", "--ranker", ranker, "--objective", objective, "--reference-cache", folder_ / "cache"}), {.timeout_s = kTimeout});
    ASSERT_EQ(result.exit_code, 0) << result.err;
  }
  EXPECT_EQ(weights(folder_ / "dpo/round-1"), weights(folder_ / "dpo-again/round-1"));
  const auto tuned = [&](const std::string& name) { return parse_json(read_file(folder_ / (name + "/report.json")), "report")["rounds"][0]["tune"]; };
  EXPECT_FALSE(tuned("dpo")["reference_from_cache"].get<bool>());
  EXPECT_TRUE(tuned("dpo-again")["reference_from_cache"].get<bool>());
}

TEST_F(AlignE2e, OtherSettingsAndAModelThatHasChangedAreRefusedAndNothingIsLost) {
  model_ = folder_ / "model";
  fs::copy(source_file("models/copy-mini"), model_);
  run_program(command(folder_ / "out"), {.signal_once_there = folder_ / "out.run/stages/sample-1.json", .timeout_s = kTimeout});
  ASSERT_TRUE(fs::exists(folder_ / "out.run/settings.json"));
  EXPECT_TRUE(failed_with_one_line(run_program(command(folder_ / "out", {"--temperature", "0.7"}), {.timeout_s = kTimeout}), 2, "temperature 0.95 -> 0.7"));
  write_file_atomic(model_ + "/aligned_terms.txt", read_file(model_ + "/aligned_terms.txt") + "新词\n");
  EXPECT_TRUE(failed_with_one_line(run_program(command(folder_ / "out"), {.timeout_s = kTimeout}), 2, "model_sha256"));
  EXPECT_TRUE(fs::exists(folder_ / "out.run/settings.json"));
}

TEST_F(AlignE2e, AModelThatChangesUnderTheLoopIsRefusedByItsHash) {
  run_program(command(folder_ / "out", {"--contenders", "2"}), {.signal_once_there = folder_ / "out.run/stages/tune-1.json", .timeout_s = kTimeout});
  const std::string config = folder_ / "out.run/round-1/model/config.json";
  ASSERT_TRUE(fs::exists(config));
  write_file_atomic(config, read_file(config) + "\n");
  EXPECT_TRUE(failed_with_one_line(run_program(command(folder_ / "out", {"--contenders", "2"}), {.timeout_s = kTimeout}), 1, "has changed while the loop was running"));
}

TEST_F(AlignE2e, ARankingModelThatLovesLengthStopsTheLoop) {
  // Pairs in which the longer text is always the better one: what it teaches is length.
  std::string pairs;
  for (int i = 0; i < 60; ++i) {
    const std::string text = concat("第", i, "条裙子很好看，");
    pairs += dump_line(Json{{"prompt", concat("类型#裙*风格#简约*裙长#", i, "cm")}, {"chosen", text + text + text + text + "。"}, {"rejected", text + "。"}, {"source", "pick"}}) + "\n";
  }
  write_file_atomic(folder_ / "long.jsonl", pairs);
  ASSERT_EQ(run_program({"train", "ranker", folder_ / "long.jsonl", "--init", model_, "--n-layer", "1", "--output", folder_ / "long", "--epochs", "12", "--batch-tokens", "512", "--learning-rate", "0.003",
                         "--dtype", "float32", "--threads", "1"}, {.timeout_s = kTimeout}).exit_code, 0);
  std::vector<std::string> planted = command(folder_ / "out", {"--rounds", "1", "--ranker", folder_ / "long", "--no-use-rules", "--learning-rate", "0.003", "--max-length-ratio", "1.05"}, "12");
  std::erase(planted, "--ignore-alarms");
  const auto result = run_program(planted, {.timeout_s = kTimeout});
  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_NE(result.err.find("stopped by"), std::string::npos) << result.err;
  // Which of them sees it first depends on the processor's rounding: longer texts of such a model say the same again.
  const auto is_told = [&](const char* alarm) { return result.err.find(alarm) != std::string::npos; };
  const bool names_the_fault = is_told("disagreement of ranker and rules") || is_told("mean length") || is_told("repetition-4");
  EXPECT_TRUE(names_the_fault) << result.err;
  EXPECT_TRUE(fs::exists(folder_ / "out.run/round-1/model/model.safetensors"));  // the models so far stay
}

TEST_F(AlignE2e, BadArgumentsGiveOneLine) {
  EXPECT_TRUE(failed_with_one_line(run_program({"align", "copy", rows_, "--model", model_}), 2, "--output"));
  EXPECT_TRUE(failed_with_one_line(run_program(command(folder_ / "o", {"--no-use-rules", "--no-use-ranker"})), 2, "one of them must have a say"));
  EXPECT_TRUE(failed_with_one_line(run_program(command(folder_ / "o", {"--ranker", model_})), 1, "kind"));
  EXPECT_TRUE(failed_with_one_line(run_program(command(folder_ / "o", {"--planned-texts", "9"})), 2, "--planned-texts"));
  EXPECT_TRUE(failed_with_one_line(run_program(command(folder_ / "o", {"--pick-texts", rows_})), 2, "--pick-texts without --picks"));
  EXPECT_TRUE(failed_with_one_line(run_program(command(folder_ / "o", {"--picks", "-"})), 2, "standard input"));
  EXPECT_FALSE(fs::exists(folder_ / "o"));
}

}  // namespace
}  // namespace vitrine::e2e
