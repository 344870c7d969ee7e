// The real program: pictures of a tiny Stable Diffusion directory (tests/data/sd_tiny).
#include <gtest/gtest.h>

#include <algorithm>

#include <csignal>
#include <cstdlib>

#include "base/file.h"
#include "base/json.h"
#include "e2e/program.h"
#include "e2e/tiny_models.h"
#include "io/picture.h"

namespace vitrine::e2e {
namespace {

namespace fs = std::filesystem;

/// Runs with a log of labels of its own.
class DrawE2e : public testing::Test {
 protected:
  DrawE2e() {
    ::setenv("XDG_CONFIG_HOME", (folder_ / "config").c_str(), 1);
    ::setenv("XDG_STATE_HOME", (folder_ / "state").c_str(), 1);
    ::unsetenv("VITRINE_PRODUCER");
  }
  ~DrawE2e() override {
    ::unsetenv("XDG_CONFIG_HOME");
    ::unsetenv("XDG_STATE_HOME");
  }
  void SetUp() override { VITRINE_NEEDS_VERB("draw"); }

  /// `draw` of the tiny model into a folder of that name, with further options.
  ProgramResult draw(const std::string& output, std::vector<std::string> more,
                     const RunOptions& options = {}) const {
    std::vector<std::string> args = {"draw",
                                     "--model",
                                     source_file("tests/data/sd_tiny/model").string(),
                                     "--width",
                                     "128",
                                     "--height",
                                     "128",
                                     "--num-inference-steps",
                                     "3",
                                     "--attempts",
                                     "1",
                                     "--threads",
                                     "1",
                                     "--output",
                                     folder_ / output};
    for (const std::string& given : more) {  // what a test gives stands for the value above
      const auto found = std::find(args.begin(), args.end(), given);
      if (found != args.end() && given.starts_with("--")) args.erase(found, found + 2);
    }
    args.insert(args.end(), more.begin(), more.end());
    return run_program(args, options);
  }
  std::vector<Json> candidates(const std::string& output) const {
    std::vector<Json> rows;
    for (const std::string& line : lines(read_file(folder_ / output + "/candidates.jsonl")))
      rows.push_back(parse_json(line, "candidates.jsonl"));
    return rows;
  }
  std::string picture(const std::string& output, const std::string& name) const {
    return read_file(folder_ / output + "/pictures/" + name);
  }
  Json totals(const std::string& output) const {
    return read_json_file(folder_ / output + "/vitrine.json")["inspection"]["totals"];
  }
  /// A classifier of two classes that has hardly learned anything.
  std::string probe() const {
    for (const std::string split : {"train", "validation"})
      for (const std::string label : {"dress", "hat"})
        io::write_picture(folder_ / "set/" + split + "/" + label + "/0.png",
                          io::blank_picture(32, 32, {200, label == "hat" ? uint8_t{0} : uint8_t{200}, 40}));
    const auto trained = run_program({"train", "probe", folder_ / "set", "--output", folder_ / "probe", "--width", "32",
                                      "--height", "32", "--block-out-channels", "16,16", "--steps", "1",
                                      "--validation-steps", "1", "--batch-size", "2", "--threads", "1"});
    EXPECT_EQ(trained.exit_code, 0) << trained.err;
    return folder_ / "probe";
  }
  std::string products() const {
    const std::string path = folder_ / "products.jsonl";
    write_file_atomic(
        path,
        "{\"id\":\"p1\",\"attributes\":[{\"key_raw\":\"类型\",\"val_raw\":\"裙\"}]}\n"
        "{\"id\":\"p2\",\"attributes\":[{\"key_raw\":\"颜色\",\"val_raw\":\"红色\"}]}\n");
    return path;
  }

