#include "recipes/evaluate_copy.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "recipes/evaluate_inputs.h"

namespace vitrine::recipes {
namespace {
namespace fs = std::filesystem;

constexpr const char* kSet =
    "{\"content\":\"类型#裙*风格#简约\",\"summary\":\"简约的裙子，很好看。\"}\n"
    "{\"content\":\"类型#裤*图案#条纹\",\"summary\":\"条纹裤子<b>显瘦。\"}\n"
    "\n"
    "{\"content\":\"类型#裤*图案#条纹\",\"summary\":\"显瘦的条纹裤。\"}\n";
constexpr const char* kTrain =
    "{\"content\":\"类型#裙*风格#复古\",\"summary\":\"复古的裙子。\"}\n"
    "{\"content\":\"类型#裤*图案#条纹\",\"summary\":\"经典条纹。\"}\n";

class EvaluateCopyTest : public ::testing::Test {
 protected:
  EvaluateCopyTest() : dir_(fs::temp_directory_path() / concat("vitrine_evaluate_copy_test_", ::getpid())) {
    write("set.jsonl", kSet);
    write("train.jsonl", kTrain);
    config_.train = (dir_ / "train.jsonl").string();
    config_.resamples = 20;
    id_ = sha256_hex(kSet).substr(0, 12) + "-";
  }
  ~EvaluateCopyTest() override { fs::remove_all(dir_); }

  fs::path write(const std::string& name, const std::string& bytes) const {
    write_file_atomic(dir_ / name, bytes);
    return dir_ / name;
  }
  std::string output_lines(const std::string& text) const {
    std::string lines;
    for (const char* row : {"4", "1", "2"}) lines += "{\"id\":\"" + id_ + row + "\",\"candidates\":[{\"text\":\"" + text + row + "\"},{\"text\":\"条纹\"}]}\n";
    return lines;
  }
  CopyEvaluation run(const std::vector<std::string>& outputs) const { return run_evaluate_copy((dir_ / "set.jsonl").string(), outputs, {}, {}, (dir_ / "out").string(), config_); }
  void expect_message(const std::vector<std::string>& outputs, const std::string& part) const {
    try {
      run(outputs);
      FAIL() << "accepted: " << part;
    } catch (const InvalidInput& e) {
      EXPECT_NE(std::string(e.what()).find(part), std::string::npos) << e.what();
    }
    EXPECT_FALSE(fs::exists(dir_ / "out"));
  }

