// evaluate images on a tiny model with random weights and the tiny clothing set: what stands in metrics.json, and what is refused.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/file.h"
#include "base/json.h"
#include "e2e/program.h"

namespace vitrine::e2e {
namespace {

namespace fs = std::filesystem;

const fs::path kClothing = source_file("tests/data/clothing");
const std::string kModel = source_file("tests/data/sd_tiny/model").string();

/// One probe for all tests of the file, of the ten classes; it has hardly learned anything.
class EvaluateImagesTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!has_verb("train probe")) return;
    folder_ = new TemporaryFolder();
    for (const std::string split : {"train", "validation"}) {
      fs::create_directories(*folder_ / "set");
      fs::copy(kClothing / "validation", *folder_ / ("set/" + split), fs::copy_options::recursive);
    }
    const ProgramResult result = run_program({"train", "probe", *folder_ / "set", "--output", probe(), "--width", "32", "--height", "32", "--block-out-channels", "16,16",
                                              "--steps", "1", "--validation-steps", "1", "--batch-size", "4", "--threads", "1"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }
  void SetUp() override { VITRINE_NEEDS_VERB("evaluate images"); }

  static std::string probe() { return *folder_ / "probe"; }

  static ProgramResult evaluate(const std::string& set, const std::string& output, std::vector<std::string> more) {
    std::vector<std::string> args{"evaluate", "images", set, "--output", output, "--colours", "red", "--pictures", "2", "--attempts", "2", "--width", "32", "--height", "32",
                                  "--num-inference-steps", "2", "--language", "en", "--resamples", "20", "--dtype", "float32", "--threads", "1"};
    args.insert(args.end(), more.begin(), more.end());
    return run_program(args, {.timeout_s = 120});
  }

  static TemporaryFolder* folder_;
};
TemporaryFolder* EvaluateImagesTest::folder_ = nullptr;

TEST_F(EvaluateImagesTest, EveryMetricOfEveryModelIsThereWithItsInterval) {
  const std::string output = *folder_ / "out";
  const ProgramResult result = evaluate(kClothing.string(), output, {"--model", "base=" + kModel, "--model", "same=" + kModel, "--probe", probe()});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(files_below(output), (std::vector<std::string>{"metrics.json", "report.html", "vitrine.json"}));
  const Json metrics = read_json_file(fs::path(output) / "metrics.json");
  EXPECT_EQ(metrics["prompts"], 10);
  EXPECT_EQ(metrics["pictures_per_prompt"], 2);
  EXPECT_EQ(metrics["probe"]["n"], 60);
  ASSERT_EQ(metrics["models"].size(), 2u);
  const Json& model = metrics["models"][0];
  EXPECT_EQ(model["name"], "base");
  for (const char* column : {"category_accuracy", "colour_accuracy", "availability", "availability_after"}) {
    ASSERT_TRUE(model.contains(column)) << column;
    EXPECT_EQ(model[column]["n"], 20) << column;
    EXPECT_LE(model[column]["low"], model[column]["mean"]) << column;
    EXPECT_GE(model[column]["high"], model[column]["mean"]) << column;
    EXPECT_GE(model[column]["low"], 0) << column;
    EXPECT_LE(model[column]["high"], 1) << column;
  }
  EXPECT_TRUE(model["clip_score"].is_null());
  EXPECT_TRUE(model["judge_clip_score"].is_null());
  EXPECT_EQ(model["kid"]["n"], 20);
  EXPECT_EQ(model["kid"]["n_real"], 60);
  EXPECT_EQ(model["sha256"]["unet"].get<std::string>().size(), 64u);
  Json same = metrics["models"][1];
  same["name"] = "base";
  EXPECT_EQ(same, model) << "the same weights give the same pictures";
}

TEST_F(EvaluateImagesTest, DrawingRefusedPicturesAnewNeverLowersTheAvailability) {
  const std::string output = *folder_ / "resampled";
  ASSERT_EQ(evaluate(kClothing.string(), output, {"--model", kModel + "/", "--probe", probe()}).exit_code, 0);
  const Json model = read_json_file(fs::path(output) / "metrics.json")["models"][0];
  EXPECT_EQ(model["name"], "model");
  EXPECT_GE(model["availability_after"]["mean"], model["availability"]["mean"]);
  // Two attempts at most, the second for refused pictures alone.
  EXPECT_NEAR(model["mean_attempts"].get<double>(), 2 - model["availability"]["mean"].get<double>(), 1e-9);
  EXPECT_NE(read_file(fs::path(output) / "report.html").find("重抽后可用率"), std::string::npos);
}

TEST_F(EvaluateImagesTest, BadInputIsOneLine) {
  const std::string output = *folder_ / "none";
  EXPECT_TRUE(failed_with_one_line(evaluate((kClothing / "validation").string(), output, {"--model", kModel, "--probe", probe()}), 1, "validation"));
  const fs::path mugs = *folder_ / "mugs";
  fs::create_directories(mugs / "validation");
  fs::copy(kClothing / "validation/hat", mugs / "validation/mug");
  EXPECT_TRUE(failed_with_one_line(evaluate(mugs.string(), output, {"--model", kModel, "--probe", probe()}), 1, "class 'mug' is none of the probe's"));
  EXPECT_TRUE(failed_with_one_line(evaluate(kClothing.string(), output, {"--probe", probe()}), 2, "--model: missing"));
  EXPECT_TRUE(failed_with_one_line(evaluate(kClothing.string(), output, {"--model", kModel}), 2, "--probe: missing"));
  EXPECT_TRUE(failed_with_one_line(evaluate(kClothing.string(), output, {"--model", *folder_ / "nowhere", "--probe", probe()}), 1, "nowhere"));
  EXPECT_TRUE(failed_with_one_line(evaluate(kClothing.string(), output, {"--model", kModel, "--probe", probe(), "--colours", "loud"}), 2, "--colours: expected black, "));
  // The second of two models is looked at before the first one draws.
  const ProgramResult missing = evaluate(kClothing.string(), output, {"--model", "a=" + kModel, "--model", "b=" + (*folder_ / "nowhere"), "--probe", probe()});
  EXPECT_TRUE(failed_with_one_line(missing, 1, "nowhere"));
  EXPECT_EQ(std::count(missing.err.begin(), missing.err.end(), '\n'), 1) << missing.err;
  EXPECT_TRUE(failed_with_one_line(evaluate(kClothing.string(), output, {"--model", "a=" + kModel, "--model", "a=" + kModel, "--probe", probe()}), 2, "--model: two models are named a"));
  EXPECT_TRUE(failed_with_one_line(evaluate(kClothing.string(), output, {"--model", kModel, "--model", kModel + "/", "--probe", probe()}), 2, "--model: two models are named model"));
  EXPECT_TRUE(failed_with_one_line(evaluate(kClothing.string(), output, {"--model", "=" + kModel, "--probe", probe()}), 2, "--model: expected a name"));
  EXPECT_FALSE(fs::exists(output));
}

}  // namespace
}  // namespace vitrine::e2e
