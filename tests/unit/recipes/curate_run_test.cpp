#include "recipes/curate_run.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "base/file.h"

namespace vitrine::recipes {
namespace {

namespace fs = std::filesystem;

class CurateRunTest : public testing::Test {
 protected:
  CurateRunTest() {
    fs::remove_all(folder_);
    write_file_atomic(input_, R"({"content":"类型#裙*裙领型#圆领","summary":"这款连衣裙采用简约的圆领设计，显得优雅大方。宽松的版型不挑身材，穿着十分舒适自在，搭配小白鞋很好看。"}
not json
{"content":"类型#裙","summary":"很短的裙。"}
)");
    config_.output = (folder_ / "out").string();
  }
  fs::path folder_ = fs::path(testing::TempDir()) / ("curate_run_test_" + std::to_string(::getpid()));
  std::string input_ = (folder_ / "rows.jsonl").string();
  CurateRunConfig config_;
};

TEST_F(CurateRunTest, TheFunnelStartsWithTheRowsOfTheFile) {
  const std::vector<std::string> files = {input_};
  const CuratedSet set = curate_files(files, config_);
  EXPECT_EQ(set.filters[0].filter, "import");
  EXPECT_EQ(set.filters[0].rows_in, 3);
  EXPECT_EQ(set.filters[0].dropped, 1);
  EXPECT_EQ(set.filters[1].rows_in, 2);
  EXPECT_EQ(set.kept.size(), 1U);
}

TEST_F(CurateRunTest, TheFolderHoldsEveryRowOnce) {
  const std::vector<std::string> files = {input_};
  curate_files(files, config_);
  const fs::path out = config_.output;
  const auto lines = [&](const char* name) {
    const std::string text = read_file(out / name);
    return std::count(text.begin(), text.end(), '\n');
  };
  EXPECT_EQ(lines("kept.jsonl"), 1);
  EXPECT_EQ(lines("rejects.jsonl"), 2);
  EXPECT_EQ(read_json_file(out / "funnel.json").size(), 10U);
  EXPECT_EQ(read_json_file(out / "vitrine.json")["inputs"][0]["rows"], 3);
  EXPECT_TRUE(fs::exists(out / "funnel.html"));
}

TEST_F(CurateRunTest, WithoutOutputNothingIsRead) {
  config_.output.clear();
  const std::vector<std::string> files = {"not-there.jsonl"};
  EXPECT_THROW(curate_files(files, config_), UsageError);
}

}  // namespace
}  // namespace vitrine::recipes
