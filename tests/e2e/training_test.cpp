// The way to a model and its figures: curate, train (with Ctrl-C in the middle), evaluate.
#include <gtest/gtest.h>

#include <algorithm>

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

TEST(CurateE2e, AnEarlierSetIsReplacedAndFilesOfOthersStay) {
  TemporaryFolder folder;
  const std::string rows = head_of(source_file("data/advertisegen/train.jsonl"), 40, folder);
  const auto once = run_program({"curate", "copy", rows, "--output", folder / "curated/"});
  ASSERT_EQ(once.exit_code, 0) << once.err;
  write_file_atomic(folder / "curated/README.md", "by hand");
  const auto again = run_program({"curate", "copy", rows, "--no-dedupe", "--output", folder / "curated"});
  ASSERT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(read_file(folder / "curated/README.md"), "by hand");
  EXPECT_EQ(files_below(folder.path()).size(), 7u);  // the rows, five files, README.md
}

TEST(CurateE2e, AFolderOfOtherFilesAFileAndAnInputOfItsOwnAreRefused) {
  TemporaryFolder folder;
  const std::string rows = head_of(source_file("data/advertisegen/train.jsonl"), 40, folder);
  write_file_atomic(folder / "papers/thesis.doc", "years of work");
  EXPECT_TRUE(failed_with_one_line(run_program({"curate", "copy", rows, "--output", folder / "papers"}), 2, "holds other files; choose another folder"));
  EXPECT_TRUE(failed_with_one_line(run_program({"curate", "copy", rows, "--output", rows}), 2, "is a file"));
  EXPECT_EQ(read_file(folder / "papers/thesis.doc"), "years of work");
  ASSERT_EQ(run_program({"curate", "copy", rows, "--output", folder / "curated"}).exit_code, 0);
  EXPECT_TRUE(failed_with_one_line(run_program({"curate", "copy", folder / "curated/kept.jsonl", "--output", folder / "curated"}), 2, "holds the input"));
}

TEST(CurateE2e, RejectedRowsOfTheHeldOutFileAreReported) {
  TemporaryFolder folder;
  const std::string rows = head_of(source_file("data/advertisegen/train.jsonl"), 40, folder);
  write_file_atomic(folder / "dev.jsonl", R"({"content":"类型#裙","summary":"一条裙子。"})"
                                          "\nnot JSON\n");
  const auto result = run_program({"curate", "copy", rows, "--dev", folder / "dev.jsonl", "--output", folder / "curated"});
  EXPECT_EQ(result.exit_code, 3) << result.err;
  EXPECT_NE(result.err.find("NOT_JSON"), std::string::npos) << result.err;
}

