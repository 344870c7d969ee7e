// score clip on a tiny Chinese-CLIP and real photographs.
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "e2e/program.h"

namespace vitrine::e2e {
namespace {
namespace fs = std::filesystem;

/// The tiny model with a vocabulary of its 40 tokens.
std::string tiny_clip(const TemporaryFolder& folder, int num_tokens = 40) {
  fs::copy(source_file("tests/data/clip_tiny/chinese"), folder / "clip");
  std::string vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n红\n色\n的\n裙\n子\n";
  for (int i = 10; i < num_tokens; ++i) vocabulary += concat("w", i, "\n");
  write_file_atomic(folder / "clip/vocab.txt", vocabulary);
  return folder / "clip";
}

/// Rows of photographs of the test set, which lie below `pictures` in the folder.
std::string pairs(const TemporaryFolder& folder, const std::vector<std::string>& texts) {
  fs::copy(source_file("tests/data/clothing/validation/dress"), folder / "pictures");
  const auto names = files_below(folder / "pictures");
  std::string lines;
  for (size_t i = 0; i < texts.size(); ++i) lines += dump_line({{"image", "pictures/" + names[i % names.size()]}, {"text", texts[i]}}) + "\n";
  write_file_atomic(folder / "pairs.jsonl", lines);
  return folder / "pairs.jsonl";
}

TEST(ScoreClipE2e, EveryPairGetsAScoreThatDependsOnItAlone) {
  VITRINE_NEEDS_VERB("score clip");
  TemporaryFolder folder;
  const std::string rows = pairs(folder, {"红色的裙子", "裙", "红色的裙子", "色色色"}), model = tiny_clip(folder);
  const auto all = run_program({"score", "clip", rows, "--model", model, "--threads", "1"});
  ASSERT_EQ(all.exit_code, 0) << all.err;
  ASSERT_EQ(lines(all.out).size(), 4u);
  std::string alone;
  for (const std::string& row : lines(read_file(rows))) {
    const auto one = run_program({"score", "clip", "-", "--model", model, "--threads", "1"}, {.stdin_text = row + "\n", .working_folder = folder.path()});
    ASSERT_EQ(one.exit_code, 0) << one.err;
    alone += one.out;
  }
  for (size_t i = 0; i < 4; ++i) {
    const Json row = parse_json(lines(all.out)[i], "all");
    EXPECT_EQ(row["id"], i + 1);
    EXPECT_GE(row["score"].get<double>(), 0);
    EXPECT_LE(row["score"].get<double>(), 100);
    EXPECT_NEAR(row["score"].get<double>(), parse_json(lines(alone)[i], "alone")["score"].get<double>(), 1e-3);
  }
}

TEST(ScoreClipE2e, APictureThatCannotBeReadIsSkippedAndListed) {
  VITRINE_NEEDS_VERB("score clip");
  TemporaryFolder folder;
  const std::string rows = pairs(folder, {"裙"}), model = tiny_clip(folder);
  write_file_atomic(folder / "broken.jpg", "no picture");
  const std::string good = read_file(rows);
  write_file_atomic(rows, concat(R"({"image":"missing.jpg","text":"裙"})", "\n", R"({"image":"broken.jpg","text":"裙"})", "\n", R"({"text":"裙"})", "\n", good));
  const auto result = run_program({"score", "clip", rows, "--model", model, "--rejects", folder / "rejects.jsonl"});
  EXPECT_EQ(result.exit_code, 3) << result.err;
  EXPECT_EQ(lines(result.out).size(), 1u);
  const std::string rejects = read_file(folder / "rejects.jsonl");
  EXPECT_NE(result.err.find("missing.jpg"), std::string::npos) << result.err;  // the list holds the first 80 characters
  EXPECT_NE(rejects.find("IMG_UNREADABLE"), std::string::npos) << rejects;
  EXPECT_NE(rejects.find("image: "), std::string::npos) << rejects;
}

TEST(ScoreClipE2e, ATokenizerOfAnotherModelIsRefused) {
  VITRINE_NEEDS_VERB("score clip");
  TemporaryFolder folder;
  const std::string rows = pairs(folder, {"裙"}), model = tiny_clip(folder, 41);
  const auto result = run_program({"score", "clip", rows, "--model", model});
  EXPECT_TRUE(failed_with_one_line(result, 1, "TOK_MISMATCH"));
}

}  // namespace
}  // namespace vitrine::e2e