  fs::path dir_;
  EvaluateCopyConfig config_;
  std::string id_;
};

TEST_F(EvaluateCopyTest, SystemsStandBehindHumanAndAnchorsInGivenOrder) {
  const auto a = write("a.jsonl", output_lines("甲")).string(), b = write("b.jsonl", output_lines("乙")).string();
  const CopyEvaluation evaluation = run({"sft=" + a, b, "sft=" + b});
  std::vector<std::string> names;
  for (const auto& report : evaluation.reports) names.push_back(report.name);
  EXPECT_EQ(names, (std::vector<std::string>{kHumanName, kJoinedName, kTemplateName, kRetrievalName, "sft", "b"}));
  EXPECT_EQ(evaluation.systems[4].runs.size(), 2u);
  EXPECT_EQ(evaluation.systems[4].runs[0].texts, (std::vector<std::string>{"甲1", "甲2", "甲4"}));  // first candidates, in set order
  EXPECT_EQ(evaluation.num_single, 1u);
  EXPECT_EQ(evaluation.num_inputs, 2u);
}

TEST_F(EvaluateCopyTest, FourFilesAreWrittenAndTheNumbersRepeatByteForByte) {
  const std::string outputs = "m=" + write("a.jsonl", output_lines("甲")).string();
  run({outputs});
  const std::string metrics = read_file(dir_ / "out/metrics.json"), page = read_file(dir_ / "out/report.html");
  EXPECT_TRUE(fs::exists(dir_ / "out/vitrine.json"));
  run({outputs});
  EXPECT_EQ(read_file(dir_ / "out/metrics.json"), metrics);
  EXPECT_EQ(read_file(dir_ / "out/report.html"), page);
  const Json json = parse_json(metrics, "metrics.json");
  EXPECT_EQ(json["systems"].size(), 5u);
  EXPECT_EQ(json["systems"][0]["all"]["coverage"]["value"], 100.0);
  EXPECT_EQ(json["systems"][0]["all"]["coverage"]["n"], 3);
  EXPECT_EQ(page.find("<b>显瘦"), std::string::npos);
  EXPECT_NE(page.find("&lt;b&gt;显瘦"), std::string::npos);
  const std::string kept = read_file(dir_ / "out/outputs.jsonl");
  EXPECT_EQ(std::count(kept.begin(), kept.end(), '\n'), 15);
}

TEST_F(EvaluateCopyTest, AnotherEvaluationStandsOnThePageUnderItsTitle) {
  run({"m=" + write("a.jsonl", output_lines("甲")).string()});
  fs::rename(dir_ / "out", dir_ / "small");
  run_evaluate_copy((dir_ / "set.jsonl").string(), {}, {}, {"小规模消融=" + (dir_ / "small").string()}, (dir_ / "out").string(), config_);
  const std::string page = read_file(dir_ / "out/report.html");
  const size_t title = page.find("小规模消融");
  ASSERT_NE(title, std::string::npos);
  EXPECT_NE(page.find("<td>m</td>", title), std::string::npos);
}

TEST_F(EvaluateCopyTest, WhatIsNoEvaluationIsNotAttached) {
  const auto refusal = [&](const std::string& metrics) -> std::string {
    write("other/metrics.json", metrics);
    try {
      run_evaluate_copy((dir_ / "set.jsonl").string(), {}, {}, {(dir_ / "other").string()}, (dir_ / "out").string(), config_);
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  };
  EXPECT_NE(refusal("{\"kind\":\"ranker_evaluation\"}").find("metrics.json: kind: expected copy_evaluation, got \"ranker_evaluation\""), std::string::npos);
  EXPECT_NE(refusal("{\"kind\":\"copy_evaluation\"}").find("metrics.json: not the metrics of an evaluation"), std::string::npos);
  EXPECT_FALSE(fs::exists(dir_ / "out"));
}

TEST_F(EvaluateCopyTest, LeakageStopsUnlessAllowed) {
  write("train.jsonl", std::string(kTrain) + "{\"content\":\"类型#衣\",\"summary\":\"显瘦的条纹裤。\"}\n");
  expect_message({}, "0 rows and 1 texts");
  config_.allow_leakage = true;
  EXPECT_EQ(run({}).leakage.texts, 1);
}

TEST_F(EvaluateCopyTest, LeakageIsFoundBeforeAnySystemIsReadOrWritten) {
  write("train.jsonl", std::string(kTrain) + "{\"content\":\"类型#衣\",\"summary\":\"显瘦的条纹裤。\"}\n");
  expect_message({write("x.jsonl", "no JSON\n").string()}, "0 rows and 1 texts");
}

TEST_F(EvaluateCopyTest, ABadOutputsFileIsRefusedWithItsRow) {
  expect_message({write("x.jsonl", "{\"id\":\"nobody\",\"text\":\"文\"}\n").string()}, "x.jsonl row 1: id: no product of the set has \"nobody\"");
  const std::string line = "{\"id\":\"" + id_ + "1\",\"text\":\"文\"}\n";
  expect_message({write("x.jsonl", line + line).string()}, "x.jsonl row 2: id: second line for " + id_ + "1");
  expect_message({write("x.jsonl", line).string()}, "no line for the product " + id_ + "2");
  expect_message({write("x.jsonl", "{\"id\":\"" + id_ + "1\"}\n").string()}, "x.jsonl row 1: text: expected a text, got nothing");
  EXPECT_THROW(run({"=file"}), UsageError);
}

TEST_F(EvaluateCopyTest, ASystemMayNotTakeABaselinesName) {
  expect_message({std::string(kHumanName) + "=" + write("a.jsonl", output_lines("甲")).string()}, "two systems named human");
}

TEST_F(EvaluateCopyTest, AProductWhoseCandidatesAllFailedScoresAsAnEmptyText) {
  std::string lines = output_lines("甲");
  lines.replace(0, lines.find('\n'), "{\"id\":\"" + id_ + "4\",\"candidates\":[],\"error\":\"all failed\"}");
  const auto evaluation = run({"m=" + write("a.jsonl", lines).string()});
  EXPECT_EQ(evaluation.find("m")->texts[2], "");
  EXPECT_EQ(evaluation.find("m")->rows[2][0], 0);
}

TEST_F(EvaluateCopyTest, SynonymsRaiseOnlyTheirOwnCoverage) {
  config_.synonyms = write("synonyms.tsv", "# 注\n条纹\t条条\t间条\n").string();
  std::string lines;
  for (const char* row : {"1", "2", "4"}) lines += "{\"id\":\"" + id_ + row + "\",\"text\":\"间条\"}\n";
  const auto evaluation = run({"m=" + write("a.jsonl", lines).string()});
  const auto& all = evaluation.find("m")->all;
  EXPECT_EQ(all[static_cast<size_t>(eval::Metric::coverage)].value, 0);
  EXPECT_NEAR(all[static_cast<size_t>(eval::Metric::coverage_by_synonym)].value, 100.0 / 3, 1e-9);  // rows 2 and 4: one of two
}

TEST_F(EvaluateCopyTest, TargetsNameBothNumbers) {
  const auto evaluation = run({"m=" + write("a.jsonl", output_lines("甲")).string()});
  const auto targets = targets_of(evaluation, *evaluation.find("m"));
  ASSERT_EQ(targets.size(), 8u);
  EXPECT_FALSE(targets[2].met);  // coverage
  EXPECT_EQ(targets[2].detail, "0 / >= 88");
  EXPECT_TRUE(targets_of(evaluation, *evaluation.find(kJoinedName))[2].met);
}

}  // namespace
}  // namespace vitrine::recipes
