// vitrine check: verdicts out, bad rows named, exit codes.
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/json.h"
#include "e2e/program.h"

namespace vitrine::e2e {
namespace {
namespace fs = std::filesystem;

constexpr const char* kGood = R"({"id":"a","text":"这条裙子简约大方，穿着十分好看。","content":"类型#裙"})"
                              "\n";
constexpr const char* kBad = R"({"id":"b","text":"真丝的裙，全网最低。","content":"类型#裙"})"
                             "\n";

ProgramResult check(const std::string& rows, std::vector<std::string> options = {}) {
  std::vector<std::string> command{"check", "-", "--format", "jsonl"};
  command.insert(command.end(), options.begin(), options.end());
  return run_program(command, {.stdin_text = rows});
}

TEST(CheckE2e, GivesOneVerdictARowInOrderFromStandardInput) {
  const auto result = check(std::string(kBad) + kGood);
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const auto out = lines(result.out);
  ASSERT_EQ(out.size(), 2u);
  const Json first = parse_json(out[0], "line"), second = parse_json(out[1], "line");
  EXPECT_EQ(first["text_id"], "b");
  EXPECT_EQ(first["verdict"], "block");
  EXPECT_EQ(second["text_id"], "a");
  EXPECT_NE(second["verdict"], "block");
  EXPECT_EQ(check(std::string(kBad) + kGood, {"--threads", "1"}).out, result.out);
}

TEST(CheckE2e, FailOnGivesExitCode1FromItsLevelOn) {
  EXPECT_EQ(check(kBad, {"--fail-on", "block"}).exit_code, 1);
  EXPECT_EQ(check(kBad, {"--fail-on", "warn"}).exit_code, 1);
  EXPECT_EQ(check(kGood, {"--fail-on", "block"}).exit_code, 0);
  EXPECT_EQ(check(kGood, {"--fail-on", "soon"}).exit_code, 2);
}

TEST(CheckE2e, FixWritesTheNewTextAndItsSteps) {
  const auto result = check(R"({"text":"这条裙子穿着好看。裙长90cm，十分飘逸。","content":"类型#裙*裙长#95cm"})", {"--fix"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const Json fixed = parse_json(lines(result.out).at(0), "line")["fixed"];
  EXPECT_NE(fixed["text"].get<std::string>().find("95cm"), std::string::npos) << result.out;
  EXPECT_EQ(fixed["steps"][0]["rule_id"], "NUM-2");
}

TEST(CheckE2e, TheTableIsForPeople) {
  const auto result = run_program({"check", "-", "--format", "table"}, {.stdin_text = kBad});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_NE(result.out.find("【全网最低】"), std::string::npos) << result.out;
  EXPECT_EQ(result.out.find('\033'), std::string::npos);
}

TEST(CheckE2e, ARowThatCannotBeCheckedIsNamedByRowFieldAndValue) {
  struct Row {
    std::string row;
    const char *field, *value;
  };
  const Row rows[] = {{"not JSON", "not JSON", "row 2"},
                      {"[1]", "expected an object", "array"},
                      {R"({"id":"x"})", "field text", "neither"},
                      {R"({"text":7})", "field text", "got 7"},
                      {R"({"text":["很长的中文很长的中文很长的中文很长的中文很长的中文很长的中文很长的中文"]})", "field text", "很长的中文"},
                      {R"({"text":"裙","content":7})", "field content", "got 7"},
                      {R"({"text":"裙","product":7})", "field product", "7"},
                      {R"({"text":"裙","product_id":"p9"})", "field product_id", "'p9'"},
                      {R"({"text":"\ud800"})", "not JSON", "row 2"},
                      {"{\"text\":\"裙\xff\"}", "not JSON", "row 2"}};
  for (const Row& bad : rows) {
    TemporaryFolder folder;
    const auto result = check(kGood + bad.row + "\n" + kBad, {"--rejects", folder / "rejects.jsonl"});
    EXPECT_EQ(result.exit_code, 3) << bad.row << result.err;
    EXPECT_EQ(lines(result.out).size(), 2u) << bad.row;
    EXPECT_NE(result.err.find("row 2"), std::string::npos) << result.err;
    EXPECT_NE(result.err.find(bad.field), std::string::npos) << bad.row << "\n" << result.err;
    EXPECT_NE(result.err.find(bad.value), std::string::npos) << bad.row << "\n" << result.err;
    const auto rejects = lines(read_file(folder / "rejects.jsonl"));
    ASSERT_EQ(rejects.size(), 1u);
    EXPECT_EQ(parse_json(rejects[0], "reject")["row"], 2);
  }
}

TEST(CheckE2e, AnIdThatTheEvidenceLacksIsRejected) {
  TemporaryFolder folder;
  write_file_atomic(folder / "products.jsonl", R"({"id":"p1","content":"类型#裙*材质#真丝"})"
                                               "\n");
  const auto result = check(R"({"id":"p1","text":"真丝的裙子。"})"
                            "\n"
                            R"({"id":"p2","text":"真丝的裙子。"})"
                            "\n",
                            {"--evidence", folder / "products.jsonl", "--rejects", folder / "rejects.jsonl"});
  EXPECT_EQ(result.exit_code, 3);
  ASSERT_EQ(lines(result.out).size(), 1u) << result.out;
  EXPECT_EQ(parse_json(lines(result.out)[0], "line")["claims"][0]["support"], "entailed");
  EXPECT_NE(result.err.find("row 2, field id: expected a product of --evidence, got 'p2'"), std::string::npos) << result.err;
  EXPECT_EQ(parse_json(lines(read_file(folder / "rejects.jsonl"))[0], "reject")["column"], "id");
}

TEST(CheckE2e, ALineOfFiveMebibytesIsTooLargeAndTheNextIsChecked) {
  TemporaryFolder folder;
  write_file_atomic(folder / "texts.jsonl", R"({"text":")" + std::string(5u << 20, 'a') + "\"}\n" + kGood);
  const auto result = run_program({"check", folder / "texts.jsonl", "--format", "jsonl", "--rejects", folder / "rejects.jsonl"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(lines(result.out).size(), 1u);
  EXPECT_EQ(parse_json(lines(read_file(folder / "rejects.jsonl"))[0], "reject")["code"], "TOO_LARGE");
}

TEST(CheckE2e, ATextOfOneMegabyteIsChecked) {
  std::string text;
  while (text.size() < 1000000) text += "这条裙子透气5cm，";
  EXPECT_EQ(check(R"({"text":")" + text + "\"}\n", {"--fail-on", "block"}).exit_code, 1);
}

TEST(CheckE2e, WhatIsMissingOrUnknownIsWrongUsageOrOneLine) {
  EXPECT_EQ(run_program({"check"}).exit_code, 2);
  EXPECT_TRUE(failed_with_one_line(run_program({"check", "/nowhere/t.jsonl"}), 1, "/nowhere/t.jsonl"));
  EXPECT_TRUE(failed_with_one_line(check(""), 1, "EMPTY_FILE"));
  const auto platform = check(kGood, {"--platform", "ebay"});
  EXPECT_TRUE(failed_with_one_line(platform, 2, "--platform"));
  EXPECT_NE(platform.err.find("taobao"), std::string::npos) << platform.err;
  EXPECT_NE(platform.err.find("ebay"), std::string::npos) << platform.err;
  EXPECT_EQ(check(kGood, {"--raise", "CLM-MAT"}).exit_code, 1);
}

TEST(CheckE2e, NothingIsHalfWrittenWhenTheOutputCannotBe) {
  const auto full = run_program({"check", "-", "--format", "jsonl"}, {.stdin_text = kGood, .stdout_file = "/dev/full"});
  EXPECT_EQ(full.exit_code, 1) << full.err;
  TemporaryFolder folder;
  const auto result = check(std::string(), {"--output", folder / "out.jsonl"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(files_below(folder.path()), std::vector<std::string>{});
}

TEST(CheckE2e, ABrokenRuleFileIsOneLineThatNamesIt) {
  TemporaryFolder folder;
  fs::copy(source_file("rules"), folder.path() / "rules", fs::copy_options::recursive);
  const fs::path file = folder.path() / "rules/checks/material.tsv";
  write_file_atomic(file, read_file(file) + "某棉\tmaterial\tfatal\n");
  ::setenv("VITRINE_HOME", folder.path().c_str(), 1);
  const auto result = check(kGood);
  ::unsetenv("VITRINE_HOME");
  EXPECT_TRUE(failed_with_one_line(result, 1, "material.tsv line"));
  EXPECT_NE(result.err.find("fatal"), std::string::npos) << result.err;
}

TEST(CheckE2e, ATableIsRefusedInOneLineThatSaysWhatToDo) {
  TemporaryFolder folder;
  write_file_atomic(folder / "shop.csv", "id,text\n1,好看的裙子。\n2,简约的裤子。\n");
  EXPECT_TRUE(failed_with_one_line(run_program({"check", folder / "shop.csv"}), 2, "`vitrine import` makes lines of it"));
}

}  // namespace
}  // namespace vitrine::e2e
