#include "base/file_arguments.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <vector>

#include "base/error.h"
#include "base/file.h"

namespace vitrine {
namespace {
namespace fs = std::filesystem;

class FileArgumentsTest : public ::testing::Test {
 protected:
  FileArgumentsTest() : dir_(fs::temp_directory_path() / concat("vitrine_file_arguments_test_", ::getpid())) {
    write_file_atomic(dir_ / "in.csv", "id\n");
    fs::create_symlink("in.csv", dir_ / "symlink.csv");
    fs::create_hard_link(dir_ / "in.csv", dir_ / "hardlink.csv");
  }
  ~FileArgumentsTest() override { fs::remove_all(dir_); }

  std::string at(const std::string& name) const { return (dir_ / name).string(); }
  std::string refusal(std::vector<std::string> inputs, const std::string& output, const std::string& rejects = "") const {
    try {
      check_file_arguments("verb", inputs, {{"--output", output}, {"--rejects", rejects}});
      return "accepted";
    } catch (const UsageError& e) {
      return e.what();
    }
  }
  fs::path dir_;
};

TEST_F(FileArgumentsTest, AnOutputThatIsAnInputByAnyNameIsRefused) {
  for (const char* name : {"in.csv", "./in.csv", "symlink.csv", "hardlink.csv"}) {
    EXPECT_NE(refusal({at("in.csv")}, at(name)).find("--output: " + at(name) + " is also an input"), std::string::npos) << name;
    EXPECT_NE(refusal({at("in.csv")}, "-", at(name)).find("--rejects"), std::string::npos) << name;
  }
}

TEST_F(FileArgumentsTest, TwoOutputsOfOneNameAreRefusedAlsoBeforeTheyAreThere) {
  EXPECT_NE(refusal({}, at("new.jsonl"), at("./new.jsonl")).find("--output and --rejects"), std::string::npos);
  EXPECT_NE(refusal({}, "-", "-").find("--output and --rejects"), std::string::npos);
}

TEST_F(FileArgumentsTest, AFolderIsNoFileToWrite) {
  EXPECT_NE(refusal({}, at("newdir/")).find("is a folder; give the name of a file"), std::string::npos);
  EXPECT_NE(refusal({}, dir_.string()).find("is a folder"), std::string::npos);
}

TEST_F(FileArgumentsTest, StandardInputIsReadOnce) {
  EXPECT_NE(refusal({"-", "-"}, "").find("only once"), std::string::npos);
}

TEST_F(FileArgumentsTest, DifferentFilesPipesAndDevicesAreFine) {
  EXPECT_EQ(refusal({at("in.csv"), ""}, at("out.jsonl"), at("rejects.jsonl")), "accepted");
  EXPECT_EQ(refusal({"-"}, "-"), "accepted");
  EXPECT_EQ(refusal({"/nowhere/in.csv"}, "/dev/null", "/dev/null"), "accepted");
}

}  // namespace
}  // namespace vitrine
