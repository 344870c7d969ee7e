#include "serve/round_process.h"

#include <gtest/gtest.h>

#include <atomic>
#include <fstream>

#include "base/error.h"
#include "base/file.h"
#include "support/temporary_directory.h"

namespace vitrine::serve {
namespace {

/// A job that remembers what it was told.
class ToldJob : public RunningJob {
 public:
  const store::ClaimedJob& claim() const override { return claim_; }
  void progress(int64_t done, std::optional<int64_t> total) override {
    told.emplace_back(done, *total);
    if (done >= stop_at) reason = StopReason::cancelled;
  }
  void checkpoint(const store::Document&) override {}
  void keep(int64_t, std::optional<int64_t>, const std::function<void(store::Connection&)>&) override {}
  void tell(const std::string&, const std::string&, const Json&) override {}
  StopReason stop_reason() const override { return reason; }

  std::vector<std::pair<int64_t, int64_t>> told;
  int64_t stop_at = 100;
  StopReason reason = StopReason::none;

 private:
  store::ClaimedJob claim_;
};

class RoundProcessTest : public ::testing::Test {
 protected:
  /// A script in the place of the program; it gets the arguments of `align copy`.
  std::vector<std::string> program(const std::string& script) const {
    return {"/bin/bash", "-c", "output='" + (folder_.path() / "out").string() + "'\n" + script, "vitrine"};
  }
  RoundOrder order() const {
    return {.products = folder_.path() / "products.jsonl", .picks = folder_.path() / "picks.jsonl", .output = folder_.path() / "out", .model = "copy-mini", .ranker = "ranker-mini"};
  }
  static constexpr const char* kGood = R"(
echo "$@" > $output.arguments
mkdir -p $output.run/stages
for stage in watch-0 sample-1 fluency-1 order-1 tune-1 watch-1; do echo '{}' > $output.run/stages/$stage.json; sleep 0.3; done
mkdir -p $output/round-1; echo '{"rounds":[{"round":1}]}' > $output/report.json)";

  test::TemporaryDirectory folder_;
  ToldJob job_;
};

TEST_F(RoundProcessTest, AGoodRoundGivesItsModelAndReport) {
  const RoundOutcome outcome = run_round(program(kGood), order(), job_);
  EXPECT_EQ(outcome.model, folder_.path() / "out/round-1");
  EXPECT_EQ(outcome.report["rounds"][0]["round"], 1);
  EXPECT_EQ(job_.told.front(), (std::pair<int64_t, int64_t>(0, 6)));
  EXPECT_EQ(job_.told.back(), (std::pair<int64_t, int64_t>(6, 6)));
  EXPECT_GT(job_.told.size(), 3u);
  const std::string arguments = read_file(folder_.path() / "out.arguments");
  EXPECT_TRUE(arguments.starts_with("align copy ")) << arguments;
  EXPECT_NE(arguments.find("--picks " + (folder_.path() / "picks.jsonl").string()), std::string::npos) << arguments;
  EXPECT_NE(arguments.find("--objective raft --rounds 1 --ranker ranker-mini"), std::string::npos) << arguments;
}

TEST_F(RoundProcessTest, AFailedRoundTellsItsLastMessage) {
  try {
    run_round(program("echo reading; echo 'error: no picks' >&2; exit 1"), order(), job_);
    FAIL();
  } catch (const JobFailed& e) {
    EXPECT_EQ(e.code, "round_failed");
    EXPECT_STREQ(e.what(), "error: no picks");
  }
  EXPECT_THROW(run_round(program("kill -9 $$"), order(), job_), JobFailed);
}

TEST_F(RoundProcessTest, AStoppedRoundIsAskedToSaveItsState) {
  job_.stop_at = 1;
  const std::string script = "trap 'touch $output.saved; exit 130' TERM\nmkdir -p $output.run/stages; echo '{}' > $output.run/stages/watch-0.json\nwhile true; do sleep 0.01; done";
  EXPECT_THROW(run_round(program(script), order(), job_), Cancelled);
  EXPECT_TRUE(std::filesystem::exists(folder_.path() / "out.saved"));
}

TEST_F(RoundProcessTest, ARoundThatDoesNotStopIsKilled) {
  job_.reason = StopReason::shutdown;
  EXPECT_THROW(run_round(program("trap '' TERM\nwhile true; do sleep 0.01; done"), order(), job_, std::chrono::milliseconds(300)), Cancelled);
}

TEST_F(RoundProcessTest, AFinishedRoundIsNotRunAgain) {
  run_round(program(kGood), order(), job_);
  EXPECT_EQ(run_round(program("exit 1"), order(), job_).model, folder_.path() / "out/round-1");
}

}  // namespace
}  // namespace vitrine::serve
