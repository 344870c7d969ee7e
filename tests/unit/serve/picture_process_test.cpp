#include "serve/picture_process.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <thread>

#include "base/error.h"

namespace vitrine::serve {
namespace {

using std::chrono::milliseconds;

/// A worker that answers by what the prompt says: a small script in the place of the program.
constexpr const char* kWorker = R"(
while read -r line; do
  case "$line" in
    *crash*) kill -SEGV $$ ;;
    *memory*) kill -KILL $$ ;;
    *ends*) exit 4 ;;
    *broken*) echo 'Segmentation fault soon' ;;
    *silent*) exec sleep 1000 ;;
    *refuse*) echo '{"event":"failed","code":"impossible","detail":"width: got 7"}' ;;
    *cancel*) echo '{"event":"cancelled"}' ;;
    *slow*) echo '{"event":"step","step":1,"steps":4}' ;;
    *) echo '{"event":"step","step":1,"steps":2}'
       echo '{"event":"preview","index":0,"step":1,"steps":2,"width":8,"height":8,"file":"/tmp/p.png"}'
       echo '{"event":"done","pictures":[{"index":0}]}' ;;
  esac
done)";

PictureProcessConfig config() {
  PictureProcessConfig config;
  config.command = {"/bin/bash", "-c", kWorker};
  config.patience = std::chrono::seconds(20);
  return config;
}

/// The code that drawing fails with.
std::string code_of(PictureProcess& process, const std::string& prompt) {
  try {
    process.draw({{"prompt", prompt}});
  } catch (const JobFailed& e) {
    return e.code;
  }
  return "";
}

TEST(PictureProcessTest, AWorkerStaysForTheNextDrawing) {
  PictureProcess process(config());
  EXPECT_EQ(process.pid(), 0) << "nothing is started before it is needed";
  int64_t steps = 0;
  Json preview;
  const Json done = process.draw({{"prompt", "dress"}}, {.on_step = [&](int64_t step, int64_t) { steps = step; }, .on_preview = [&](const Json& event) { preview = event; }});
  EXPECT_EQ(done["pictures"].size(), 1u);
  EXPECT_EQ(steps, 1);
  EXPECT_EQ(preview["file"], "/tmp/p.png");
  process.draw({{"prompt", "skirt"}});
  EXPECT_EQ(process.starts(), 1);
}

TEST(PictureProcessTest, ADeathCostsOneDrawing) {
  PictureProcess process(config());
  process.draw({{"prompt", "dress"}});
  EXPECT_EQ(code_of(process, "crash"), kPictureWorkerCrashed);
  EXPECT_EQ(process.pid(), 0);
  EXPECT_EQ(code_of(process, "dress"), "");
  EXPECT_EQ(code_of(process, "memory"), kPictureWorkerKilled);
  EXPECT_EQ(code_of(process, "ends"), kPictureWorkerCrashed);
  EXPECT_EQ(code_of(process, "dress"), "");
  EXPECT_EQ(process.starts(), 4);
}

TEST(PictureProcessTest, ABrokenLineEndsTheWorker) {
  PictureProcess process(config());
  EXPECT_EQ(code_of(process, "broken"), kPictureWorkerBroken);
  EXPECT_EQ(process.pid(), 0);
  EXPECT_EQ(code_of(process, "dress"), "");
}

TEST(PictureProcessTest, ARefusalLeavesTheWorkerAlive) {
  PictureProcess process(config());
  EXPECT_EQ(code_of(process, "refuse"), "impossible");
  EXPECT_EQ(code_of(process, "dress"), "");
  EXPECT_EQ(process.starts(), 1);
}

TEST(PictureProcessTest, AWorkerThatDiedWhileIdleCostsNothing) {
  PictureProcess process(config());
  process.draw({{"prompt", "dress"}});
  const pid_t pid = process.pid();
  ::kill(pid, SIGKILL);
  std::this_thread::sleep_for(milliseconds(50));
  EXPECT_EQ(code_of(process, "dress"), "");
  EXPECT_EQ(process.starts(), 2);
}

TEST(PictureProcessTest, CancelReachesTheWorker) {
  PictureProcess process(config());
  std::atomic<bool> has_begun = false;
  const PictureWatch watch{.on_step = [&](int64_t, int64_t) { has_begun = true; }, .is_cancelled = [&] { return has_begun.load(); }};
  EXPECT_THROW(process.draw({{"prompt", "slow"}}, watch), Cancelled);
  EXPECT_EQ(code_of(process, "dress"), "");
  EXPECT_EQ(process.starts(), 1);
}

TEST(PictureProcessTest, AWorkerThatDoesNotAnswerIsEnded) {
  PictureProcessConfig impatient = config();
  impatient.patience = milliseconds(1000);  // an answer takes a few, also beside other work
  impatient.cancel_patience = milliseconds(100);
  PictureProcess process(impatient);
  EXPECT_EQ(code_of(process, "silent"), kPictureWorkerSilent);
  EXPECT_EQ(code_of(process, "dress"), "");
  int looks = 0;
  EXPECT_THROW(process.draw({{"prompt", "silent"}}, {.is_cancelled = [&] { return ++looks > 1; }}), Cancelled);
  EXPECT_EQ(process.pid(), 0);
}

TEST(PictureProcessTest, AProgramThatIsNotThereIsTold) {
  PictureProcess process({.command = {"/there/is/no/vitrine", "draw-worker"}});
  EXPECT_EQ(code_of(process, "dress"), kPictureWorkerMissing);
}

TEST(PictureProcessTest, DrawingsWaitForEachOther) {
  PictureProcess process(config());
  std::vector<std::thread> callers;
  std::atomic<int> done = 0;
  for (int i = 0; i < 6; ++i) callers.emplace_back([&] { done += process.draw({{"prompt", "dress"}})["pictures"].size() == 1; });
  for (auto& caller : callers) caller.join();
  EXPECT_EQ(done, 6);
  EXPECT_EQ(process.starts(), 1);
}

TEST(PictureProcessTest, TheWorkerDiesWithTheObject) {
  pid_t pid = 0;
  {
    PictureProcess process(config());
    process.draw({{"prompt", "dress"}});
    pid = process.pid();
  }
  EXPECT_NE(::kill(pid, 0), 0);
}

}  // namespace
}  // namespace vitrine::serve
