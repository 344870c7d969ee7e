// Verbs that `vitrine` hands to vitrine-torch.
#include <gtest/gtest.h>

#include <cmath>

#include "base/file.h"
#include "base/json.h"
#include "e2e/program.h"

namespace vitrine::e2e {
namespace {

TEST(TorchE2e, ScoresByTheTorchEngineAreThoseOfTransformers) {
  VITRINE_NEEDS_VERB("train copy");
  TemporaryFolder folder;
  const Json golden = parse_json(read_file(source_file("tests/data/gpt2_tiny/tied.json")), "tied.json");
  std::string rows;
  for (const Json& row : golden["scores"]) {
    rows += dump_line({{"id", "a"}, {"input_ids", row["input_ids"]}, {"labels_from", row["labels_from"]}}) + "\n";
  }
  const auto result = run_program({"score", "copy", "-", "--engine", "torch", "--model", source_file("tests/data/gpt2_tiny/tied")},
                                  {.stdin_text = rows});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const auto scored = lines(result.out);
  ASSERT_EQ(scored.size(), golden["scores"].size());
  for (size_t i = 0; i < scored.size(); ++i) {
    const double expected = golden["scores"][i]["logprob"].get<double>();
    EXPECT_NEAR(parse_json(scored[i], "score")["logprob"].get<double>(), expected, 1e-4 * std::abs(expected));
  }
}

TEST(TorchE2e, BenchTrainPrintsOneJsonLineAndATable) {
  VITRINE_NEEDS_VERB("train copy");
  const auto result = run_program({"bench", "train", "--model", source_file("tests/data/gpt2_tiny/tied"), "--batch", "2", "--tokens",
                                   "16", "--steps", "1", "--threads", "1"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  ASSERT_EQ(lines(result.out).size(), 1u);
  const Json json = parse_json(result.out, "bench");
  for (const char* key : {"tokens_per_s", "seconds_per_step", "peak_rss_mib", "limit_fraction"}) {
    EXPECT_GT(json[key].get<double>(), 0) << key;
  }
  EXPECT_NE(result.err.find("tokens/s"), std::string::npos);
}

TEST(TorchE2e, BenchTrainFindsAModelByItsName) {
  VITRINE_NEEDS_VERB("train copy");
  const auto result = run_program({"bench", "train", "--model", "copy-mini", "--batch", "1", "--tokens", "8", "--steps", "1", "--threads", "1"},
                                  {.working_folder = std::filesystem::temp_directory_path()});
  EXPECT_EQ(result.exit_code, 0) << result.err;
}

testing::AssertionResult has_speeds(const std::string& line) {
  const Json json = parse_json(line, "bench");
  for (const char* key : {"seconds_per_step", "gflop", "peak_rss_mib", "limit_fraction"}) {
    if (!(json[key].get<double>() > 0)) return testing::AssertionFailure() << key << ": " << line;
  }
  return testing::AssertionSuccess();
}

TEST(TorchE2e, BenchDrawMeasuresEachPartOnTheShapesOfADirectory) {
  VITRINE_NEEDS_VERB("bench draw");
  const auto result = run_program({"bench", "draw", "--model", source_file("tests/data/sd_tiny/model"), "--width", "32", "--height", "48", "--steps", "1"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const auto parts = lines(result.out);
  ASSERT_EQ(parts.size(), 3u) << result.out;
  for (const std::string& part : parts) EXPECT_TRUE(has_speeds(part));
}

TEST(TorchE2e, BenchTuneMeasuresAStepWithAndWithoutCheckpointing) {
  VITRINE_NEEDS_VERB("bench tune");
  std::vector<std::string> arguments{"bench", "tune", "--model", source_file("tests/data/sd_tiny/model"), "--width", "32", "--height", "32", "--steps", "1"};
  for (int i = 0; i < 2; ++i) {
    const auto result = run_program(arguments);
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_TRUE(has_speeds(result.out));
    arguments.emplace_back("--gradient-checkpointing");
  }
}

TEST(TorchE2e, BenchDrawRefusesASizeTheModelCannotHave) {
  VITRINE_NEEDS_VERB("bench draw");
  const auto result = run_program({"bench", "draw", "--model", source_file("tests/data/sd_tiny/model"), "--width", "33"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.err.find("--width: expected a multiple of 2, got 33"), std::string::npos) << result.err;
}

TEST(TorchE2e, AnUnknownDeviceIsWrongUsage) {
  VITRINE_NEEDS_VERB("train copy");
  EXPECT_EQ(run_program({"bench", "train", "--device", "tpu"}).exit_code, 2);
}

}  // namespace
}  // namespace vitrine::e2e
