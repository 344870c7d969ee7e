// Wrong usage, as a person makes it: every mistake is one line that names what was typed, and exit code 2.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/file.h"
#include "base/json.h"
#include "e2e/program.h"

namespace vitrine::e2e {
namespace {

constexpr const char* kDress = "类型#裙*版型#显瘦*风格#简约*裙长#连衣裙";

/// `write` for one product without a model, with more arguments.
ProgramResult write(std::vector<std::string> more) {
  std::vector<std::string> args{"write", "--attributes", kDress, "--baseline", "template", "-n", "1", "--format", "jsonl"};
  args.insert(args.end(), more.begin(), more.end());
  return run_program(args);
}

testing::AssertionResult is_usage_error(const ProgramResult& result, std::string_view named) {
  const bool good = result.exit_code == 2 && result.out.empty() && result.err.starts_with("error: ") &&
                    std::count(result.err.begin(), result.err.end(), '\n') == 1 && result.err.find(named) != std::string::npos;
  if (good) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "expected one line with '" << named << "' and exit code 2, got " << result.exit_code << ":\n" << result.err;
}

TEST(UsageE2e, UnknownVerbsAreNamedAndPlannedOnesAreToldApart) {
  EXPECT_TRUE(is_usage_error(run_program({"foo"}), "unknown verb 'foo'; there are: import, points"));
  EXPECT_TRUE(is_usage_error(run_program({"score", "foo"}), "unknown verb 'score foo'; there is: score copy, ranker"));
  EXPECT_TRUE(is_usage_error(run_program({"launch", "x"}), "'launch' does not exist yet"));
  EXPECT_TRUE(is_usage_error(run_program({"curate", "foo"}), "unknown verb 'curate foo'; there is: curate copy, images"));
  EXPECT_TRUE(is_usage_error(run_program({"curate"}), "curate copy"));
  EXPECT_TRUE(is_usage_error(run_program({"import", "x", "--strict=maybe"}), "strict was given a disallowed flag override"));
}

TEST(UsageE2e, HelpListsTheVerbsOfBothPrograms) {
  const auto help = run_program({"--help"});
  for (const char* verb : {"import", "points", "curate", "train", "write", "score", "evaluate", "bench"}) {
    EXPECT_NE(help.out.find(std::string("\n  ") + verb + " "), std::string::npos) << verb << help.out;
  }
}

TEST(UsageE2e, TheVerbsOfTheOtherProgramPrintTheirOwnHelp) {
  EXPECT_NE(run_program({"bench", "--help"}).out.find("\n  write "), std::string::npos);
  EXPECT_NE(run_program({"bench", "--help"}).out.find("\n  train "), std::string::npos);
  VITRINE_NEEDS_VERB("train copy");
  EXPECT_NE(run_program({"train", "--help"}).out.find("copy"), std::string::npos);
  EXPECT_NE(run_program({"bench", "train", "--help"}).out.find("--batch"), std::string::npos);
}

TEST(UsageE2e, ValuesOutOfRangeNameTheOptionAsTyped) {
  EXPECT_TRUE(is_usage_error(write({"--top-p", "2"}), "error: --top-p: expected 0.01 to 1, got 2 (see vitrine write --help)"));
  EXPECT_TRUE(is_usage_error(write({"--length", "5"}), "--length: expected 20 to 2000, got 5"));
  for (const char* value : {"-1", "nan", "inf", "x", "1x", ""}) EXPECT_TRUE(is_usage_error(write({"--temperature", value}), "--temperature: expected 0 to 10"));
  EXPECT_TRUE(is_usage_error(write({"--top-k", "-1"}), "--top-k"));
  EXPECT_TRUE(is_usage_error(write({"--dtype", "float64"}), "--dtype: expected auto, float32, float16, bfloat16, int8 or int4"));
  EXPECT_TRUE(is_usage_error(write({"--style", "amazon"}), "--style: expected taobao"));
  EXPECT_TRUE(is_usage_error(write({"--quiet", "--log-level", "foo"}), "--log-level"));
  EXPECT_TRUE(is_usage_error(write({"--foo"}), "--foo"));
  EXPECT_TRUE(is_usage_error(run_program({"bench", "write", "--batch", "1,x"}), "--batch: expected 1 to 65536, got x"));
  EXPECT_TRUE(is_usage_error(run_program({"bench", "serve", "--users", "0"}), "--users: expected 1 to 48, got 0"));
  EXPECT_TRUE(is_usage_error(run_program({"import"}), "FILES: missing"));
}

TEST(UsageE2e, IntegersAreDecimalAndNeitherOctalNorClamped) {
  EXPECT_TRUE(is_usage_error(write({"--seed", "99999999999999999999"}), "--seed: expected -9223372036854775808 to 9223372036854775807"));
  for (const char* value : {"0x10", "1e3", "1.5", "+1", " 1"}) EXPECT_TRUE(is_usage_error(write({"--seed", value}), "--seed: expected a whole number"));
  const auto result = run_program({"write", "--seed", "010", "--print-config"});
  EXPECT_EQ(parse_json(result.out, "settings")["seed"], 10);
}

TEST(UsageE2e, AListTakesOneArgumentAndLeavesTheFiles) {
  TemporaryFolder folder;
  write_file_atomic(folder / "p.jsonl", "{\"id\":\"p1\",\"content\":\"类型#裙*颜色#黑色*风格#简约\"}\n");
  for (const char* option : {"--pin", "--order", "--keywords"}) {
    const auto result = run_program({"write", "--baseline", "template", "-n", "1", "--format", "jsonl", option, "颜色,风格", folder / "p.jsonl"});
    ASSERT_EQ(result.exit_code, 0) << option << result.err;
    EXPECT_EQ(parse_json(result.out, "line")["id"], "p1");
  }
  const auto pinned = run_program({"write", "--baseline", "template", "-n", "1", "--format", "jsonl", "--pin", "颜色", "--pin", "风格", folder / "p.jsonl"});
  int count = 0;
  const Json plan = parse_json(pinned.out, "line")["plan"];
  for (const Json& point : plan["points"]) count += point["pinned"].get<bool>();
  EXPECT_EQ(count, 2) << pinned.out;
}

TEST(UsageE2e, CommonOptionsThatAVerbCannotHonourAreRefused) {
  const std::string table = source_file("examples/shop.csv").string(), model = source_file("tests/data/gpt2_tiny/tied").string();
  EXPECT_TRUE(is_usage_error(run_program({"import", table, "--device", "foo"}), "--device: expected cpu, cuda or cuda:i"));
  EXPECT_TRUE(is_usage_error(run_program({"import", table, "--engine", "torch"}), "--engine"));
  EXPECT_TRUE(is_usage_error(run_program({"import", table, "--dtype", "int4"}), "--dtype"));
  for (const auto& [option, value] : {std::pair{"--engine", "torch"}, {"--device", "cuda"}}) {
    EXPECT_TRUE(is_usage_error(run_program({"evaluate", "copy", table, "--output", "/nowhere/x", option, value}), option));
  }
  for (const char* device : {"foo", "cuda"}) EXPECT_TRUE(is_usage_error(run_program({"score", "copy", table, "--model", model, "--device", device}), "--device"));
}

TEST(UsageE2e, PrintConfigShowsTheSettingsInForceOfEveryVerbWithoutItsFiles) {
  for (const std::vector<std::string>& verb : std::vector<std::vector<std::string>>{{"import"}, {"points"}, {"curate", "copy"}, {"write"}, {"score", "copy"}, {"score", "ranker"}, {"evaluate", "copy"}, {"bench", "write"}, {"bench", "serve"}}) {
    auto args = verb;
    args.insert(args.end(), {"--seed", "5", "--print-config"});
    const auto result = run_program(args);
    ASSERT_EQ(result.exit_code, 0) << verb[0] << result.err;
    EXPECT_EQ(parse_json(result.out, verb[0])["seed"], 5);
  }
  EXPECT_EQ(parse_json(run_program({"write", "-n", "3", "--print-config"}).out, "write")["num_return_sequences"], 3);
  const Json evaluate = parse_json(run_program({"evaluate", "copy", "--model", "a", "-n", "2", "--print-config"}).out, "evaluate");
  EXPECT_EQ(evaluate["model"], Json::array({"a"}));
  EXPECT_EQ(evaluate["num_return_sequences"], 2);
  EXPECT_EQ(evaluate["decoding_seeds"], 3);
}

TEST(UsageE2e, PrintConfigOfTheTorchVerbs) {
  VITRINE_NEEDS_VERB("train copy");
  const auto train = run_program({"train", "copy", "--config", "copy-mini", "--epochs", "7", "--print-config"});
  ASSERT_EQ(train.exit_code, 0) << train.err;
  EXPECT_EQ(parse_json(train.out, "train")["epochs"], 7);
  EXPECT_EQ(parse_json(train.out, "train")["vocab_size"], 5000);
  EXPECT_EQ(run_program({"bench", "train", "--print-config"}).exit_code, 0);
  EXPECT_EQ(run_program({"score", "copy", "--engine", "torch", "--print-config"}).exit_code, 0);
  EXPECT_TRUE(is_usage_error(run_program({"train", "copy", "--epochs", "0"}), "--epochs: expected 1 to"));
  EXPECT_TRUE(is_usage_error(run_program({"train", "copy", "--engine", "native"}), "--engine"));
}

TEST(UsageE2e, ASettingsFileHoldsCommonOptionsToo) {
  TemporaryFolder folder;
  write_file_atomic(folder / "c.json", R"({"seed": 7, "threads": 1, "num_return_sequences": 2, "quiet": true})");
  const auto result = write({"--config", folder / "c.json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(parse_json(result.out, "line")["seed"], 7);
  EXPECT_EQ(result.err, "");
  const auto printed = run_program({"write", "--print-config"});
  write_file_atomic(folder / "all.json", printed.out);
  EXPECT_EQ(run_program({"write", "--config", folder / "all.json", "--print-config"}).out, printed.out);
}

TEST(UsageE2e, SettingsOfTrainingAreReadAsTheyArePrinted) {
  VITRINE_NEEDS_VERB("train copy");
  TemporaryFolder folder;
  for (const auto& [verb, object] : {std::pair{"train", "copy"}, {"train", "ranker"}, {"align", "copy"}}) {
    const auto training = run_program({verb, object, "--print-config"});
    write_file_atomic(folder / "training.json", training.out);
    const auto again = run_program({verb, object, "--config", folder / "training.json", "--print-config"});
    EXPECT_EQ(again.out, training.out) << verb << " " << object << ": " << again.err;
  }
}

TEST(UsageE2e, AMissingSettingsFileNamesBothPlaces) {
  const auto result = run_program({"score", "copy", "x.jsonl", "--model", "copy-mini", "--config", "nofile"});
  EXPECT_TRUE(failed_with_one_line(result, 1, "neither the file nofile nor configs/nofile.json"));
}

TEST(UsageE2e, DebugShowsFilesTheModelAndWhereAnErrorWasThrown) {
  const auto good = run_program({"write", "--attributes", kDress, "-n", "1", "--format", "jsonl", "--log-level", "debug"});
  ASSERT_EQ(good.exit_code, 0) << good.err;
  EXPECT_NE(good.err.find("8 layers of width 320"), std::string::npos) << good.err;
  EXPECT_NE(good.err.find("statistics.tsv: "), std::string::npos);
  EXPECT_NE(good.err.find("[vitrine write] done in "), std::string::npos);
  const auto bad = run_program({"write", "--attributes", kDress, "--model", "/nowhere", "--log-level", "debug"});
  EXPECT_EQ(bad.exit_code, 1);
  EXPECT_NE(bad.err.find("debug: vitrine::NotFound at src/"), std::string::npos) << bad.err;
}

TEST(UsageE2e, AttributesThatAreNoPairsAreRefusedAtOnce) {
  const auto refused = [](const std::string& attributes, std::string_view named) {
    return is_usage_error(run_program({"write", "--attributes", attributes}), named);
  };
  EXPECT_TRUE(refused("裙", "--attributes: '裙' has no '#': expected KEY#VALUE*KEY#VALUE"));
  EXPECT_TRUE(refused("类型#\xff", "not UTF-8"));
  EXPECT_TRUE(refused("类型#裙\n风格#简约", "line end"));
  EXPECT_TRUE(refused("类型#裙*备注#" + std::string(100000, 'x'), "at most 1000"));
}

TEST(UsageE2e, AWishThatNoProductHasIsAWarning) {
  const auto result = write({"--pin", "不存在", "--order", "风格,没有"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_NE(result.err.find("warning: [write] 不存在: no product has it\n"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("warning: [write] 没有: no product has it\n"), std::string::npos) << result.err;
  EXPECT_EQ(result.err.find("风格: no product"), std::string::npos);
}

TEST(UsageE2e, OneProductIsSingularAndOneCandidateIsNotCompared) {
  const auto one = write({});
  EXPECT_NE(one.err.find("1 product, 1 candidate, "), std::string::npos) << one.err;
  EXPECT_EQ(one.err.find("ROUGE"), std::string::npos) << one.err;
}

TEST(UsageE2e, ControlBytesOfTheInputDoNotReachTheTerminal) {
  TemporaryFolder folder;
  write_file_atomic(folder / "t.csv", "a\x1b[31m,b\n1,2\n");
  const auto result = run_program({"import", folder / "t.csv"});
  EXPECT_TRUE(failed_with_one_line(result, 1, "NO_HEADER"));
  EXPECT_EQ(result.err.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace vitrine::e2e