  TemporaryFolder folder_;
};

TEST_F(DrawE2e, APromptGivesPicturesCandidatesSheetAndManifest) {
  const auto result = draw("out", {"--prompt", "a red dress", "-n", "2"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(files_below(folder_.path() / "out"),
            (std::vector<std::string>{"candidates.jsonl", "pictures/000001-0.png",
                                      "pictures/000001-1.png", "sheet.png", "vitrine.json"}));
  const Json row = candidates("out").front();
  EXPECT_EQ(row["prompt"], "a red dress");
  ASSERT_EQ(row["candidates"].size(), 2u);
  EXPECT_EQ(row["candidates"][1]["file"], "pictures/000001-1.png");
  EXPECT_EQ(row["candidates"][1]["index"], 1);
  EXPECT_EQ(read_json_file(folder_ / "out/vitrine.json")["kind"], "drawn pictures");
  EXPECT_FALSE(fs::exists(folder_ / "out.parts"));
}

TEST_F(DrawE2e, APreviewIsShownOnTheWayAndWritesNoFile) {
  const auto result = draw("seen", {"--prompt", "a red dress", "-n", "2", "--num-inference-steps", "4", "--preview"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_NE(result.err.find("\x1b[48;2;"), std::string::npos);
  EXPECT_EQ(draw("unseen", {"--prompt", "a red dress", "-n", "2", "--num-inference-steps", "4"}).err.find("\x1b[48;2;"), std::string::npos);
  EXPECT_EQ(picture("seen", "000001-1.png"), picture("unseen", "000001-1.png"));
}

TEST_F(DrawE2e, TheSameCommandGivesTheSamePicturesAndOneMoreChangesNone) {
  ASSERT_EQ(draw("two", {"--prompt", "a red dress", "-n", "2"}).exit_code, 0);
  ASSERT_EQ(draw("three", {"--prompt", "a red dress", "-n", "3"}).exit_code, 0);
  ASSERT_EQ(draw("other", {"--prompt", "a red dress", "-n", "2", "--seed", "1"}).exit_code, 0);
  for (const std::string name : {"000001-0.png", "000001-1.png"}) {
    EXPECT_TRUE(picture("two", name) == picture("three", name)) << name;
    EXPECT_FALSE(picture("two", name) == picture("other", name)) << name;
  }
  EXPECT_FALSE(picture("two", "000001-0.png") == picture("two", "000001-1.png"));
}

TEST_F(DrawE2e, LatentsThatWereSavedAreThoseOfARunThatBeginsWithTheSameNoise) {
  ASSERT_EQ(draw("out", {"--prompt", "a red dress", "-n", "1", "--save-latents",
                         folder_ / "a.safetensors"})
                .exit_code,
            0);
  // The final latents are as good as any noise to begin with.
  const std::vector<std::string> again = {"--prompt", "a red dress", "-n",
                                          "1",        "--latents",   folder_ / "a.safetensors"};
  ASSERT_EQ(draw("b", again).exit_code, 0);
  std::vector<std::string> other_seed = again;
  other_seed.insert(other_seed.end(), {"--seed", "5"});
  ASSERT_EQ(draw("c", other_seed).exit_code, 0);
  EXPECT_EQ(candidates("b")[0]["candidates"].size(), candidates("c")[0]["candidates"].size());
  const auto refused =
      draw("d", {"--prompt", "a red dress", "-n", "2", "--latents", folder_ / "a.safetensors"});
  EXPECT_TRUE(failed_with_one_line(refused, 1, "expected [2, 4, 64, 64], got [1, 4, 64, 64]"));
}

TEST_F(DrawE2e, EveryProductIsARowAndARejectedOneIsSaid) {
  const auto result = draw("out", {products(), "-n", "1"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const auto rows = candidates("out");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0]["id"], "p1");
  EXPECT_EQ(rows[0]["prompt"], "dress");
  EXPECT_EQ(rows[1]["prompt"], "red");
  EXPECT_EQ(rows[0]["asked"], (Json{{"classes", {"dress", "skirt"}}, {"colour", nullptr}}));
  EXPECT_EQ(rows[1]["asked"]["colour"], "red");
  EXPECT_NE(rows[0]["seed"], rows[1]["seed"]);
  const std::string broken = folder_ / "broken.jsonl";
  write_file_atomic(broken, read_file(products()) + "{\"id\":\n");
  const auto rejected = draw("rejected", {broken, "-n", "1"});
  EXPECT_EQ(rejected.exit_code, 3) << rejected.err;
  ASSERT_EQ(candidates("rejected").size(), 3u);
  EXPECT_TRUE(candidates("rejected")[2]["candidates"].empty());
}

TEST_F(DrawE2e, AnImageAndAMaskKeepWhatIsNotMasked) {
  ASSERT_EQ(draw("first", {"--prompt", "a red dress", "-n", "1"}).exit_code, 0);
  const std::string image = folder_ / "first/pictures/000001-0.png";
  for (const std::string strength : {"1", "0.5"}) {
    const auto result = draw("from" + strength, {"--prompt", "a hat", "-n", "1", "--image", image,
                                                 "--strength", strength});
    EXPECT_EQ(result.exit_code, 0) << result.err;
  }
  EXPECT_EQ(
      draw("masked", {"--prompt", "a hat", "-n", "1", "--image", image, "--mask", image}).exit_code,
      0);
  EXPECT_TRUE(failed_with_one_line(draw("x", {"--prompt", "a hat", "--mask", image}), 1,
                                   "mask: expected --image"));
}

TEST_F(DrawE2e, CtrlCKeepsFinishedRowsAndTheSameCommandGoesOn) {
  const std::vector<std::string> args = {products(), "-n", "1"};
  const RunOptions interrupt{.signal_once_there = folder_ / "out.parts/000000.done",
                             .signal = SIGINT};
  const auto stopped = draw("out", args, interrupt);
  if (stopped.exit_code != 0) {  // the second row may be done as soon
    EXPECT_EQ(stopped.exit_code, 130) << stopped.err;
    EXPECT_FALSE(fs::exists(folder_ / "out"));
    EXPECT_TRUE(fs::exists(folder_ / "out.parts/pictures/000001-0.png"));
    ASSERT_EQ(draw("out", args).exit_code, 0);
  }
  ASSERT_EQ(draw("whole", args).exit_code, 0);
  for (const std::string name : {"000001-0.png", "000002-0.png"})
    EXPECT_TRUE(picture("out", name) == picture("whole", name)) << name;
  EXPECT_EQ(totals("out"), totals("whole"));
  EXPECT_FALSE(fs::exists(folder_ / "out.parts"));
}

TEST_F(DrawE2e, CtrlCBeforeTheFirstPictureLeavesNothing) {
  const auto stopped = draw("out", {"--prompt", "a red dress", "--num-inference-steps", "900"},
                            {.interrupt_after_ms = 3000});
  EXPECT_EQ(stopped.exit_code, 130) << stopped.err;
  EXPECT_FALSE(fs::exists(folder_ / "out"));
  EXPECT_FALSE(fs::exists(folder_ / "out.parts"));
}

/// Limits that every picture keeps.
const std::vector<std::string> kNoLimits = {"--least-spread", "0", "--least-detail", "0", "--most-border", "1",
                                            "--least-coverage", "0", "--most-coverage", "1", "--least-class-probability", "0",
                                            "--least-colour-share", "0", "--most-text-rows", "1000", "--clip", "none"};

std::vector<std::string> with_no_limits(std::vector<std::string> args) {
  args.insert(args.end(), kNoLimits.begin(), kNoLimits.end());
  return args;
}

TEST_F(DrawE2e, AcceptedPicturesAreThoseOfARunWithoutInspection) {
  const auto result = draw("out", with_no_limits({"--prompt", "a red dress", "-n", "2", "--attempts", "3", "--probe", "none"}));
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_NE(result.err.find("可用率（首次）   100.0 %  (2/2)"), std::string::npos) << result.err;
  EXPECT_EQ(result.err.find("未通过质检"), std::string::npos) << result.err;
  const Json row = candidates("out").front();
  EXPECT_EQ(row["asked"], (Json{{"classes", {"dress"}}, {"colour", "red"}}));
  EXPECT_EQ(row["candidates"][0]["attempts"], 1);
  EXPECT_EQ(row["candidates"][0]["accepted"], true);
  EXPECT_EQ(row["candidates"][0]["seed"], row["seed"]);
  ASSERT_EQ(draw("plain", {"--prompt", "a red dress", "-n", "2", "--no-inspect"}).exit_code, 0);
  const Json plain = candidates("plain").front()["candidates"][0];
  EXPECT_EQ(plain["size_label"], "concept");
  EXPECT_FALSE(plain.contains("accepted"));
  EXPECT_FALSE(read_json_file(folder_ / "plain/vitrine.json").contains("inspection"));
  for (const std::string name : {"/pictures/000001-0.png", "/pictures/000001-1.png"})
    EXPECT_EQ(io::read_picture(folder_ / "out" + name).rgb, io::read_picture(folder_ / "plain" + name).rgb) << name;
}

TEST_F(DrawE2e, WhatAProbeRefusesIsDrawnAnewUpToTheLimitAndMarked) {
  auto args = with_no_limits({"--prompt", "a red dress", "-n", "2", "--attempts", "3", "--probe", probe()});
  *(std::find(args.begin(), args.end(), "--least-class-probability") + 1) = "1";  // no classifier is so sure
  const auto result = draw("out", args);
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_NE(result.err.find("未通过质检 2/2: pictures that were not accepted within 3 attempts"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("品类不符 wrong_category：首次 2，留用 2"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("概念图 2 缩略图 0 可上架 0"), std::string::npos) << result.err;
  for (const Json& candidate : candidates("out").front()["candidates"]) {
    EXPECT_EQ(candidate["attempts"], 3);
    EXPECT_EQ(candidate["accepted"], false);
    EXPECT_EQ(candidate["defects"][0]["defect"], "wrong_category");
    EXPECT_EQ(candidate["size_label"], "concept");
  }
  EXPECT_EQ(totals("out")["availability_after"], 0);
  EXPECT_EQ(totals("out")["mean_attempts"], 3);
  EXPECT_EQ(read_json_file(folder_ / "out/vitrine.json")["inspection"]["judges"]["probe"]["model"], "probe");
  const auto verified = run_program({"verify", folder_ / "out/pictures/000001-0.png"});
  EXPECT_NE(verified.out.find("\"size_label\":\"concept\""), std::string::npos) << verified.out;
}

TEST_F(DrawE2e, AClipJudgesTheClassToo) {
  auto args = with_no_limits({"--prompt", "a red dress", "-n", "1", "--probe", "none"});
  *(std::find(args.begin(), args.end(), "--least-class-probability") + 1) = "1";
  *(std::find(args.begin(), args.end(), "--clip") + 1) = tiny_clip(folder_);
  const auto result = draw("out", args);
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const Json defect = candidates("out").front()["candidates"][0]["defects"][0];
  EXPECT_EQ(defect["defect"], "wrong_category");
  EXPECT_GT(defect["value"], 0);
  EXPECT_LT(defect["value"], 1);
  EXPECT_EQ(read_json_file(folder_ / "out/vitrine.json")["inspection"]["judges"]["clip"]["sha256"].get<std::string>().size(), 64u);
}

TEST_F(DrawE2e, AResampledPictureIsRecalledAndDrawnAgain) {
  Json kept = {{"kept_attempt", 1}};
  std::string file;
  for (int seed = 0; seed < 8 && kept["kept_attempt"] == 1; ++seed) {
    const std::string output = "out" + std::to_string(seed);
    ASSERT_EQ(draw(output, {"--prompt", "a red dress", "-n", "2", "--attempts", "4", "--probe", "none", "--clip", "none", "--seed", std::to_string(seed),
                            "--least-spread", "100"})
                  .exit_code,
              0);
    kept = candidates(output).front()["candidates"][1];
    file = folder_ / output + "/pictures/000001-1.png";
  }
  ASSERT_GT(kept["kept_attempt"], 1) << "no seed whose best attempt is a later one";
  const Json recalled = parse_json(run_program({"recall", file, "--no-check-models"}).out, "recall");
  EXPECT_EQ(recalled["seed"], kept["seed"]);
  EXPECT_EQ(recalled["size_label"], "concept");
  ASSERT_EQ(draw("again", {"--prompt", recalled["prompt"], "-n", std::to_string(recalled["index"].get<int>() + 1), "--seed",
                           std::to_string(recalled["seed"].get<uint64_t>()), "--no-inspect"})
                .exit_code,
            0);
  EXPECT_EQ(io::read_picture(file).rgb, io::read_picture(folder_ / "again/pictures/000001-1.png").rgb);
}

TEST_F(DrawE2e, WrongUseOfTheInspectionIsOneLine) {
  EXPECT_TRUE(failed_with_one_line(draw("a", {"--prompt", "x", "--attempts", "0"}), 2, "--attempts"));
  EXPECT_TRUE(failed_with_one_line(draw("a", {"--prompt", "x", "--probe", folder_ / "nowhere"}), 1, "nowhere"));
  EXPECT_TRUE(failed_with_one_line(draw("a", {"--prompt", "x", "--clip", folder_ / "nowhere"}), 1, "nowhere"));
  EXPECT_TRUE(failed_with_one_line(draw("a", {"--prompt", "x", "--probe", folder_.path().string()}), 1, "config.json"));
  EXPECT_TRUE(failed_with_one_line(draw("a", {"--prompt", "x", "--no-inspect", "--probe", folder_.path().string()}), 2, "--probe: without effect"));
  EXPECT_FALSE(fs::exists(folder_ / "a"));
}

TEST_F(DrawE2e, WrongUsageIsSaidBeforeAnyWork) {
  EXPECT_TRUE(failed_with_one_line(draw("a", {"--prompt", "x", "--width", "130"}), 2,
                                   "--width: expected a multiple of 8, got 130"));
  EXPECT_TRUE(failed_with_one_line(draw("a", {}), 2, "PRODUCTS: missing"));
  EXPECT_TRUE(failed_with_one_line(draw("a", {products(), "--prompt", "x"}), 2, "expected one of"));
  EXPECT_TRUE(failed_with_one_line(draw("a", {products(), "--save-latents", folder_ / "l"}), 2,
                                   "--save-latents"));
  EXPECT_TRUE(
      failed_with_one_line(draw("a", {"--prompt", "x", "--scheduler", "heun"}), 2, "--scheduler"));
  EXPECT_TRUE(
      failed_with_one_line(draw("a", {"--prompt", "x", "--width", "64"}), 1, "no legible label"));
  EXPECT_TRUE(failed_with_one_line(draw("a", {"--prompt", "x", "--num-inference-steps", "1000"}), 1,
                                   "steps_offset"));
  EXPECT_TRUE(failed_with_one_line(draw("a", {"--prompt", "x", "--width", "8192", "--height",
                                              "8192", "-n", "200", "--batch-size", "200"}),
                                   1, "MiB of memory"));
  write_file_atomic(folder_ / "taken/file", "mine");
  EXPECT_TRUE(failed_with_one_line(draw("taken", {"--prompt", "x"}), 2, "taken"));
}

TEST_F(DrawE2e, SettingsInForceArePrinted) {
  const auto result = run_program({"draw", "--scheduler", "lcm", "--print-config"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const Json settings = parse_json(result.out, "stdout");
  EXPECT_EQ(settings["scheduler"], "lcm");
  EXPECT_EQ(settings["num_images_per_prompt"], 4);
}

}  // namespace
}  // namespace vitrine::e2e
