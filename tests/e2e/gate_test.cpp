// evaluate gate through the real program: its figures, killed in the middle, bad input.
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "e2e/program.h"

namespace vitrine::e2e {
namespace {
namespace fs = std::filesystem;

class GateE2e : public ::testing::Test {
 protected:
  std::vector<std::string> command(const std::string& output, std::initializer_list<std::string> more = {}) const {
    std::vector<std::string> command = {"evaluate", "gate", set_, "--model", "copy-mini", "--against", "copy-mini-sft", "--products", "12", "-n", "1", "--threads", "1", "--output", output};
    command.insert(command.end(), more);
    return command;
  }
  static ProgramResult run(const std::vector<std::string>& command) { return run_program(command, {.timeout_s = 300}); }

  TemporaryFolder folder_;
  const std::string set_ = source_file("data/advertisegen/dev.jsonl").string();
};

TEST_F(GateE2e, FiveCriteriaAndTheSameBytesWhenItWasKilledInTheMiddle) {
  const auto whole = run(command(folder_ / "whole"));
  ASSERT_EQ(whole.exit_code, 0) << whole.err;
  const Json gate = read_json_file(folder_ / "whole/gate.json");
  ASSERT_EQ(gate["rows"].size(), 5u);
  EXPECT_EQ(gate["set"]["products"], 12);
  bool all = true;
  for (const Json& row : gate["rows"]) {
    all = all && row["passed"].get<bool>();
    EXPECT_LE(row["after"]["low"], row["after"]["high"]) << row;
    EXPECT_EQ(row["before"].is_null(), row["metric"] == "win_rate") << row;
  }
  EXPECT_EQ(gate["passed"], all);
  EXPECT_FALSE(fs::exists(folder_ / "whole.run"));
  run_program(command(folder_ / "parts"), {.signal_once_there = folder_ / "parts.run/stages/before-3.json", .timeout_s = 300});
  ASSERT_TRUE(fs::exists(folder_ / "parts.run/stages/before-3.json"));
  ASSERT_EQ(run(command(folder_ / "parts")).exit_code, 0);
  for (const char* name : {"gate.json", "outputs.jsonl"}) EXPECT_EQ(read_file(folder_ / concat("parts/", name)), read_file(folder_ / concat("whole/", name))) << name;
}

TEST_F(GateE2e, BadArgumentsGiveOneLine) {
  EXPECT_TRUE(failed_with_one_line(run({"evaluate", "gate", set_, "--model", "copy-mini", "--output", folder_ / "o"}), 2, "--against"));
  EXPECT_TRUE(failed_with_one_line(run({"evaluate", "gate", set_, "--model", "copy-mini", "--against", "copy-mini", "--output", folder_ / "o"}), 2, "the same weights"));
  EXPECT_TRUE(failed_with_one_line(run(command(folder_ / "o", {"--judge", "copy-mini"})), 1, "kind"));
  EXPECT_TRUE(failed_with_one_line(run(command(folder_ / "o", {"--judge", "no-such-judge"})), 1, "no-such-judge"));
  EXPECT_TRUE(failed_with_one_line(run({"evaluate", "gate", "-", "--model", "copy-mini", "--against", "copy-mini-sft", "--output", folder_ / "o"}), 2, "standard input"));
  EXPECT_FALSE(fs::exists(folder_ / "o"));
}

}  // namespace
}  // namespace vitrine::e2e
