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

}  // namespace
}  // namespace vitrine::e2e
