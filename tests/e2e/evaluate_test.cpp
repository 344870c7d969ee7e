#include "base/file.h"
#include "base/json.h"
#include "e2e/program.h"

namespace vitrine::e2e {
namespace {

TEST(EvaluateTest, TheShippedSetGivesReportNumbersAndTable) {
  const TemporaryFolder folder;
  const auto result = run_program({"evaluate", "copy", source_file("data/advertisegen/dev.jsonl").string(), "--output", folder / "out", "--resamples", "20"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, "");
  EXPECT_NE(result.err.find("distinct_4"), std::string::npos);
  EXPECT_EQ(files_below(folder.path()), (std::vector<std::string>{"out/metrics.json", "out/outputs.jsonl", "out/report.html", "out/vitrine.json"}));
}

TEST(EvaluateTest, TheTrainRowsAreRefusedAsASetBecauseTheyLeak) {
  const TemporaryFolder folder;
  const auto result = run_program({"evaluate", "copy", source_file("data/advertisegen/train.jsonl").string(), "--output", folder / "out"});
  EXPECT_TRUE(failed_with_one_line(result, 1, "--allow-leakage"));
  EXPECT_TRUE(files_below(folder.path()).empty());
}

TEST(EvaluateTest, AMissingFolderOrSetIsWrongUsage) {
  EXPECT_EQ(run_program({"evaluate", "copy", source_file("data/advertisegen/dev.jsonl").string()}).exit_code, 2);
  EXPECT_EQ(run_program({"evaluate", "copy", "--output", "x"}).exit_code, 2);
  EXPECT_EQ(run_program({"evaluate"}).exit_code, 2);
}

TEST(EvaluateTest, SetsAndOutputsAreReadPackedAndFromStandardInput) {
  const TemporaryFolder folder;
  const std::string set = head_of(source_file("data/advertisegen/dev.jsonl"), 12, folder), outputs = folder / "n1.jsonl.gz";
  ASSERT_EQ(run_program({"import", set, "--output", folder / "set.jsonl.gz"}).exit_code, 0);
  ASSERT_EQ(run_program({"write", set, "--baseline", "template", "-n", "1", "--quiet", "--output", outputs}).exit_code, 0);
  const auto packed = run_program({"evaluate", "copy", folder / "set.jsonl.gz", "--outputs", outputs, "--output", folder / "a/", "--resamples", "20"});
  ASSERT_EQ(packed.exit_code, 0) << packed.err;
  const auto piped = run_program({"evaluate", "copy", "-", "--outputs", "n1=" + outputs, "--output", folder / "b", "--resamples", "20"}, {.stdin_text = read_file(set)});
  ASSERT_EQ(piped.exit_code, 0) << piped.err;
  EXPECT_EQ(packed.err, piped.err);  // the table, the system's name in it
}

TEST(EvaluateTest, ARejectedRowIsCountedAndGivesExitCode3) {
  const TemporaryFolder folder;
  const std::string set = read_file(head_of(source_file("data/advertisegen/dev.jsonl"), 12, folder)) + "not JSON\n";
  const auto result = run_program({"evaluate", "copy", "-", "--output", folder / "out", "--resamples", "20"}, {.stdin_text = set});
  EXPECT_EQ(result.exit_code, 3) << result.err;
  EXPECT_NE(result.err.find("NOT_JSON"), std::string::npos) << result.err;
}

TEST(EvaluateTest, AFullDiskLeavesNoPartOfAReport) {
  const SmallDisk disk(256);
  if (!disk.mounted()) GTEST_SKIP() << "mounting a small disk needs root";
  const auto result = run_program({"evaluate", "copy", source_file("data/advertisegen/dev.jsonl").string(), "--output", (disk.path() / "out").string(), "--resamples", "20"});
  EXPECT_TRUE(failed_with_one_line(result, 1, "out"));
  EXPECT_EQ(files_below(disk.path()), std::vector<std::string>{});
}

TEST(EvaluateTest, StandardOutputAndAFolderOfOtherFilesAreRefused) {
  const TemporaryFolder folder;
  write_file_atomic(folder / "out/thesis.doc", "years of work");
  const std::string set = source_file("data/advertisegen/dev.jsonl").string();
  EXPECT_TRUE(failed_with_one_line(run_program({"evaluate", "copy", set, "--output", "-"}), 2, "standard output"));
  EXPECT_TRUE(failed_with_one_line(run_program({"evaluate", "copy", set, "--output", folder / "out"}), 2, "holds other files"));
  EXPECT_EQ(files_below(folder.path()), std::vector<std::string>{"out/thesis.doc"});
}

TEST(EvaluateTest, StyleIsNotMeasurableWithoutLabelsAndItsRulesStandBeside) {
  const auto written = run_program({"write", "--attributes", "类型#裙*版型#显瘦", "--baseline", "template", "-n", "2", "--style", "jd", "--format", "jsonl"});
  const auto result = run_program({"evaluate", "style", "-"}, {.stdin_text = written.out});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const Json json = parse_json(result.out, "style");
  EXPECT_FALSE(json["measurable"].get<bool>());
  EXPECT_TRUE(json["accuracy"].is_null());
  EXPECT_GT(json["styles"]["jd"]["kept"].get<double>(), 0.5);
  EXPECT_NE(result.err.find("not measurable"), std::string::npos) << result.err;
}

TEST(EvaluateTest, StyleIsMeasuredWithLabelledTextAndABadLabelIsNamed) {
  const TemporaryFolder folder;
  std::string labelled;
  for (int i = 0; i < 30; ++i) {
    const std::string n = std::to_string(i);
    labelled += "{\"text\":\"商品介绍：裙子" + n + "采用棉质面料。\",\"style\":\"jd\"}\n";
    labelled += "{\"text\":\"✨裙子" + n + "看过来～ #裙子\",\"style\":\"xiaohongshu\"}\n";
  }
  write_file_atomic(folder / "train.jsonl", labelled);
  write_file_atomic(folder / "set.jsonl", "{\"text\":\"商品介绍：新裙子。\",\"style\":\"jd\"}\n");
  const auto result = run_program({"evaluate", "style", folder / "set.jsonl", "--train", folder / "train.jsonl"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_TRUE(result.err.starts_with("classifier on held-out human text: 100.0 %")) << result.err;
  EXPECT_EQ(parse_json(result.out, "style")["accuracy"]["value"], 1);
  write_file_atomic(folder / "train.jsonl", labelled + "{\"text\":\"裙子\",\"style\":\"weibo\"}\n");
  EXPECT_TRUE(failed_with_one_line(run_program({"evaluate", "style", folder / "set.jsonl", "--train", folder / "train.jsonl"}), 1, "row 61, field style"));
}

}  // namespace
}  // namespace vitrine::e2e
