// The way to a model and its figures: curate, train (with Ctrl-C in the middle), evaluate.
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/json.h"
#include "e2e/program.h"

namespace vitrine::e2e {
namespace {
namespace fs = std::filesystem;

TEST(CurateE2e, TheFunnelAddsUpAndItsFilesAreThere) {
  TemporaryFolder folder;
  const std::string rows = head_of(source_file("data/advertisegen/train.jsonl"), 300, folder);
  const auto result = run_program({"curate", "copy", rows, "--output", folder / "curated"});
  ASSERT_TRUE(result.exit_code == 0 || result.exit_code == 3) << result.err;
  int64_t rows_in = 300;
  for (const Json& step : parse_json(read_file(folder / "curated/funnel.json"), "funnel")) {
    EXPECT_EQ(step["rows_in"], rows_in) << step.dump();
    EXPECT_EQ(step["kept"].get<int64_t>() + step["dropped"].get<int64_t>(), rows_in) << step.dump();
    rows_in = step["kept"];
  }
  EXPECT_EQ(static_cast<int64_t>(lines(read_file(folder / "curated/kept.jsonl")).size()), rows_in);
  EXPECT_TRUE(fs::exists(folder / "curated/rejects.jsonl"));
  EXPECT_TRUE(fs::exists(folder / "curated/funnel.html"));
}

TEST(CurateE2e, NoKeptTextHoldsAPlaceholder) {
  TemporaryFolder folder;
  const std::string rows = head_of(source_file("data/advertisegen/train.jsonl"), 300, folder);
  ASSERT_NE(read_file(rows).find("<UNK>"), std::string::npos);
  run_program({"curate", "copy", rows, "--output", folder / "curated"});
  for (const std::string& line : lines(read_file(folder / "curated/kept.jsonl"))) {
    const Json row = parse_json(line, "kept.jsonl");
    EXPECT_EQ(row["summary"].get<std::string>().find("<UNK>"), std::string::npos) << line;
  }
}

/// A run of some seconds of a tiny model.
std::vector<std::string> train_command(const std::string& rows, const std::string& output) {
  return {"train",      "copy", rows,      "--output", output,         "--n-layer", "1",        "--n-embd",  "32",       "--n-head", "2",
          "--vocab-size", "900", "--epochs", "8",       "--batch-tokens", "512",     "--dtype",  "float32",  "--threads", "1"};
}

TEST(TrainE2e, CtrlCSavesTheStateAndTheSameCommandEndsWithTheSameWeights) {
  VITRINE_NEEDS_VERB("train copy");
  TemporaryFolder folder;
  const std::string rows = head_of(source_file("data/advertisegen/train.jsonl"), 400, folder);
  const auto whole = run_program(train_command(rows, folder / "whole"), {.timeout_s = 120});
  ASSERT_EQ(whole.exit_code, 0) << whole.err;
  const auto stopped = run_program(train_command(rows, folder / "stopped"), {.interrupt_after_ms = 1500, .timeout_s = 120});
  ASSERT_EQ(stopped.exit_code, 130) << stopped.err;
  EXPECT_FALSE(fs::exists(folder / "stopped/model.safetensors"));
  const auto resumed = run_program(train_command(rows, folder / "stopped"), {.timeout_s = 120});
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_TRUE(read_file(folder / "stopped/model.safetensors") == read_file(folder / "whole/model.safetensors"));
}

TEST(TrainE2e, AFullDiskIsOneLineAndLeavesNoModel) {
  VITRINE_NEEDS_VERB("train copy");
  const SmallDisk disk(16);
  if (!disk.mounted()) GTEST_SKIP() << "mounting a small disk needs root";
  TemporaryFolder folder;
  const std::string rows = head_of(source_file("data/advertisegen/train.jsonl"), 50, folder);
  const auto result = run_program(train_command(rows, (disk.path() / "model").string()), {.timeout_s = 120});
  EXPECT_TRUE(failed_with_one_line(result, 1, ""));
  EXPECT_FALSE(fs::exists(disk.path() / "model/model.safetensors"));
}

TEST(TrainE2e, AMissingInitDirectoryIsOneLineThatNamesIt) {
  VITRINE_NEEDS_VERB("train copy");
  TemporaryFolder folder;
  const std::string rows = head_of(source_file("data/advertisegen/train.jsonl"), 5, folder);
  const auto result = run_program({"train", "copy", rows, "--init", "/nowhere/model", "--output", folder / "out"});
  EXPECT_TRUE(failed_with_one_line(result, 1, "/nowhere/model"));
  EXPECT_FALSE(fs::exists(folder / "out"));
}

TEST(TrainE2e, AnInitDirectoryThatIsNoModelIsOneLineThatNamesIt) {
  VITRINE_NEEDS_VERB("train copy");
  TemporaryFolder folder, empty;
  const std::string rows = head_of(source_file("data/advertisegen/train.jsonl"), 5, folder);
  const auto result = run_program({"train", "copy", rows, "--init", empty.path().string(), "--output", folder / "out"});
  EXPECT_TRUE(failed_with_one_line(result, 1, empty.path().string()));
  EXPECT_EQ(files_below(folder.path()).size(), 1u);  // the rows
}

TEST(EvaluateE2e, TheTemplateBaselineIsWrittenThenMeasured) {
  TemporaryFolder folder;
  const std::string set = head_of(source_file("data/advertisegen/dev.jsonl"), 30, folder);
  const auto written = run_program({"write", set, "--baseline", "template", "-n", "1", "--output", folder / "template.jsonl"});
  ASSERT_EQ(written.exit_code, 0) << written.err;
  const auto result = run_program({"evaluate", "copy", set, "--outputs", folder / "template.jsonl", "--output", folder / "report"}, {.timeout_s = 120});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_NE(read_file(folder / "report/metrics.json").find("bleu"), std::string::npos);
  const std::string page = read_file(folder / "report/report.html");
  EXPECT_NE(page.find("<svg"), std::string::npos);
  EXPECT_EQ(page.find("src=\"http"), std::string::npos);
}

TEST(EvaluateE2e, AMissingSetIsOneLineThatNamesIt) {
  TemporaryFolder folder;
  const auto result = run_program({"evaluate", "copy", "/nowhere/dev.jsonl", "--output", folder / "report"});
  EXPECT_TRUE(failed_with_one_line(result, 1, "/nowhere/dev.jsonl"));
  EXPECT_FALSE(fs::exists(folder / "report"));
}

}  // namespace
}  // namespace vitrine::e2e