/// A run of some seconds of a tiny model.
std::vector<std::string> train_command(const std::string& rows, const std::string& output) {
  return {"train",      "copy", rows,      "--output", output,         "--n-layer", "1",        "--n-embd",  "32",       "--n-head", "2",
          "--vocab-size", "850", "--epochs", "8",       "--batch-tokens", "512",     "--dtype",  "float32",  "--threads", "1"};
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

TEST(TrainE2e, AFinishedModelSaysWhereItIsFromAndIsReplacedInItsOwnFilesOnly) {
  VITRINE_NEEDS_VERB("train copy");
  TemporaryFolder folder;
  const std::string rows = head_of(source_file("data/advertisegen/train.jsonl"), 60, folder);
  auto command = train_command(rows, folder / "model/");
  std::replace(command.begin(), command.end(), std::string("8"), std::string("1"));  // epochs
  command.insert(command.end(), {"--validation-share", "0"});
  const auto once = run_program(command, {.timeout_s = 120});
  ASSERT_EQ(once.exit_code, 0) << once.err;
  EXPECT_NE(once.err.find("validation not measured"), std::string::npos) << once.err;
  const Json manifest = parse_json(read_file(folder / "model/vitrine.json"), "vitrine.json");
  EXPECT_EQ(manifest["kind"], "copy");
  EXPECT_FALSE(manifest["version"].get<std::string>().empty());
  EXPECT_TRUE(manifest["init"].is_null());
  EXPECT_EQ(manifest["data"]["licence"], "see data");
  EXPECT_TRUE(manifest["metrics"]["validation_nats_per_char"].is_null()) << manifest.dump();
  EXPECT_EQ(read_file(folder / "model/model.safetensors").find("AdvertiseGen"), std::string::npos);

  write_file_atomic(folder / "model/README.md", "by hand");
  command.insert(command.end(), {"--init", folder / "model"});
  const auto again = run_program(command, {.timeout_s = 120});
  ASSERT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(read_file(folder / "model/README.md"), "by hand");
  EXPECT_EQ(parse_json(read_file(folder / "model/vitrine.json"), "vitrine.json")["init"]["weights_sha256"].get<std::string>().size(), 64u);
  EXPECT_FALSE(fs::exists(folder / "model.run"));
}

TEST(TrainE2e, TheRowsLicenceAndRejectedRowsAreSaid) {
  VITRINE_NEEDS_VERB("train copy");
  TemporaryFolder folder;
  const std::string rows = head_of(source_file("data/advertisegen/train.jsonl"), 60, folder);
  ASSERT_EQ(run_program({"import", rows, "--licence", "shop's own", "--output", folder / "rows.jsonl"}).exit_code, 0);
  write_file_atomic(folder / "rows.jsonl", read_file(folder / "rows.jsonl") + "not JSON\n");
  auto command = train_command(folder / "rows.jsonl", folder / "model");
  std::replace(command.begin(), command.end(), std::string("8"), std::string("1"));
  const auto result = run_program(command, {.timeout_s = 120});
  EXPECT_EQ(result.exit_code, 3) << result.err;
  EXPECT_NE(result.err.find("NOT_JSON"), std::string::npos) << result.err;
  EXPECT_EQ(parse_json(read_file(folder / "model/vitrine.json"), "vitrine.json")["data"]["licence"], "shop's own");
}

TEST(TrainE2e, AnotherSettingOrOtherDataStopsARunThatWasBegun) {
  VITRINE_NEEDS_VERB("train copy");
  TemporaryFolder folder;
  const std::string rows = head_of(source_file("data/advertisegen/train.jsonl"), 60, folder);
  auto command = train_command(rows, folder / "model");
  command.insert(command.end(), {"--max-steps", "2"});
  EXPECT_TRUE(failed_with_one_line(run_program(command, {.timeout_s = 120}), 130, "[train copy] stopped by the limit, state saved"));
  EXPECT_FALSE(std::filesystem::exists(folder / "model"));
  auto other = command;
  other.insert(other.end(), {"--mix-sentences", "0.9"});
  EXPECT_TRUE(failed_with_one_line(run_program(other, {.timeout_s = 120}), 2, "mix_sentences 0.3, now 0.9;"));
  write_file_atomic(rows, read_file(rows) + R"({"content":"类型#裙*风格#简约","summary":"这款裙子采用了简约的风格，非常好看，穿上也很舒适。"})" + "\n");
  EXPECT_TRUE(failed_with_one_line(run_program(command, {.timeout_s = 120}), 2, "data_sha256"));
}

TEST(TrainE2e, ASecondProcessBesideTheFirstFailsInOneLineAndDamagesNothing) {
  VITRINE_NEEDS_VERB("train copy");
  TemporaryFolder folder;
  const std::string rows = head_of(source_file("data/advertisegen/train.jsonl"), 20, folder);
  const FileLock first(folder / "model.run/lock", "");
  const auto second = run_program(train_command(rows, folder / "model"), {.timeout_s = 120});
  EXPECT_TRUE(failed_with_one_line(second, 1, "is being trained by another process"));
  EXPECT_EQ(files_below(folder.path()), (std::vector<std::string>{"model.run/lock", "train.jsonl"}));
}

TEST(TrainE2e, ASizeThatIsNotTheInitModelsIsWrongUsage) {
  VITRINE_NEEDS_VERB("train copy");
  TemporaryFolder folder;
  const std::string rows = head_of(source_file("data/advertisegen/train.jsonl"), 20, folder);
  const auto result = run_program({"train", "copy", rows, "--init", "copy-mini", "--n-layer", "7", "--output", folder / "model"});
  EXPECT_TRUE(failed_with_one_line(result, 2, "n_layer: 7 was given, but"));
  EXPECT_NE(result.err.find("has 8"), std::string::npos) << result.err;
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
