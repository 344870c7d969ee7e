#include "recipes/score_ranker.h"

#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "base/error.h"
#include "base/file.h"
#include "copywriting/ranking_model.h"
#include "data/advertisegen.h"
#include "support/random_ranking_model.h"
#include "support/temporary_directory.h"

namespace vitrine::recipes {
namespace {

namespace fs = std::filesystem;
using test::message_of;

const fs::path kTiny = fs::path(VITRINE_SOURCE_DIR) / "tests/data/ranker_tiny";

class ScoreRankerTest : public ::testing::Test {
 protected:
  /// Scores the lines; returns the output file's lines.
  std::vector<Json> score(const std::string& lines, const fs::path& model = kTiny / "model",
                          bool all_scored = true) {
    write_file_atomic(path("in.jsonl"), lines);
    ScoreRun run{.input = path("in.jsonl"),
                 .model = model,
                 .output = path("out.jsonl"),
                 .rejects = path("rejects.jsonl"),
                 .dtype = "",
                 .threads = 1};
    EXPECT_EQ(run_score_ranker(run), all_scored);
    return json_lines(path("out.jsonl"));
  }
  static std::vector<Json> json_lines(const fs::path& file) {
    std::vector<Json> rows;
    std::istringstream text(read_file(file));
    for (std::string line; std::getline(text, line);) rows.push_back(parse_json(line, "test"));
    return rows;
  }
  /// The model with a vocabulary of 97 words: [PAD] [CLS] [SEP] [UNK] [MASK] w5 … w96.
  fs::path model_with_words() {
    fs::copy(kTiny / "model", path("model"), fs::copy_options::recursive);
    std::string vocab = "[PAD]\n[CLS]\n[SEP]\n[UNK]\n[MASK]\n";
    for (int i = 5; i < 97; ++i) vocab += concat("w", i, "\n");
    write_file_atomic(path("model") / "vocab.txt", vocab);
    return path("model");
  }
  fs::path path(const std::string& name) const { return dir_.path() / name; }

  test::TemporaryDirectory dir_;
};

TEST_F(ScoreRankerTest, MoreRowsThanAreScoredAtOnceGetTheScoresOfTransformers) {
  const Json golden = read_json_file(kTiny / "scores.json")["cases"];
  std::string lines;
  for (int i = 0; i < 150; ++i) {
    const Json& row = golden[static_cast<size_t>(i) % golden.size()];
    lines += dump_line({{"id", concat("t", i)}, {"input_ids", row["input_ids"]}}) + "\n";
  }
  const auto scored = score(lines);
  ASSERT_EQ(scored.size(), 150u);
  for (size_t i = 0; i < scored.size(); ++i) {
    const Json& row = golden[i % golden.size()];
    EXPECT_EQ(scored[i]["id"], concat("t", i));
    EXPECT_EQ(scored[i]["tokens"], row["input_ids"].size());
    EXPECT_NEAR(scored[i]["score"].get<double>(), row["score"].get<double>(), 1e-4);
  }
}

TEST_F(ScoreRankerTest, TextsAreScoredAsTheirTokens) {
  const auto rows = score(R"({"id":7,"prompt":"w10 w11","text":"w12 w13 w14"}
{"content":"w10 w11","summary":"w12 w13 w14"}

{"id":"raw","input_ids":[10,11,12,13,14]}
{"id":"other","input_ids":[10,11,12,14,13]})",
                          model_with_words());
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_EQ(rows[0]["id"], 7);
  EXPECT_EQ(rows[1]["id"], 2);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(rows[i]["tokens"], 5);
    EXPECT_EQ(rows[i]["score"], rows[0]["score"]);
  }
  EXPECT_NE(rows[3]["score"], rows[0]["score"]);
}

TEST_F(ScoreRankerTest, BadRowsAreListedAndTheOthersScored) {
  const std::string too_long = dump_line({{"id", 4}, {"input_ids", std::vector<int>(49, 5)}});
  const auto rows = score(R"({"id":1,"input_ids":[5,6]}
not json
{"id":3,"input_ids":[5,97]}
)" + too_long + R"(
{"id":5,"input_ids":[]}
{"id":6}
{"id":7,"input_ids":[6,5]}
)",
                          kTiny / "model", false);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[1]["id"], 7);
  const auto rejects = json_lines(path("rejects.jsonl"));
  ASSERT_EQ(rejects.size(), 5u);
  EXPECT_EQ(rejects[0]["code"], "NOT_JSON");
  for (size_t i = 1; i < rejects.size(); ++i) EXPECT_EQ(rejects[i]["row"], i + 2);
}

