// The three objectives of a text encoder, rounds of reward, and the report that sets them beside each other, by the program.
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/json.h"
#include "e2e/tiny_picture_model.h"

namespace vitrine::e2e {
namespace {

namespace fs = std::filesystem;

class PictureObjectivesTest : public TinyPictureModel {
 protected:
  static void SetUpTestSuite() {
    TinyPictureModel::SetUpTestSuite();
    if (!has_verb("train base")) return;
    run({"train", "clip", data(), "--output", clip(), "--image-size", "32", "--patch-size", "8", "--vision-width", "32", "--vision-layers", "1", "--text-width", "32",
         "--text-layers", "1", "--vocab-size", "600", "--attention-head-size", "16", "--steps", "2", "--validation-steps", "2", "--batch-size", "4"});
    run({"train", "probe", data(), "--output", probe(), "--width", "32", "--height", "32", "--block-out-channels", "16,32", "--steps", "4", "--batch-size", "4",
         "--validation-steps", "4"});
  }

  static fs::path clip() { return root() / "clip"; }
  static fs::path probe() { return root() / "probe"; }
  static std::vector<std::string> reward_options() {
    return {"--clip", clip(), "--probe", probe(), "--prompts-per-round", "3", "--pictures-per-prompt", "2", "--held-out-prompts", "4"};
  }
  static std::vector<std::string> align_options(const std::string& output) {
    std::vector<std::string> args{"align", "images", data(), "--model", root() / "sd", "--output", output, "--validation-steps", "2", "--batch-size", "2", "--steps", "2",
                                  "--sample-steps", "1", "--width", "32", "--height", "32", "--language", "en", "--save-dtype", "float32", "--rounds", "2"};
    for (const std::string& option : reward_options()) args.push_back(option);
    return args;
  }

