// What the program says of a failure, and its exit code.
#include "apps/command_line.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "base/error.h"

namespace vitrine::apps {
namespace {

constexpr const char* kOfTorch = "index out of range in self\nException raised from embedding at Embedding.cpp:9 (most recent call first):\nframe #0: ?";

void register_failures(CLI::App& app, int&) {
  app.add_subcommand("torch", "")->callback([] { throw std::runtime_error(kOfTorch); });
  app.add_subcommand("own", "")->callback([] { throw InvalidInput("[draw] two\nlines"); });
}

/// Exit code and standard error of `vitrine VERB`.
std::pair<int, std::string> failure(const char* verb) {
  std::string program = "vitrine", name = verb;
  char* arguments[] = {program.data(), name.data()};
  testing::internal::CaptureStderr();
  const int exit_code = run_program(2, arguments, "vitrine", {register_failures});
  return {exit_code, testing::internal::GetCapturedStderr()};
}

TEST(CommandLineTest, AFailureOfLibtorchIsOneLineWithoutItsListOfFunctions) {
  const auto [exit_code, message] = failure("torch");
  EXPECT_EQ(exit_code, kFailed);
  EXPECT_EQ(message, "error: index out of range in self\n");
}

TEST(CommandLineTest, AMessageOfOursIsWhole) {
  const auto [exit_code, message] = failure("own");
  EXPECT_EQ(exit_code, kFailed);
  EXPECT_EQ(message, "error: [draw] two\\nlines\n");
}

}  // namespace
}  // namespace vitrine::apps
