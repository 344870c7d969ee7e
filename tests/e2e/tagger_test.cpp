// train tagger and evaluate tagger on a tiny model.
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/json.h"
#include "e2e/program.h"

namespace vitrine::e2e {
namespace {
namespace fs = std::filesystem;

std::vector<std::string> train_tagger(const std::string& rows, const std::string& output) {
  return {"train", "tagger", rows, "--output", output, "--num-hidden-layers", "1",
          "--hidden-size", "32", "--num-attention-heads", "2", "--intermediate-size", "64",
          "--epochs", "2", "--batch-tokens", "512", "--dtype", "float32", "--threads", "1"};
}

constexpr const char* kSentence =
    R"({"id":"s1","attributes":[{"id":"a1","key":"材质","val":"蚕丝"}],"text":"真丝裙","spans":[{"begin":0,"end":2,"key":"材质","attr":"a1"}]})";

TEST(TaggerE2e, ATaggerIsTrainedResumedAndMeasured) {
  VITRINE_NEEDS_VERB("train tagger");
  TemporaryFolder folder;
  const std::string rows = head_of(source_file("data/advertisegen/train.jsonl"), 60, folder);
  const auto whole = run_program(train_tagger(rows, folder / "whole"), {.timeout_s = 120});
  ASSERT_EQ(whole.exit_code, 0) << whole.err;
  auto part = train_tagger(rows, folder / "parts");
  part.insert(part.end(), {"--max-steps", "4"});
  ASSERT_EQ(run_program(part, {.timeout_s = 120}).exit_code, 130);
  EXPECT_FALSE(fs::exists(folder / "parts/model.safetensors"));
  ASSERT_EQ(run_program(train_tagger(rows, folder / "parts"), {.timeout_s = 120}).exit_code, 0);
  EXPECT_TRUE(read_file(folder / "parts/model.safetensors") ==
              read_file(folder / "whole/model.safetensors"));
  const Json metrics = parse_json(read_file(folder / "whole/metrics.json"), "metrics.json");
  EXPECT_TRUE(metrics["spans"].contains("f1")) << metrics.dump();
  EXPECT_NE(read_file(folder / "whole/run.html").find("spans"), std::string::npos);

  write_file_atomic(folder / "set.jsonl", std::string(kSentence) + "\n");
  const auto measured = run_program({"evaluate", "tagger", folder / "set.jsonl", "--model",
                                     folder / "whole", "--output", folder / "figures.json"});
  ASSERT_EQ(measured.exit_code, 0) << measured.err;
  const Json figures = parse_json(read_file(folder / "figures.json"), "figures.json");
  EXPECT_EQ(figures["evidence"]["counts"]["labelled"], 1);
}

TEST(TaggerE2e, WrongUsageAndWrongModelsAreOneLine) {
  TemporaryFolder folder;
  write_file_atomic(folder / "set.jsonl", std::string(kSentence) + "\n");
  EXPECT_TRUE(failed_with_one_line(
      run_program({"evaluate", "tagger", folder / "set.jsonl", "--model", "copy-mini"}), 1,
      "kind: expected tagger"));
  EXPECT_TRUE(failed_with_one_line(run_program({"evaluate", "tagger", folder / "set.jsonl",
                                                "--output", folder / "set.jsonl"}),
                                   2, "--output"));
  VITRINE_NEEDS_VERB("train tagger");
  auto command = train_tagger(folder / "set.jsonl", folder / "model");
  command.insert(command.end(), {"--attn-pdrop", "0.1"});
  EXPECT_TRUE(failed_with_one_line(run_program(command), 1, "attn_pdrop: expected 0, got 0.1"));
}

}  // namespace
}  // namespace vitrine::e2e