  static void tune_text(const std::string& output, std::vector<std::string> more, int exit_code = 0) {
    more.insert(more.end(), {"--language", "en", "--save-dtype", "float32", "--warmup-steps", "0", "--learning-rate", "0.001"});
    tune("text-encoder", data(), output, more, exit_code);
  }
  static void expect_only_the_text_encoder_changed(const fs::path& tuned) {
    EXPECT_EQ(hash(tuned, "unet"), hash(root() / "sd", "unet"));
    EXPECT_EQ(hash(tuned, "vae"), hash(root() / "sd", "vae"));
    EXPECT_NE(hash(tuned, "text_encoder"), hash(root() / "sd", "text_encoder"));
  }
  /// Two runs of the objective, one of which is stopped after its first step, give the same text encoder.
  static void expect_exact_resume(const std::string& name, std::vector<std::string> options) {
    tune_text(root() / (name + "-whole"), options);
    std::vector<std::string> stopped = options;
    stopped.insert(stopped.end(), {"--max-steps", "1"});
    tune_text(root() / (name + "-parts"), stopped, 130);
    EXPECT_FALSE(fs::exists(root() / (name + "-parts")));
    tune_text(root() / (name + "-parts"), options);
    EXPECT_EQ(hash(root() / (name + "-parts"), "text_encoder"), hash(root() / (name + "-whole"), "text_encoder"));
  }
};

TEST_F(PictureObjectivesTest, ContrastiveLearnsAgainstThePictureSideOfAClipAndGoesOnExactly) {
  expect_exact_resume("contrastive", {"--objective", "contrastive", "--clip", clip(), "--contrastive-batch-size", "4"});
  const fs::path tuned = root() / "contrastive-whole";
  expect_only_the_text_encoder_changed(tuned);
  EXPECT_TRUE(fs::exists(tuned / "text_projection.safetensors"));
  const Json after = read_json_file(tuned / "vitrine.json")["metrics"]["after"];
  for (const char* measure : {"validation loss", "diffusion loss", "contrastive loss", "R@1 caption to picture", "likeness to the base (cosine)"}) {
    EXPECT_TRUE(after.contains(measure)) << measure;
  }
}

TEST_F(PictureObjectivesTest, RewardLearnsFromTheBestOfTheModelsOwnPicturesAndGoesOnExactly) {
  std::vector<std::string> options = reward_options();
  options.insert(options.end(), {"--objective", "reward", "--real-share", "0.25"});
  expect_exact_resume("reward", options);
  const fs::path tuned = root() / "reward-whole";
  expect_only_the_text_encoder_changed(tuned);
  const Json reward = read_json_file(tuned / "vitrine.json")["reward"];
  EXPECT_EQ(reward["prompts"], 3);
  EXPECT_EQ(reward["pictures"], 6);
  for (const char* part : {"clip_score", "category_probability", "colour_share"}) EXPECT_TRUE(reward["best"][part].is_number()) << part;
}

TEST_F(PictureObjectivesTest, TheClassifierAloneIsAJudge) {
  tune_text(root() / "probe-only", {"--objective", "reward", "--probe", probe(), "--prompts-per-round", "2", "--pictures-per-prompt", "2", "--held-out-prompts", "4", "--real-share", "0"});
  const Json reward = read_json_file(root() / "probe-only" / "vitrine.json")["reward"];
  EXPECT_TRUE(reward["best"]["clip_score"].is_null());
  EXPECT_GE(reward["best"]["category_probability"].get<double>() + reward["best"]["colour_share"].get<double>(),
            reward["drawn"]["category_probability"].get<double>() + reward["drawn"]["colour_share"].get<double>() - 0.5);
}

TEST_F(PictureObjectivesTest, RoundsGoOnBehindTheFinishedOnes) {
  const fs::path output = root() / "aligned";
  std::vector<std::string> stopped = align_options(output);
  stopped.insert(stopped.end(), {"--max-steps", "1"});
  EXPECT_EQ(run_program(stopped, {.timeout_s = 200}).exit_code, 130);
  EXPECT_FALSE(fs::exists(output));
  EXPECT_TRUE(fs::exists(root() / "aligned.run" / "stages" / "measure-0.json"));
  run(align_options(output));
  EXPECT_FALSE(fs::exists(root() / "aligned.run"));
  for (const char* round : {"round-1", "round-2"}) expect_only_the_text_encoder_changed(output / round);
  EXPECT_NE(hash(output / "round-1", "text_encoder"), hash(output / "round-2", "text_encoder"));
  const Json report = read_json_file(output / "report.json");
  ASSERT_EQ(report["models"].size(), 3u);
  EXPECT_EQ(report["prompts"].size(), 4u);
  EXPECT_NEAR(report["models"][0]["likeness_to_base"].get<double>(), 1, 1e-6);
  for (const char* column : {"reward", "gain", "clip_score", "category_probability", "colour_share"}) {
    EXPECT_TRUE(report["models"][2][column]["low"].is_number()) << column;
  }
  EXPECT_NE(read_file(output / "report.html").find("round-2"), std::string::npos);
  run(align_options(root() / "aligned-whole"));
  EXPECT_EQ(hash(root() / "aligned-whole" / "round-2", "text_encoder"), hash(output / "round-2", "text_encoder"));
}

TEST_F(PictureObjectivesTest, OneReportSetsModelsAndAdaptersBesideEachOther) {
  tune_text(root() / "diffusion", {});
  tune("lora", data(), root() / "lora", {"--language", "en", "--parts", "both", "--rank", "2"});
  const fs::path sd = root() / "sd", output = root() / "evaluation";
  run({"evaluate", "images", data(), "--output", output, "--probe", probe(), "--clip", clip(), "--language", "en", "--colours", "red,blue", "--pictures", "2", "--width", "32",
       "--height", "32", "--num-inference-steps", "1", "--resamples", "20", "--model", "base=" + sd.string(), "--model", "diffusion=" + (root() / "diffusion").string(),
       "--model", "lora=" + sd.string() + "+" + (root() / "lora" / "lora.safetensors").string()});
  const Json models = read_json_file(output / "metrics.json")["models"];
  ASSERT_EQ(models.size(), 3u);
  for (const Json& model : models) {
    EXPECT_EQ(model["retrieval"]["prompts"], 4);
    EXPECT_EQ(model["retrieval"]["pictures"], 8);
    for (const char* direction : {"caption_to_picture", "picture_to_caption"}) EXPECT_LE(model["retrieval"][direction]["r1"], model["retrieval"][direction]["r5"]);
    EXPECT_EQ(model["retrieval"]["picture_to_caption"]["r5"], 1) << "there are four prompts";
    EXPECT_TRUE(model["colour_accuracy"]["mean"].is_number());
  }
  EXPECT_NEAR(models[0]["likeness_to_first"].get<double>(), 1, 1e-6);
  EXPECT_LT(models[1]["likeness_to_first"].get<double>(), 1);
  EXPECT_LT(models[2]["likeness_to_first"].get<double>(), 1 + 1e-6);
  EXPECT_NE(read_file(output / "report.html").find("R@1/5/10"), std::string::npos);
}

TEST_F(PictureObjectivesTest, BadInputGetsOneLine) {
  const fs::path sd = root() / "sd", x = root() / "x";
  int exit_code = 0;
  const auto error_of = [&](std::vector<std::string> more) {
    std::vector<std::string> args{"train", "text-encoder", data(), "--model", sd, "--output", x, "--width", "32", "--height", "32"};
    args.insert(args.end(), more.begin(), more.end());
    const ProgramResult result = run_program(args);
    EXPECT_NE(result.exit_code, 0);
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
    exit_code = result.exit_code;
    return result.err;
  };
  const auto usage_of = [&](std::vector<std::string> more) {
    const std::string error = error_of(std::move(more));
    EXPECT_EQ(exit_code, 2) << error;
    return error;
  };
  EXPECT_NE(usage_of({"--objective", "contrastive"}).find("--clip: objective contrastive"), std::string::npos);
  EXPECT_NE(usage_of({"--objective", "reward"}).find("--clip, --probe: objective reward needs a judge"), std::string::npos);
  EXPECT_NE(usage_of({"--objective", "guess"}).find("guess"), std::string::npos);
  EXPECT_NE(usage_of({"--clip", clip()}).find("--clip: has no say with objective diffusion"), std::string::npos);
  EXPECT_NE(usage_of({"--objective", "contrastive", "--clip", clip(), "--probe", probe()}).find("--probe: has no say with objective contrastive"), std::string::npos);
  EXPECT_NE(error_of({"--objective", "contrastive", "--clip", probe()}).find("vitrine_probe"), std::string::npos);
  EXPECT_NE(error_of({"--objective", "contrastive", "--clip", root() / "nowhere"}).find("nowhere"), std::string::npos);
  EXPECT_NE(error_of({"--objective", "reward", "--probe", clip()}).find("vitrine_probe"), std::string::npos);
  EXPECT_NE(error_of({"--objective", "reward", "--clip", clip(), "--held-out-prompts", "1000"}).find("pool of prompts is empty"), std::string::npos);
  EXPECT_NE(error_of({"--objective", "reward", "--probe", probe(), "--reward-prompts", "a thing"}).find("pool of prompts is empty"), std::string::npos);
  EXPECT_FALSE(fs::exists(x));
}

}  // namespace
}  // namespace vitrine::e2e
