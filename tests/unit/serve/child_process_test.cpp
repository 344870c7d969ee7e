#include "serve/child_process.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <thread>

#include "base/error.h"

namespace vitrine::serve {
namespace {

using std::chrono::milliseconds;
using Read = ChildProcess::Read;
constexpr auto kPatience = std::chrono::seconds(20);

std::vector<std::string> shell(const std::string& script) { return {"/bin/sh", "-c", script}; }

TEST(ChildProcessTest, LinesGoToItAndBack) {
  ChildProcess child(shell("while read line; do echo \"got $line\"; done"), 1000);
  std::string line;
  EXPECT_TRUE(child.write_line("裙"));
  ASSERT_EQ(child.read_line(line, kPatience), Read::line);
  EXPECT_EQ(line, "got 裙");
  EXPECT_EQ(child.read_line(line, milliseconds(10)), Read::timeout);
}

TEST(ChildProcessTest, SeveralLinesComeOneByOne) {
  ChildProcess child(shell("printf 'a\\n\\nb\\nrest'"), 1000);
  std::string line;
  for (const char* expected : {"a", "", "b"}) {
    ASSERT_EQ(child.read_line(line, kPatience), Read::line);
    EXPECT_EQ(line, expected);
  }
  EXPECT_EQ(child.read_line(line, kPatience), Read::end) << "a line without its end is none";
}

TEST(ChildProcessTest, ALineHasALimit) {
  ChildProcess child(shell("yes | tr -d '\\n'"), 1000);
  std::string line;
  EXPECT_EQ(child.read_line(line, kPatience), Read::too_long);
}

TEST(ChildProcessTest, ItSaysHowItEnded) {
  EXPECT_EQ(ChildProcess(shell("exit 3"), 1000).wait().exit_code, 3);
  EXPECT_EQ(ChildProcess(shell("kill -9 $$"), 1000).wait().signal, SIGKILL);
}

TEST(ChildProcessTest, WhatCannotBeRunIsTold) {
  EXPECT_THROW(ChildProcess({"/there/is/no/such/program"}, 1000), NotFound);
  EXPECT_THROW(ChildProcess({}, 1000), InvalidInput);
}

TEST(ChildProcessTest, WritingToADeadOneIsNoSignal) {
  ChildProcess child(shell("exit 0"), 1000);
  child.wait();
  std::string line;
  EXPECT_EQ(child.read_line(line, kPatience), Read::end);
  EXPECT_FALSE(child.write_line("x"));
}

TEST(ChildProcessTest, ItDiesWithTheObject) {
  pid_t pid = 0;
  {
    ChildProcess child(shell("exec sleep 1000"), 1000);
    pid = child.pid();
    EXPECT_EQ(::kill(pid, 0), 0);
  }
  EXPECT_NE(::kill(pid, 0), 0);
}

TEST(ChildProcessTest, ItDiesWithTheThreadThatMadeIt) {
  std::unique_ptr<ChildProcess> child;
  std::thread([&] { child = std::make_unique<ChildProcess>(shell("exec sleep 1000"), 1000); }).join();
  EXPECT_EQ(child->wait().signal, SIGKILL);
}

TEST(ChildProcessTest, ItIsAskedToEnd) {
  ChildProcess child(shell("trap 'exit 5' TERM; echo ready; while true; do sleep 0.01; done"), 1000);
  std::string line;
  ASSERT_EQ(child.read_line(line, kPatience), Read::line);
  child.terminate();
  EXPECT_EQ(child.wait().exit_code, 5);
}

}  // namespace
}  // namespace vitrine::serve