TEST_F(ScoreRankerTest, MessagesNameRowFieldAndValue) {
  RankerScorer scorer(kTiny / "model", {.threads = 1});
  const auto refusal = [&](const char* line) {
    return message_of<InvalidInput>(
        [&] { scorer.take(parse_json(line, "x"), 1, "in.jsonl row 4"); });
  };
  const std::pair<const char*, const char*> cases[] = {
      {R"({"input_ids":[1,97]})", "in.jsonl row 4: token 97 is outside the vocabulary of 97"},
      {R"({"input_ids":[]})", "row 4: no tokens"},
      {R"({"input_ids":[1.5]})", "input_ids: expected integers"},
      {R"({"input_ids":"a"})", "input_ids: expected a list of token ids"},
      {R"({"id":1})", "expected prompt and text, content and summary, or input_ids"}};
  for (const auto& [line, part] : cases) {
    EXPECT_NE(refusal(line).find(part), std::string::npos) << refusal(line);
  }
  EXPECT_TRUE(scorer.finish().empty());
}

TEST_F(ScoreRankerTest, ARankingModelOfOursReadsTextsWithTheirProduct) {
  test::write_random_ranking_model(path("ours"));
  const std::string content = "类型#裙*材质#蕾丝", text = "这款连衣裙采用蕾丝面料，优雅大方。";
  auto model = copywriting::RankingModel::load(path("ours"), {.threads = 1});
  const auto product = data::product_from_content(content);
  const auto ids = model.input_ids(product, text, "test");
  const std::string lines = dump_line({{"id", 1}, {"prompt", content}, {"text", text}}) + "\n" +
                            dump_line({{"id", 2}, {"content", content}, {"summary", text}}) + "\n" +
                            dump_line({{"id", 3}, {"content", content}, {"text", text}}) + "\n" +
                            dump_line({{"id", 4}, {"input_ids", ids}}) + "\n";
  const auto rows = score(lines, path("ours"));
  ASSERT_EQ(rows.size(), 4u);
  const copywriting::ProductText alone[] = {{&product, text}};
  const double expected = model.score(alone)[0];
  for (const Json& row : rows) {
    EXPECT_EQ(row["score"].get<double>(), expected);
    EXPECT_EQ(row["tokens"], ids.size());
  }
}

TEST_F(ScoreRankerTest, RowsThatARankingModelOfOursCannotReadAreListed) {
  test::write_random_ranking_model(path("ours"));
  const auto rows = score(R"({"id":1,"prompt":"一条裙子","text":"好。"}
{"id":2,"prompt":"类型#裙","text":""}
{"id":3,"prompt":"类型#裙"}
{"id":4,"prompt":"类型#裙","text":"好。"}
)",
                          path("ours"), false);
  EXPECT_EQ(rows.size(), 1u);
  const auto rejects = json_lines(path("rejects.jsonl"));
  ASSERT_EQ(rejects.size(), 3u);
  EXPECT_NE(dump_line(rejects[0]).find("row 1: prompt: "), std::string::npos);
  EXPECT_NE(dump_line(rejects[1]).find("row 2: text: empty"), std::string::npos);
  EXPECT_NE(dump_line(rejects[2]).find("row 3: text: expected a text, got nothing"),
            std::string::npos);
}

TEST_F(ScoreRankerTest, ALanguageModelIsNotARankingModel) {
  write_file_atomic(path("in.jsonl"), "{\"input_ids\":[1]}\n");
  const auto model = fs::path(VITRINE_SOURCE_DIR) / "tests/data/gpt2_tiny/tied";
  const auto message =
      message_of<InvalidInput>([&] { RankerScorer scorer(model, {.threads = 1}); });
  EXPECT_NE(message.find("no score.weight"), std::string::npos) << message;
}

}  // namespace
}  // namespace vitrine::recipes
