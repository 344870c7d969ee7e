#include "train/run_folder.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/error.h"

namespace vitrine::train {
namespace {
namespace fs = std::filesystem;

class RunFolderTest : public ::testing::Test {
 protected:
  ~RunFolderTest() override { fs::remove_all(path_); }
  fs::path path_ = fs::temp_directory_path() / concat("vitrine_run_folder_test_", ::getpid(), ".run");
};

TEST_F(RunFolderTest, ASecondRunIsTurnedAwayAndTheFirstKeepsItsFiles) {
  const RunFolder first("train copy", path_);
  write_file_atomic(path_ / "train.jsonl", "{}\n");
  try {
    const RunFolder second("train copy", path_);
    FAIL() << "two runs in one folder";
  } catch (const Busy& e) {
    EXPECT_EQ(e.what(), concat("[train copy] ", path_.string(), " is being trained by another process"));
  }
  EXPECT_EQ(read_file(path_ / "train.jsonl"), "{}\n");
}

TEST_F(RunFolderTest, AFolderInWhichNothingWasBegunGoes) {
  { const RunFolder folder("train copy", path_); }
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(RunFolderTest, WhatWasMadeForTheModelBeforeTheFirstStateGoesToo) {
  {
    const RunFolder folder("train base", path_);
    write_file_atomic(folder.model() / "tokenizer" / "vocab.json", "{}");
  }
  EXPECT_FALSE(fs::exists(path_));
  {
    const RunFolder folder("train base", path_);
    write_file_atomic(folder.model() / "tokenizer" / "vocab.json", "{}");
    write_file_atomic(path_ / "state.safetensors", "s");
  }
  EXPECT_TRUE(fs::exists(path_ / "model" / "tokenizer" / "vocab.json"));
}

TEST_F(RunFolderTest, AFolderOfOtherFilesIsRefusedAndStays) {
  write_file_atomic(path_ / "diary.txt", "mine");
  EXPECT_THROW(RunFolder("train copy", path_), UsageError);
  EXPECT_EQ(read_file(path_ / "diary.txt"), "mine");
}

TEST_F(RunFolderTest, AnEndedRunTakesOnlyItsOwnFilesAway) {
  RunFolder folder("train copy", path_);
  write_file_atomic(path_ / "state.safetensors", "s");
  write_file_atomic(folder.model() / "config.json", "{}");
  write_file_atomic(path_ / "put-there-meanwhile.txt", "mine");
  folder.remove();
  EXPECT_EQ(std::distance(fs::directory_iterator(path_), fs::directory_iterator()), 1);
  fs::remove(path_ / "put-there-meanwhile.txt");
  folder.remove();
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(RunFolderTest, WhatAKilledRunLeftHalfWrittenGoes) {
  write_file_atomic(path_ / ".state.safetensors.4000001.tmp", "half");
  const RunFolder folder("train copy", path_);
  EXPECT_FALSE(fs::exists(path_ / ".state.safetensors.4000001.tmp"));
}

}  // namespace
}  // namespace vitrine::train
