// vitrine write for a whole catalogue: parts that outlive a killed run, shards, memory.
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>

#include "base/compressed.h"
#include "base/file.h"
#include "base/json.h"
#include "e2e/program.h"

namespace vitrine::e2e {
namespace {
namespace fs = std::filesystem;

/// The shipped development set with rows between that are rejected.
std::string catalogue(const TemporaryFolder& folder, int count) {
  std::ifstream in(source_file("data/advertisegen/dev.jsonl"));
  std::string text, line;
  for (int i = 0; i < count && std::getline(in, line); ++i) {
    text += line + "\n";
    if (i % 50 == 7) text += "no JSON\n{\"content\":\"裙\"}\n\n";
  }
  write_file_atomic(folder / "catalogue.jsonl", text);
  return folder / "catalogue.jsonl";
}

std::vector<std::string> command(const std::string& input, const std::string& output,
                                 std::vector<std::string> more = {}) {
  std::vector<std::string> args{"write",    input,  "--baseline",         "template",
                                "-n",       "4",    "--format",           "jsonl",
                                "--output", output, "--checkpoint-every", "16"};
  args.insert(args.end(), more.begin(), more.end());
  return args;
}

/// A run that was killed when its second part was finished.
void leave_parts(const std::vector<std::string>& args, const std::string& output) {
  const auto killed = run_program(args, {.signal_once_there = output + ".parts/000001.done"});
  ASSERT_EQ(killed.exit_code, 128 + SIGKILL) << killed.err;
  ASSERT_FALSE(fs::exists(output));
}

TEST(BulkWriteE2e, ARunThatIsKilledAgainAndAgainEndsInTheSameBytes) {
  TemporaryFolder folder;
  const std::string input = catalogue(folder, 500);
  const auto args = [&](const std::string& name) {
    return command(
        input, folder / name,
        {"--table", folder / (name + ".txt"), "--rejects", folder / (name + ".rejects")});
  };
  ASSERT_EQ(run_program(args("whole")).exit_code, 3);
  int resumed = 0, killed = 0;
  for (int after_ms = 60; !fs::exists(folder / "cut"); after_ms += 45) {
    const auto result = run_program(args("cut"), {.kill_after_ms = after_ms});
    killed += result.exit_code == 128 + SIGKILL;
    resumed += result.err.find("going on from") != std::string::npos;
  }
  EXPECT_GE(killed, 2);
  EXPECT_GE(resumed, 1);
  ASSERT_EQ(run_program(args("cut")).exit_code,
            3);  // the last kill may have come behind the first rename
  for (const char* end : {"", ".txt", ".rejects"}) {
    EXPECT_EQ(read_file(folder / (std::string("cut") + end)),
              read_file(folder / (std::string("whole") + end)))
        << end;
  }
  EXPECT_FALSE(fs::exists(folder / "cut.parts"));
}

TEST(BulkWriteE2e, AnInterruptedRunSaysHowToGoOnAndAPackedOutputIsTheSame) {
  TemporaryFolder folder;
  const std::string input = catalogue(folder, 300), output = folder / "copy.jsonl.gz";
  const auto stopped =
      run_program(command(input, output),
                  {.signal_once_there = output + ".parts/000001.done", .signal = SIGINT});
  EXPECT_TRUE(failed_with_one_line(stopped, 130, "run the same command again to continue"));
  EXPECT_FALSE(fs::exists(output));
  const auto resumed = run_program(command(input, output));
  EXPECT_EQ(resumed.exit_code, 3);
  EXPECT_NE(resumed.err.find("products are of an earlier run"), std::string::npos) << resumed.err;
  ASSERT_EQ(run_program(command(input, folder / "whole.jsonl")).exit_code, 3);
  EXPECT_EQ(read_file_unpacked(output), read_file(folder / "whole.jsonl"));
  ASSERT_EQ(run_program(command(input, folder / "whole.jsonl.gz")).exit_code, 3);
  EXPECT_EQ(read_file(output), read_file(folder / "whole.jsonl.gz"));
}

TEST(BulkWriteE2e, PartsOfOtherSettingsAreRefusedByNameAndRestartDeletesThem) {
  TemporaryFolder folder;
  const std::string input = catalogue(folder, 300), output = folder / "copy.jsonl";
  leave_parts(command(input, output), output);
  EXPECT_TRUE(failed_with_one_line(run_program(command(input, output, {"--seed", "7"})), 1,
                                   "seed was 0, is 7; --restart starts anew"));
  EXPECT_TRUE(failed_with_one_line(run_program(command(input, output, {"--shard", "1/2"})), 1,
                                   "shard was \"1/1\", is \"1/2\""));
  std::ofstream(input, std::ios::app) << "{\"content\":\"类型#裙\"}\n";
  EXPECT_TRUE(failed_with_one_line(run_program(command(input, output)), 1, "input_sha256 was "));
  ASSERT_EQ(run_program(command(input, output, {"--restart"})).exit_code, 3);
  ASSERT_EQ(run_program(command(input, folder / "whole.jsonl")).exit_code, 3);
  EXPECT_EQ(read_file(output), read_file(folder / "whole.jsonl"));
}

TEST(BulkWriteE2e, APartThatWasDamagedIsWrittenAnew) {
  TemporaryFolder folder;
  const std::string input = catalogue(folder, 300), output = folder / "copy.jsonl";
  leave_parts(command(input, output), output);
  fs::resize_file(output + ".parts/000000.jsonl", 100);
  write_file_atomic(output + ".parts/000001.done", "{\"totals\":");
  const auto resumed = run_program(command(input, output));
  EXPECT_EQ(resumed.exit_code, 3);
  EXPECT_NE(resumed.err.find("part 0 is damaged and is written anew"), std::string::npos)
      << resumed.err;
  EXPECT_NE(resumed.err.find("part 1 is damaged and is written anew"), std::string::npos)
      << resumed.err;
  ASSERT_EQ(run_program(command(input, folder / "whole.jsonl")).exit_code, 3);
  EXPECT_EQ(read_file(output), read_file(folder / "whole.jsonl"));
}

TEST(BulkWriteE2e, AFolderOfOthersAndASecondProcessAreRefused) {
  TemporaryFolder folder;
  const std::string input = catalogue(folder, 3), output = folder / "copy.jsonl";
  {
    const FileLock held(output + ".parts/lock", "held");
    EXPECT_TRUE(failed_with_one_line(run_program(command(input, output)), 1,
                                     "another process is writing it"));
  }
  fs::remove_all(output + ".parts");
  write_file_atomic(output + ".parts/holiday.png", "x");
  EXPECT_TRUE(failed_with_one_line(run_program(command(input, output)), 1,
                                   "is no folder of parts (it holds holiday.png)"));
  EXPECT_EQ(files_below(output + ".parts"), std::vector<std::string>{"holiday.png"});
  fs::remove_all(output + ".parts");
  write_file_atomic(output + ".parts", "x");
  EXPECT_TRUE(failed_with_one_line(run_program(command(input, output)), 1, "found a file"));
}

TEST(BulkWriteE2e, AFullDiskKeepsTheFinishedPartsAndNoOutput) {
  const SmallDisk disk(512);
  if (!disk.mounted()) GTEST_SKIP() << "mounting a small disk needs root";
  TemporaryFolder folder;
  const std::string input = catalogue(folder, 535), output = (disk.path() / "copy.jsonl").string();
  EXPECT_TRUE(
      failed_with_one_line(run_program(command(input, output)), 1, "No space left on device"));
  EXPECT_FALSE(fs::exists(output));
  EXPECT_TRUE(fs::exists(output + ".parts/000001.done"));
}

TEST(BulkWriteE2e, ShardsTakeTurnsAndTogetherAreTheWholeOutput) {
  TemporaryFolder folder;
  const std::string input = catalogue(folder, 60);
  ASSERT_EQ(run_program(command(input, folder / "whole.jsonl")).exit_code, 3);
  const auto whole = lines(read_file(folder / "whole.jsonl"));
  std::vector<std::vector<std::string>> shards;
  for (const char* shard : {"1/3", "2/3", "3/3"}) {
    const auto result = run_program({"write", input, "--baseline", "template", "-n", "4",
                                     "--format", "jsonl", "--shard", shard});
    EXPECT_EQ(result.exit_code, 3);
    shards.push_back(lines(result.out));
  }
  ASSERT_EQ(shards[0].size() + shards[1].size() + shards[2].size(), whole.size());
  for (size_t row = 0; row < whole.size(); ++row)
    EXPECT_EQ(shards[row % 3][row / 3], whole[row]) << row;
}

TEST(BulkWriteE2e, AShardThatIsNoneIsWrongUsage) {
  for (const char* shard :
       {"0/3", "4/3", "1/0", "-1/3", "2", "1/", "/2", "a/b", "1/2/3", "1/99999999999999999999"}) {
    EXPECT_TRUE(failed_with_one_line(run_program({"write", "--attributes", "类型#裙", "--baseline",
                                                  "template", "--shard", shard}),
                                     2, "--shard: expected i/n"));
  }
}

TEST(BulkWriteE2e, MoreCandidatesThanAllowedAreWrongUsage) {
  for (const char* count : {"0", "10000"}) {
    EXPECT_TRUE(failed_with_one_line(run_program({"write", "--attributes", "类型#裙", "-n", count}),
                                     2, "1 to 1000"));
  }
}

TEST(BulkWriteE2e, MemoryDoesNotGrowWithTheInput) {
  TemporaryFolder folder;
  const auto rss_mib = [&](int count) {
    const std::string input = folder / (std::to_string(count) + ".jsonl"), description(20000, 'x');
    std::ofstream out(input);
    for (int i = 0; i < count; ++i)
      out << "{\"id\":\"p" << i << "\",\"content\":\"类型#裙*颜色#红\",\"描述\":\"" << description
          << "\"}\n";
    out.close();
    const auto result = run_program({"write", input, "--baseline", "template", "-n", "1",
                                     "--output", input + ".out", "--checkpoint-every", "100"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return static_cast<double>(result.max_rss_kib) / 1024;
  };
  EXPECT_LT(rss_mib(2000), rss_mib(100) + 12);  // the larger file has 40 MB
}

}  // namespace
}  // namespace vitrine::e2e
