// The real program: pictures of a tiny Stable Diffusion directory (tests/data/sd_tiny).
#include <gtest/gtest.h>

#include <algorithm>

#include <csignal>
#include <cstdlib>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "e2e/program.h"
#include "e2e/tiny_models.h"
#include "io/picture.h"
#include "io/safetensors.h"

namespace vitrine::e2e {
namespace {

namespace fs = std::filesystem;

/// While it is there, run_program starts the program in a terminal, whose screen is the standard output. Arguments have no spaces.
class ProgramInATerminal {
 public:
  explicit ProgramInATerminal(const std::string& script) {
    const char* other = std::getenv("VITRINE_PROGRAM");
    program_ = other != nullptr ? other : std::string(VITRINE_BINARY_DIR) + "/bin/vitrine";
    write_file_atomic(script, "#!/bin/sh\nexec /usr/bin/script -qec \"" + program_ + " $*\" /dev/null\n");
    fs::permissions(script, fs::perms::owner_all);
    was_set_ = other != nullptr;
    ::setenv("VITRINE_PROGRAM", script.c_str(), 1);
  }
  ~ProgramInATerminal() { was_set_ ? ::setenv("VITRINE_PROGRAM", program_.c_str(), 1) : ::unsetenv("VITRINE_PROGRAM"); }
  ProgramInATerminal(const ProgramInATerminal&) = delete;
  ProgramInATerminal& operator=(const ProgramInATerminal&) = delete;

  static bool can_be_made() { return fs::exists("/usr/bin/script"); }

