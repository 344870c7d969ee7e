// What every verb promises: the version, exit codes, one line on failure.
#include <gtest/gtest.h>

#include <regex>

#include "e2e/program.h"

namespace vitrine::e2e {
namespace {

TEST(CommandLineE2e, TheVersionGoesToStdoutAndNothingElseIsSaid) {
  const auto result = run_program({"--version"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_TRUE(std::regex_match(result.out, std::regex("[0-9]+\\.[0-9]+\\.[0-9]+\n"))) << result.out;
  EXPECT_EQ(result.err, "");
}

TEST(CommandLineE2e, HelpGoesToStdoutAndSucceeds) {
  const auto result = run_program({"--help"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_NE(result.out.find("--version"), std::string::npos);
  EXPECT_EQ(result.err, "");
}

TEST(CommandLineE2e, AnUnknownVerbIsWrongUsage) {
  const auto result = run_program({"wrote", "products.jsonl"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.out, "");
  EXPECT_NE(result.err, "");
}

TEST(CommandLineE2e, NoVerbIsWrongUsage) {
  const auto result = run_program({});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.out, "");
}

}  // namespace
}  // namespace vitrine::e2e
