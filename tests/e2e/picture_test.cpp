// The real program on pictures: labels, their proof, settings out of a file, an export by
// agreement, bad input.
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/file.h"
#include "base/json.h"
#include "e2e/program.h"

namespace vitrine::e2e {
namespace {

namespace fs = std::filesystem;

/// Runs with settings and log of its own.
class PictureE2e : public testing::Test {
 protected:
  PictureE2e() {
    ::setenv("XDG_CONFIG_HOME", (folder_ / "config").c_str(), 1);
    ::setenv("XDG_STATE_HOME", (folder_ / "state").c_str(), 1);
    ::setenv("VITRINE_PRODUCER", "91310000X", 1);
  }
  ~PictureE2e() override {
    for (const char* name : {"XDG_CONFIG_HOME", "XDG_STATE_HOME", "VITRINE_PRODUCER"})
      ::unsetenv(name);
  }
  static std::string golden(const std::string& name) {
    return source_file("tests/data/golden/" + name).string();
  }
  std::string label(const std::string& input, const std::string& name) {
    const auto result = run_program({"label", input, "--output", folder_ / name});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return folder_ / name;
  }
  Json one_line(const ProgramResult& result) {
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return parse_json(result.out, "stdout");
  }
  TemporaryFolder folder_;
};

TEST_F(PictureE2e, PicturesAndTextsAreProvedTogether) {
  write_file_atomic(folder_ / "in.txt", "好看。\n");
  std::vector<std::string> label_args{"label"}, verify{"verify"};
  for (const char* name : {"large.png", "large.jpg", "large.webp"}) {
    label_args.push_back(golden(std::string("pictures/") + name));
    verify.push_back(folder_ / (std::string("out/") + name));
  }
  label_args.insert(label_args.end(), {"--output", folder_ / "out/"});
  const auto labelled = run_program(label_args);
  ASSERT_EQ(labelled.exit_code, 0) << labelled.err;
  EXPECT_NE(labelled.err.find("已标识 3 张"), std::string::npos) << labelled.err;
  ASSERT_EQ(run_program({"label", "text", folder_ / "in.txt", "--output", folder_ / "out/in.txt"})
                .exit_code,
            0);
  verify.push_back(folder_ / "out/in.txt");
  const auto verified = run_program(verify);
  EXPECT_EQ(verified.exit_code, 0) << verified.out;
  EXPECT_NE(verified.err.find("4/4"), std::string::npos) << verified.err;
  ASSERT_EQ(lines(verified.out).size(), 4u);
  const Json png = parse_json(lines(verified.out)[0], "stdout");
  EXPECT_EQ(png.at("explicit_checks").at("similarity"), 1.0);
  EXPECT_EQ(run_program({"label", "log", "--verify"}).exit_code, 0);
  EXPECT_EQ(run_program({"verify", golden("pictures/large.png")}).exit_code, 3)
      << "the unlabelled input";
}

TEST_F(PictureE2e, NoWayLeadsFromALabelledPictureToAnUnlabelledOne) {
  const std::string labelled = label(golden("pictures/large.png"), "a.png");
  const std::vector<std::vector<std::string>> ways = {{},
                                                      {"--as-propagator"},
                                                      {"--wording", "人工智能生成"},
                                                      {"--source", "composite"},
                                                      {"--quality", "1"},
                                                      {"--may-grow"}};
  for (const auto& way : ways) {
    for (const char* name : {"b.png", "b.jpg", "b.webp"}) {
      fs::remove(folder_ / name);
      std::vector<std::string> args{"label", labelled, "--output", folder_ / name};
      args.insert(args.end(), way.begin(), way.end());
      const bool done = run_program(args).exit_code == 0;
      EXPECT_EQ(done, std::string_view(name) == "b.png");
      EXPECT_EQ(fs::exists(folder_ / name), done);
      if (done) {
        EXPECT_EQ(run_program({"verify", folder_ / name}).exit_code, 0) << name;
      }
    }
  }
  for (const char* verb : {"label", "verify", "recall"}) {
    const std::string help = run_program({verb, "--help"}).out;
    for (const char* word : {"remove", "strip", "erase", "--no-explicit", "--no-implicit",
                             "--no-label", "without-label", "hide", "去除", "删除"})
      EXPECT_EQ(help.find(word), std::string::npos) << verb << ": " << word;
  }
}

TEST_F(PictureE2e, BadPicturesAreRefusedInOneLine) {
  const std::vector<std::pair<const char*, const char*>> bad = {
      {"empty.png", "EMPTY_FILE"},
      {"truncated.jpg", "IMG_UNREADABLE"},
      {"megapixels64.png", "8000 x 8000 = 64000000 pixels, the limit is 50000000"},
      {"text.jpg", "IMG_UNREADABLE"},
      {"rgb.png", "LBL_TOO_SMALL"}};
  for (const auto& [name, what] : bad) {
    const auto input = golden(std::string("pictures/") + name);
    EXPECT_TRUE(failed_with_one_line(run_program({"label", input, "--output", folder_ / "out.png"}),
                                     1, what))
        << name;
  }
  const auto animated =
      run_program({"label", golden("pictures/animated.gif"), "--output", folder_ / "x.gif"});
  EXPECT_TRUE(failed_with_one_line(animated, 1, "IMG_FORMAT"));
  EXPECT_TRUE(
      failed_with_one_line(run_program({"label", "/nowhere/a.png", "--output", folder_ / "x.png"}),
                           1, "/nowhere/a.png"));
  const auto some =
      run_program({"label", golden("pictures/large.png"), golden("pictures/truncated.png"),
                   "--output", folder_ / "out/", "--rejects", folder_ / "rejects.jsonl"});
  EXPECT_EQ(some.exit_code, 3) << some.err;
  EXPECT_EQ(lines(read_file(folder_ / "rejects.jsonl")).size(), 1u);
  const auto verified = run_program(
      {"verify", golden("pictures/truncated.png"), golden("pictures/empty.png"), "/nowhere/a.png"});
  EXPECT_EQ(verified.exit_code, 3);
  ASSERT_EQ(lines(verified.out).size(), 3u) << verified.out;
  const char* const reasons[] = {"IMG_UNREADABLE", "EMPTY_FILE", "No such file"};
  for (size_t i = 0; i < 3; ++i)
    EXPECT_NE(lines(verified.out)[i].find(reasons[i]), std::string::npos) << verified.out;
  EXPECT_NE(run_program({"verify", "/nowhere/any"}).out.find("no such file"), std::string::npos);
}

TEST_F(PictureE2e, LabelSettingsBeginAFileThatIsNotThereYet) {
  const std::string file = folder_ / "new/labels.json";
  const Json stored = one_line(run_program({"label", "settings", "--set-producer", "Shop", "--settings", file}));
  EXPECT_EQ(stored.at("producer"), "Shop");
  EXPECT_EQ(read_json_file(file).at("producer"), "Shop");
  EXPECT_TRUE(failed_with_one_line(run_program({"label", "settings", "--settings", folder_ / "typo.json"}), 1, "typo.json"));
}

TEST_F(PictureE2e, WrongUsageIsNamed) {
  const std::string input = golden("pictures/large.png");
  EXPECT_TRUE(failed_with_one_line(run_program({"label", input}), 2, "--output"));
  EXPECT_TRUE(failed_with_one_line(
      run_program({"label", input, input, "--output", folder_ / "x.png"}), 2, "need a folder"));
  EXPECT_TRUE(failed_with_one_line(
      run_program({"label", input, "--output", folder_ / "x.png", "--quality", "0"}), 2,
      "--quality"));
  EXPECT_TRUE(failed_with_one_line(run_program({"label", "txet"}), 2, "unknown verb 'label txet'"));
  EXPECT_TRUE(failed_with_one_line(run_program({"verify", "txet"}), 2, "or files"));
  EXPECT_TRUE(failed_with_one_line(run_program({"verify"}), 2, "of what?"));
  EXPECT_TRUE(failed_with_one_line(run_program({"recall"}), 2, "FILES"));
}

TEST_F(PictureE2e, RecallPrintsSettingsAndTheCommand) {
  const auto one = run_program({"recall", golden("picture_metadata/a1111.jpg")});
  const Json settings = one_line(one);
  EXPECT_EQ(settings.at("prompt"), "一条红色的裙子, studio light\nsecond line");
  EXPECT_EQ(settings.at("scheduler"), "euler_a");
  EXPECT_NE(one.err.find("vitrine draw --prompt"), std::string::npos) << one.err;
  EXPECT_NE(one.err.find("6ce0161689"), std::string::npos) << one.err;
  const auto two =
      run_program({"recall", golden("picture_metadata/comfyui.png"), golden("pictures/rgb.png")});
  EXPECT_EQ(two.exit_code, 3);
  EXPECT_EQ(lines(two.out).size(), 1u);
  const auto some = run_program({"recall", golden("pictures/text.jpg"), golden("picture_metadata/comfyui.png"),
                                 golden("pictures/truncated.png"), "/nowhere/a.png"});
  EXPECT_EQ(some.exit_code, 3) << some.err;
  EXPECT_EQ(lines(some.out).size(), 1u) << "one bad file does not hide the others";
  for (const char* name : {"text.jpg", "truncated.png", "/nowhere/a.png"}) EXPECT_NE(some.err.find(name), std::string::npos) << some.err;
  EXPECT_TRUE(failed_with_one_line(run_program({"recall", golden("pictures/rgb.png")}), 1,
                                   "RECALL_NOTHING"));
}

TEST_F(PictureE2e, AnExportByAgreementLeavesFromTheMaster) {
  const std::string master = golden("pictures/large.png");
  EXPECT_TRUE(failed_with_one_line(
      run_program({"label", "request", master, "--purpose", "线下印刷"}), 1, "LBL_NO_MASTER"));
  label(master, "a.png");
  EXPECT_TRUE(failed_with_one_line(
      run_program({"label", "request", folder_ / "a.png", "--purpose", "线下印刷"}), 1,
      "LBL_NO_MASTER"));
  const std::string id =
      one_line(run_program({"label", "request", master, "--purpose", "线下印刷", "--who", "zhang"}))
          .at("request");
  EXPECT_TRUE(
      failed_with_one_line(run_program({"label", "export", id, "--output", folder_ / "out.jpg"}), 1,
                           "expected state approved"));
  const std::string agreement = run_program({"label", "agreement"}).out;
  const std::string version = agreement.substr(agreement.rfind(": ") + 2, 64);
  ASSERT_EQ(run_program({"label", "agree", id, "--accept", version}).exit_code, 0);
  ASSERT_EQ(run_program({"label", "approve", id, "--reason", "ok", "--who", "li"}).exit_code, 0);
  EXPECT_EQ(
      one_line(run_program({"label", "export", id, "--output", folder_ / "out.jpg"})).at("state"),
      "exported");
  EXPECT_EQ(one_line(run_program({"verify", folder_ / "out.jpg"})).at("explicit"), "by_agreement");
  EXPECT_EQ(
      run_program({"verify", folder_ / "out.jpg", "--log", folder_ / "other.jsonl"}).exit_code, 3);
}

}  // namespace
}  // namespace vitrine::e2e