 private:
  std::string program_;
  bool was_set_ = false;
};

/// The latents that a run saved, [C, h, w] of its first picture.
std::vector<float> latents_in(const std::string& path) {
  const io::SafetensorsFile file{fs::path(path)};
  return io::to_float32(*file.find("latents"));
}

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
  /// The tiny model with equal weights and another noise schedule.
  std::string model_of_other_noise() const {
    const fs::path model = folder_.path() / "other_noise/model";
    fs::create_directories(model.parent_path());
    fs::copy(source_file("tests/data/sd_tiny/model"), model, fs::copy_options::recursive);
    Json scheduler = read_json_file(model / "scheduler/scheduler_config.json");
    scheduler["beta_end"] = 0.02;
    write_file_atomic(model / "scheduler/scheduler_config.json", dump_pretty(scheduler));
    return model;
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

TEST_F(DrawE2e, APreviewIsShownInATerminalAloneAndChangesNoPicture) {
  const std::vector<std::string> args = {"--prompt", "dress", "-n", "2", "--num-inference-steps", "4", "--preview"};
  const auto redirected = draw("unseen", args);
  ASSERT_EQ(redirected.exit_code, 0) << redirected.err;
  EXPECT_EQ(redirected.err.find('\x1b'), std::string::npos) << "a file is no terminal";
  EXPECT_NE(redirected.err.find("--preview: standard error is no terminal"), std::string::npos) << redirected.err;
  const ProgramInATerminal terminal(folder_ / "in_a_terminal");
  if (!terminal.can_be_made()) GTEST_SKIP() << "no program `script` here";
  const auto shown = draw("seen", args);
  ASSERT_EQ(shown.exit_code, 0) << shown.out << shown.err;
  EXPECT_NE(shown.out.find("\x1b[48;2;"), std::string::npos);
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
  const auto pixels = [&](const std::string& output) { return io::read_picture(folder_ / output + "/pictures/000001-0.png").rgb; };
  EXPECT_TRUE(pixels("b") == pixels("c")) << "the noise is given, the seed has no say";
  EXPECT_FALSE(pixels("b") == pixels("out"));
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
  EXPECT_FALSE(picture("from1", "000001-0.png") == picture("from0.5", "000001-0.png"));

  io::Picture left = io::blank_picture(128, 128, {0, 0, 0});
  for (size_t i = 0; i < left.rgb.size(); ++i) left.rgb[i] = i / 3 % 128 < 64 ? 255 : 0;
  io::write_picture(folder_ / "left.png", left);
  for (const std::string prompt : {"hat", "coat"}) {
    const auto result = draw(prompt, {"--prompt", prompt, "-n", "1", "--image", image, "--mask", folder_ / "left.png", "--save-latents",
                                      folder_ / prompt + ".safetensors"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
  }
  // What is kept is kept in the latents, 2 pixels each; the VAE mixes neighbours.
  const std::vector<float> hat = latents_in(folder_ / "hat.safetensors"), coat = latents_in(folder_ / "coat.safetensors");
  ASSERT_EQ(hat.size(), 4u * 64 * 64);
  size_t kept = 0, painted = 0;
  for (size_t i = 0; i < hat.size(); ++i) (i % 64 < 32 ? painted : kept) += hat[i] != coat[i];
  EXPECT_EQ(kept, 0u) << "black: the same whatever the prompt";
  EXPECT_GT(painted, 4u * 64 * 32 / 2) << "white: painted by the prompt";

  io::write_picture(folder_ / "small.png", io::blank_picture(64, 64, {255, 255, 255}));
  EXPECT_TRUE(failed_with_one_line(draw("x", {"--prompt", "a hat", "--image", image, "--mask", folder_ / "small.png"}), 1,
                                   "small.png: expected the image's size, 128 x 128, got 64 x 64"));
}

TEST_F(DrawE2e, RecallRepeatsAPictureThatBeganWithAnImage) {
  io::write_picture(folder_ / "in.png", io::blank_picture(160, 160, {90, 20, 160}));
  io::write_picture(folder_ / "mask.png", io::blank_picture(160, 160, {255, 255, 255}));
  const std::vector<std::string> begin = {"--prompt", "hat", "-n", "1", "--image", folder_ / "in.png", "--mask", folder_ / "mask.png"};
  std::vector<std::string> args = begin;
  args.insert(args.end(), {"--scheduler", "euler", "--use-karras-sigmas", "--strength", "0.7", "--no-inspect"});
  ASSERT_EQ(draw("out", args).exit_code, 0);
  const auto result = run_program({"recall", folder_ / "out/pictures/000001-0.png", "--models", source_file("tests/data/sd_tiny").string()});
  const Json recalled = parse_json(result.out, "recall");
  EXPECT_EQ(recalled["strength"], 0.7);
  EXPECT_EQ(recalled["use_karras_sigmas"], true);
  EXPECT_EQ(recalled["dtype"], "float32");
  EXPECT_EQ(recalled["missing"], Json({concat("image in.png (sha256 ", sha256_file(folder_ / "in.png"), ")"),
                                       concat("mask mask.png (sha256 ", sha256_file(folder_ / "mask.png"), ")")}));
  for (const char* name : {"strength", "karras", "dtype", "vae_tiling", "image", "mask", "vae_sha256"}) EXPECT_FALSE(recalled["other"].contains(name)) << name;
  const std::string command = recalled["command"];
  EXPECT_NE(command.find(" --use-karras-sigmas --dtype float32 --vae-tiling "), std::string::npos) << command;
  EXPECT_NE(command.find(" --strength 0.7 --image ./in.png --mask ./mask.png --model "), std::string::npos) << command;
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
    std::vector<std::string> other = args;
    other.insert(other.end(), {"--model", model_of_other_noise()});
    EXPECT_TRUE(failed_with_one_line(draw("out", other), 1, "scheduler_sha256 was")) << "rows of two models never lie in one folder";
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
  const std::vector<std::pair<std::vector<std::string>, const char*>> wrong = {
      {{"--width", "64"}, "--width: expected at least 128, as a smaller picture holds no legible label, got 64"},
      {{"--lora", "F:abc"}, "--lora: expected FILE or FILE:weight, got 'F:abc'"},
      {{"--background", "mauve"}, "--background: expected a colour"},
      {{"--mask", "m.png"}, "--mask: expected --image with it"},
      {{"--strength", "0.5"}, "--strength: without effect without --image, got 0.5"},
      {{"--negative-prompt", "\xff"}, "--negative-prompt: expected valid UTF-8"},
      {{"--use-karras-sigmas", "--scheduler", "lcm"}, "--use-karras-sigmas: expected the scheduler euler or dpmpp_2m, got lcm"},
      {{"--use-karras-sigmas"}, "--use-karras-sigmas: expected the scheduler euler or dpmpp_2m, got the model's own, pndm"}};
  for (const auto& [options, message] : wrong) {
    std::vector<std::string> args = {"--prompt", "x"};
    args.insert(args.end(), options.begin(), options.end());
    EXPECT_TRUE(failed_with_one_line(draw("a", args), 2, message));
  }
  EXPECT_TRUE(failed_with_one_line(draw("a", {"--prompt", "\xff"}), 2, "--prompt: expected valid UTF-8"));
  EXPECT_TRUE(failed_with_one_line(draw("a", {"--prompt", "x", "--wording", "mine"}), 1, "mine"));
  EXPECT_TRUE(failed_with_one_line(run_program({"bench", "draw", "--width", "100"}), 2, "--width: expected a multiple of 8, got 100"));
  EXPECT_TRUE(failed_with_one_line(draw("a", {"--prompt", "x", "--num-inference-steps", "1000"}), 1,
                                   "steps_offset"));
  EXPECT_TRUE(failed_with_one_line(draw("a", {"--prompt", "x", "--width", "8192", "--height",
                                              "8192", "-n", "200", "--batch-size", "200"}),
                                   1, "MiB of memory"));
  write_file_atomic(folder_ / "taken/file", "mine");
  EXPECT_TRUE(failed_with_one_line(draw("taken", {"--prompt", "x"}), 2, "taken"));
  EXPECT_TRUE(failed_with_one_line(draw("taken/file/sub", {"--prompt", "x"}), 2, "taken/file, which is a file"));
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
