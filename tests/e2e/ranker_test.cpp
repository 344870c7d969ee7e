// train ranker on a tiny model, then score ranker with what it made.
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "e2e/program.h"

namespace vitrine::e2e {
namespace {
namespace fs = std::filesystem;

/// Pairs that a tiny model learns at once: the better text of a product names its material.
std::string pairs_file(const TemporaryFolder& folder, int products) {
  const char* materials[] = {"蚕丝", "棉", "羊毛", "牛仔布", "雪纺"};
  const char* styles[] = {"简约", "复古", "休闲", "文艺"};
  std::string lines;
  for (int i = 0; i < products; ++i) {
    const std::string material = materials[i % 5], style = styles[i % 4];
    const Json pair = {
        {"product_id", concat("p", i)},
        {"prompt", concat("类型#裙*材质#", material, "*风格#", style, "*裙长#", i, "cm")},
        {"chosen", concat("这条裙子采用", material, "面料，", style, "大方。")},
        {"rejected", concat("这条裙子非常好看，", style, "大方。")},
        {"source", i % 2 == 0 ? "human" : "synthetic"},
        {"type", i % 2 == 0 ? "" : "attribute_dropped"}};
    lines += dump_line(pair) + "\n";
  }
  write_file_atomic(folder / "pairs.jsonl", lines);
  return folder / "pairs.jsonl";
}

std::vector<std::string> train_ranker(const std::string& rows, const std::string& output,
                                      std::initializer_list<std::string> more = {}) {
  std::vector<std::string> command = {"train", "ranker",          rows,        "--output",
                                      output,  "--tokenizer",     "copy-mini", "--n-layer",
                                      "1",     "--n-embd",        "32",        "--n-head",
                                      "2",     "--epochs",        "2",         "--batch-tokens",
                                      "512",   "--learning-rate", "0.003",     "--validation-share",
                                      "0.2",   "--dtype",         "float32",   "--threads",
                                      "1"};
  command.insert(command.end(), more);
  return command;
}

/// A good row that `field` makes a bad one.
std::string bad_file(const TemporaryFolder& folder, const std::string& field, const Json& value) {
  Json row = {{"prompt", "类型#裙*风格#简约"},
              {"chosen", "简约的裙子。"},
              {"rejected", "好看的裙子。"},
              {"source", "human"}};
  const std::string good = dump_line(row) + "\n";
  row[field] = value;
  write_file_atomic(folder / "bad.jsonl", good + dump_line(row) + "\n");
  return folder / "bad.jsonl";
}

TEST(RankerE2e, ARankerIsTrainedResumedAndScores) {
  VITRINE_NEEDS_VERB("train ranker");
  TemporaryFolder folder;
  const std::string rows = pairs_file(folder, 200);
  const auto whole = run_program(train_ranker(rows, folder / "whole"), {.timeout_s = 120});
  ASSERT_EQ(whole.exit_code, 0) << whole.err;
  EXPECT_NE(whole.err.find("nats/group"), std::string::npos) << whole.err;
  ASSERT_EQ(
      run_program(train_ranker(rows, folder / "parts", {"--max-steps", "5"}), {.timeout_s = 120})
          .exit_code,
      130);
  EXPECT_FALSE(fs::exists(folder / "parts/model.safetensors"));
  ASSERT_EQ(run_program(train_ranker(rows, folder / "parts"), {.timeout_s = 120}).exit_code, 0);
  EXPECT_TRUE(read_file(folder / "parts/model.safetensors") ==
              read_file(folder / "whole/model.safetensors"));
  EXPECT_FALSE(fs::exists(folder / "whole.run"));

  const Json manifest = parse_json(read_file(folder / "whole/vitrine.json"), "vitrine.json"),
             held_out = manifest["metrics"]["held_out"];
  EXPECT_EQ(manifest["kind"], "ranker");
  EXPECT_EQ(manifest["prompt_format"], "marked-2");
  EXPECT_GT(held_out["accuracy"].get<double>(), 0.9) << held_out.dump();
  EXPECT_EQ(held_out["pairs"], manifest["data"]["validation_rows"]);
  EXPECT_TRUE(held_out["by_type"].contains("synthetic/attribute_dropped")) << held_out.dump();
  EXPECT_NE(read_file(folder / "whole/run.html").find("pairs in order"), std::string::npos);

  const auto scored = run_program({"score", "ranker", "-", "--model", folder / "whole"},
                                  {.stdin_text = R"({"input_ids":[1,2,3]})"
                                                 "\n"});
  ASSERT_EQ(scored.exit_code, 0) << scored.err;
  EXPECT_TRUE(parse_json(scored.out, "scores")["score"].is_number()) << scored.out;
}

TEST(RankerE2e, ARankerStartsFromACopyModelsFirstLayersAndFromARanker) {
  VITRINE_NEEDS_VERB("train ranker");
  TemporaryFolder folder;
  const std::string rows = pairs_file(folder, 30);
  const std::vector<std::string> start = {"train",       "ranker",    rows, "--config",
                                          "ranker-mini", "--epochs",  "1",  "--validation-share",
                                          "0",           "--threads", "1"};
  auto from_copy = start;
  from_copy.insert(from_copy.end(),
                   {"--init", "copy-mini", "--n-layer", "1", "--output", folder / "one"});
  const auto one = run_program(from_copy, {.timeout_s = 120});
  ASSERT_EQ(one.exit_code, 0) << one.err;
  const Json config = parse_json(read_file(folder / "one/config.json"), "config.json");
  EXPECT_EQ(config["n_layer"], 1);
  EXPECT_EQ(config["architectures"][0], "GPT2ForSequenceClassification");
  auto from_ranker = start;
  from_ranker.insert(from_ranker.end(), {"--init", folder / "one", "--n-layer", "0", "--objective",
                                         "list", "--output", folder / "two"});
  const auto two = run_program(from_ranker, {.timeout_s = 120});
  ASSERT_EQ(two.exit_code, 0) << two.err;
  const Json manifest = parse_json(read_file(folder / "two/vitrine.json"), "vitrine.json");
  EXPECT_EQ(manifest["settings"]["objective"], "list");
  EXPECT_TRUE(manifest["metrics"]["held_out"].is_null());
  from_copy.insert(from_copy.end(), {"--n-embd", "64"});
  EXPECT_TRUE(failed_with_one_line(run_program(from_copy, {.timeout_s = 120}), 2,
                                   "n_embd: 64 was given, but"));
}

TEST(RankerE2e, BadRowsAreOneLineThatNamesThem) {
  VITRINE_NEEDS_VERB("train ranker");
  TemporaryFolder folder;
  const auto refused = [&](const std::string& rows, std::string_view named) {
    const auto result = run_program(train_ranker(rows, folder / "model"), {.timeout_s = 120});
    EXPECT_TRUE(failed_with_one_line(result, 1, named));
    EXPECT_NE(result.err.find(rows), std::string::npos) << result.err;
    EXPECT_FALSE(fs::exists(folder / "model.run")) << "nothing was begun";
  };
  refused(bad_file(folder, "rejected", "简约的裙子。"), "bad.jsonl row 2");
  refused(bad_file(folder, "rejected", "简约的裙子。"), "PAIR_EQUAL");
  refused(bad_file(folder, "weight", -1), "BAD_WEIGHT");
  refused(bad_file(folder, "source", "dream"), "BAD_SOURCE");
  refused(bad_file(folder, "prompt", "裙"), "bad.jsonl row 2");
  std::string endless;
  for (int i = 0; i < 400; ++i) endless += "简约";
  refused(bad_file(folder, "chosen", endless), "320 positions");
  write_file_atomic(
      folder / "one_sided.jsonl",
      R"({"prompt":"类型#裙","candidates":["一条裙子。","好裙子。"],"order":[[0,1]],"source":"pick"})"
      "\n");
  refused(folder / "one_sided.jsonl", "LIST_ONE_SIDED");
  write_file_atomic(
      folder / "not_a_number.jsonl",
      R"({"prompt":"类型#裙","chosen":"a","rejected":"b","source":"human","weight":NaN})"
      "\n");
  refused(folder / "not_a_number.jsonl", "row 1");
  write_file_atomic(folder / "empty.jsonl", "\n");
  refused(folder / "empty.jsonl", "EMPTY_FILE");
}

TEST(RankerE2e, AProductInBothFilesIsRefused) {
  VITRINE_NEEDS_VERB("train ranker");
  TemporaryFolder folder;
  const std::string rows = pairs_file(folder, 20);
  write_file_atomic(folder / "held_out.jsonl", lines(read_file(rows))[3] + "\n");
  const auto result =
      run_program(train_ranker(rows, folder / "model", {"--validation", folder / "held_out.jsonl"}),
                  {.timeout_s = 120});
  EXPECT_TRUE(failed_with_one_line(result, 1, "LEAK: product_id 'p3' is in"));
  EXPECT_NE(result.err.find("row 4"), std::string::npos) << result.err;
}

TEST(RankerE2e, WrongUsageIsOneLine) {
  VITRINE_NEEDS_VERB("train ranker");
  TemporaryFolder folder;
  const std::string rows = pairs_file(folder, 20);
  EXPECT_TRUE(
      failed_with_one_line(run_program({"train", "ranker", rows, "--output", folder / "model"}), 2,
                           "neither --init nor --tokenizer"));
  EXPECT_TRUE(failed_with_one_line(
      run_program(train_ranker(rows, folder / "model", {"--objective", "list", "--margin", "1"})),
      1, "margin: expected 0"));
  EXPECT_TRUE(failed_with_one_line(
      run_program({"train", "ranker", rows, "--init", "tagger-mini", "--output", folder / "model"}),
      1, "kind: expected"));
  EXPECT_TRUE(failed_with_one_line(run_program({"train", "ranker", rows, "--init", "copy-mini",
                                                "--n-layer", "9", "--output", folder / "model"}),
                                   2, "has 8 layers"));
}

}  // namespace
}  // namespace vitrine::e2e
