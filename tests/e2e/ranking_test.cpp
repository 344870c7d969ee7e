// evaluate ranker, evaluate win-rate and evaluate arena through the real program.
#include "base/file.h"
#include "base/json.h"
#include "e2e/program.h"

namespace vitrine::e2e {
namespace {

std::string set_of(const TemporaryFolder& folder) {
  return head_of(source_file("data/advertisegen/dev.jsonl"), 12, folder);
}

/// The set's product records and two systems' outputs for them.
struct TwoSystems {
  explicit TwoSystems(const TemporaryFolder& folder)
      : set(folder / "set.jsonl"), a(folder / "a.jsonl"), b(folder / "b.jsonl") {
    EXPECT_EQ(run_program({"import", set_of(folder), "--output", set}).exit_code, 0);
    for (const auto& [file, seed] : {std::pair(a, "1"), std::pair(b, "2")}) {
      const auto result = run_program({"write", set, "--baseline", "template", "-n", "1", "--quiet",
                                       "--seed", seed, "--output", file});
      EXPECT_EQ(result.exit_code, 0) << result.err;
    }
  }
  std::string set, a, b;
};

TEST(EvaluateArenaTest, AnArenaIsMadeAndItsChoicesAreRead) {
  const TemporaryFolder folder;
  const TwoSystems systems(folder);
  const auto made =
      run_program({"evaluate", "arena", systems.set, "--outputs", "old=" + systems.a, "--outputs",
                   "new=" + systems.b, "--human", "--output", folder / "arena"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  EXPECT_EQ(files_below(folder / "arena"),
            (std::vector<std::string>{"arena.html", "key.jsonl", "pairs.jsonl", "vitrine.json"}));
  std::string choices;
  for (const auto& line : lines(read_file(folder / "arena/pairs.jsonl"))) {
    const Json pair = parse_json(line, "pairs");
    choices += dump_line({{"arena", pair["arena"]},
                          {"pair", pair["pair"]},
                          {"choice", "left"},
                          {"judge", "甲"}}) +
               "\n";
  }
  write_file_atomic(folder / "choices.jsonl", choices);
  const auto read = run_program({"evaluate", "arena", folder / "choices.jsonl", "--key",
                                 folder / "arena/key.jsonl", "--resamples", "20"});
  ASSERT_EQ(read.exit_code, 0) << read.err;
  const Json result = parse_json(read.out, "stdout");
  EXPECT_EQ(result["unanswered"], 0);
  EXPECT_EQ(result["position_bias"]["first_wins"]["value"], 1.0);
  EXPECT_EQ(result["win_rates"].size(), 3u);  // old over human, new over old, new over human
  EXPECT_NE(read.err.find("位置偏差"), std::string::npos);
}

TEST(EvaluateArenaTest, WrongUsageIsOneLine) {
  const TemporaryFolder folder;
  const TwoSystems systems(folder);
  EXPECT_TRUE(failed_with_one_line(run_program({"evaluate", "arena", systems.set, "--outputs",
                                                systems.a, "--output", folder / "x"}),
                                   2, "at least two systems"));
  EXPECT_TRUE(failed_with_one_line(run_program({"evaluate", "arena", systems.set, "--outputs",
                                                systems.a, "--outputs", systems.b}),
                                   2, "--output"));
  EXPECT_TRUE(failed_with_one_line(
      run_program({"evaluate", "arena", systems.set, "--key", folder / "none.jsonl"}), 1,
      "none.jsonl"));
  EXPECT_TRUE(failed_with_one_line(
      run_program({"evaluate", "arena", systems.set, "--outputs", systems.a, "--key", systems.b}),
      2, "one of both"));
  EXPECT_TRUE(failed_with_one_line(run_program({"evaluate", "arena"}), 2, "SET"));
}

TEST(EvaluateRankerTest, AModelThatIsNoRankerIsRefusedInOneLine) {
  const TemporaryFolder folder;
  write_file_atomic(
      folder / "pairs.jsonl",
      "{\"prompt\":\"类型#裙\",\"chosen\":\"好。\",\"rejected\":\"坏。\",\"source\":\"human\"}\n");
  const std::string tiny = source_file("tests/data/ranker_tiny/model").string();
  const auto result = run_program(
      {"evaluate", "ranker", folder / "pairs.jsonl", "--model", tiny, "--output", folder / "out"});
  EXPECT_TRUE(failed_with_one_line(result, 1, "not a ranker model that `train ranker` made"));
  EXPECT_EQ(files_below(folder.path()), std::vector<std::string>{"pairs.jsonl"});
  EXPECT_TRUE(failed_with_one_line(
      run_program({"evaluate", "ranker", folder / "pairs.jsonl", "--output", folder / "out"}), 2,
      "--model"));
}

TEST(EvaluateWinRateTest, ALanguageModelIsNoJudge) {
  const TemporaryFolder folder;
  const TwoSystems systems(folder);
  const auto result = run_program({"evaluate", "win-rate", systems.set, "--judge", "copy-mini",
                                   "--outputs", systems.a, "--outputs", systems.b});
  EXPECT_TRUE(failed_with_one_line(result, 1, "kind: expected \"ranker\", got \"copy\""));
  EXPECT_TRUE(failed_with_one_line(run_program({"evaluate", "win-rate", systems.set, "--outputs",
                                                systems.a, "--outputs", systems.b}),
                                   2, "--judge"));
}

}  // namespace
}  // namespace vitrine::e2e
