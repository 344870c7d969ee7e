// vitrine convert preferences, as a trainer of models uses it: there and back, bad rows, files that
// say nothing.
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/json.h"
#include "e2e/program.h"

namespace vitrine::e2e {
namespace {

constexpr const char* kLists =
    R"({"product_id":"p1","prompt":"类型#裙","candidates":["甲","乙","丙"],"order":[2,[0,1]],"source":"pick","weight":0.5})"
    "\n"
    R"({"product_id":"p1","prompt":"类型#裙","candidates":["甲","乙"],"order":[],"source":"pick","weight":1.0})"
    "\n";

TEST(ConvertE2e, ListsComeBackFromTrlAndLlamaFactoryByteForByte) {
  TemporaryFolder folder;
  write_file_atomic(folder / "own.jsonl", kLists);
  for (const auto& [format, name] :
       {std::pair{"trl", "rows.jsonl.gz"}, std::pair{"llama-factory", "rows.json"}}) {
    const auto there = run_program({"convert", "preferences", folder / "own.jsonl", "--to", format,
                                    "--output", folder / name});
    EXPECT_EQ(there.exit_code, 0) << there.err;
    const auto back = run_program({"convert", "preferences", folder / name, "--to", "own"});
    EXPECT_EQ(back.exit_code, 0) << back.err;
    EXPECT_EQ(back.out, kLists);
  }
  EXPECT_EQ(parse_json(read_file(folder / "dataset_info.json"), "info")["rows"]["ranking"], true);
}

TEST(ConvertE2e, AManifestHasTheHashOfEachListBeforeAndAfter) {
  TemporaryFolder folder;
  write_file_atomic(folder / "own.jsonl", kLists);
  for (const auto& [format, name] :
       {std::pair{"trl", "rows.jsonl.gz"}, std::pair{"llama-factory", "rows.json"}}) {
    const auto result = run_program({"convert", "preferences", folder / "own.jsonl", "--to", format,
                                     "--output", folder / name, "--manifest", folder / "m.jsonl"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    const auto manifest = lines(read_file(folder / "m.jsonl"));
    ASSERT_EQ(manifest.size(), 3u);
    EXPECT_EQ(parse_json(manifest[0], "head")["sources"]["pick"], 2);
    for (size_t i = 1; i < manifest.size(); ++i) {
      const Json line = parse_json(manifest[i], "line");
      EXPECT_EQ(line["before_sha256"].get<std::string>().size(), 64u);
      EXPECT_EQ(line["after_sha256"], line["before_sha256"]) << format;
    }
    EXPECT_EQ(parse_json(manifest[1], "line")["pairs"], 2);
    EXPECT_EQ(parse_json(manifest[2], "line")["pairs"], 0);
  }
  const auto nowhere = run_program({"convert", "preferences", folder / "own.jsonl", "--to", "trl",
                                    "--manifest", folder / "none.jsonl"});
  EXPECT_TRUE(failed_with_one_line(nowhere, 2, "--manifest"));
}

/// The first text is one that the checks block.
constexpr const char* kBlockedLists =
    R"({"product_id":"p1","prompt":"类型#裙","candidates":["全网第一的裙子，绝对最好！","这条裙子很好搭配。"],"order":[0,1],"source":"human","weight":1.0})"
    "\n"
    R"({"product_id":"p2","prompt":"类型#裙","candidates":["全网第一的裙子，绝对最好！","这条裙子很好搭配。"],"order":[1,0],"source":"pick","weight":1.0,"model_sha256":"ab12"})"
    "\n";

TEST(ConvertE2e, ATextThatTheChecksBlockIsNeverWhatOthersLearn) {
  TemporaryFolder folder;
  write_file_atomic(folder / "own.jsonl", kBlockedLists);
  const auto result = run_program({"convert", "preferences", folder / "own.jsonl", "--to", "trl", "--output", folder / "trl.jsonl", "--manifest", folder / "m.jsonl", "--rejects", folder / "r.jsonl", "--model", "copy-mini"});
  EXPECT_EQ(result.exit_code, 3) << result.err;
  const auto rejects = lines(read_file(folder / "r.jsonl"));
  ASSERT_EQ(rejects.size(), 1u);
  const Json reject = parse_json(rejects[0], "reject");
  EXPECT_EQ(reject["code"], "CHOSEN_BLOCKED");
  EXPECT_EQ(reject["row"], 1);
  EXPECT_EQ(reject["column"], "order");
  const auto rows = lines(read_file(folder / "trl.jsonl"));
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(parse_json(rows[0], "row")["chosen"], "这条裙子很好搭配。");
  const auto manifest = lines(read_file(folder / "m.jsonl"));
  ASSERT_EQ(manifest.size(), 2u);
  const Json head = parse_json(manifest[0], "head"), line = parse_json(manifest[1], "line");
  EXPECT_EQ(head["held_back"], 1);
  EXPECT_EQ(head["ai_generated"], "1");
  EXPECT_EQ(head["model"], "copy-mini");
  EXPECT_EQ(line["model"], "ab12");
  EXPECT_EQ(line["blocked"], Json::array({0}));
}

TEST(ConvertE2e, AListThatPrefersABlockedTextLeavesMarkedWhenItIsAskedFor) {
  TemporaryFolder folder;
  write_file_atomic(folder / "own.jsonl", kBlockedLists);
  const auto result = run_program({"convert", "preferences", folder / "own.jsonl", "--to", "llama-factory", "--output", folder / "rows.json", "--manifest", folder / "m.jsonl", "--keep-blocked"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const auto manifest = lines(read_file(folder / "m.jsonl"));
  ASSERT_EQ(manifest.size(), 3u);
  EXPECT_EQ(parse_json(manifest[0], "head")["prefers_blocked"], 1);
  EXPECT_EQ(parse_json(manifest[0], "head")["ai_generated"], "2");
  EXPECT_EQ(parse_json(manifest[1], "line")["prefers_blocked"], true);
  EXPECT_EQ(parse_json(manifest[2], "line")["prefers_blocked"], false);
  EXPECT_EQ(run_program({"convert", "preferences", folder / "rows.json", "--to", "own"}).out, kBlockedLists);
}

TEST(ConvertE2e, BadRowsAreListedAndTheOthersWritten) {
  TemporaryFolder folder;
  write_file_atomic(folder / "trl.jsonl",
                    "{\"prompt\":\"q\",\"chosen\":\"a\",\"rejected\":\"a\"}\n{\"prompt\":\"q\","
                    "\"chosen\":\"a\",\"rejected\":\"b\"}\n");
  const auto result = run_program({"convert", "preferences", folder / "trl.jsonl", "--to", "own",
                                   "--rejects", folder / "rejects.jsonl"});
  EXPECT_EQ(result.exit_code, 3) << result.err;
  EXPECT_EQ(lines(result.out).size(), 1u);
  const Json reject = parse_json(lines(read_file(folder / "rejects.jsonl")).at(0), "reject");
  EXPECT_EQ(reject["code"], "PAIR_EQUAL");
  EXPECT_EQ(reject["row"], 1);
  EXPECT_EQ(reject["column"], "rejected");
}

TEST(ConvertE2e, MixedKindsAreOneLineThatNamesTheRow) {
  TemporaryFolder folder;
  write_file_atomic(folder / "mixed.jsonl",
                    "{\"prompt\":\"q\",\"chosen\":\"a\",\"rejected\":\"b\"}\n{\"prompt\":\"q\","
                    "\"completion\":\"a\",\"label\":true}\n");
  const auto result = run_program({"convert", "preferences", folder / "mixed.jsonl", "--to", "own",
                                   "--output", folder / "own.jsonl"});
  EXPECT_TRUE(failed_with_one_line(result, 1, "row 2"));
  EXPECT_TRUE(failed_with_one_line(result, 1, "MIXED_KINDS"));
  EXPECT_EQ(files_below(folder.path()), std::vector<std::string>{"mixed.jsonl"});
}

TEST(ConvertE2e, WrongUsageIsSaidBeforeAnyWork) {
  TemporaryFolder folder;
  write_file_atomic(folder / "own.jsonl", kLists);
  EXPECT_TRUE(failed_with_one_line(run_program({"convert", "preferences", folder / "own.jsonl"}), 2,
                                   "--to"));
  EXPECT_TRUE(failed_with_one_line(run_program({"convert", "preferences", folder / "own.jsonl",
                                                "--to", "own", "--output", folder / "own.jsonl"}),
                                   2, "--output"));
  EXPECT_TRUE(failed_with_one_line(
      run_program({"convert", "preferences", folder / "own.jsonl", "--to", "llama-factory"}), 2,
      "LLaMA-Factory"));
  EXPECT_TRUE(failed_with_one_line(run_program({"convert", "weights"}), 2, "convert preferences"));
}

}  // namespace
}  // namespace vitrine::e2e
