#include "recipes/score_copy.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/file.h"
#include "support/temporary_directory.h"

namespace vitrine::recipes {
namespace {

namespace fs = std::filesystem;
using test::message_of;

const fs::path kTiny = fs::path(VITRINE_SOURCE_DIR) / "tests/data/gpt2_tiny";

class ScoreCopyTest : public ::testing::Test {
 protected:
  /// Scores the lines; returns the output file's lines.
  std::vector<Json> score(const std::string& lines, const fs::path& model = kTiny / "tied", bool all_scored = true) {
    write_file_atomic(path("in.jsonl"), lines);
    EXPECT_EQ(run_score_copy({.input = path("in.jsonl"), .model = model, .output = path("out.jsonl"), .rejects = path("rejects.jsonl"), .dtype = "", .threads = 1}),
              all_scored);
    return json_lines(path("out.jsonl"));
  }
  static std::vector<Json> json_lines(const fs::path& file) {
    std::vector<Json> rows;
    std::istringstream text(read_file(file));
    for (std::string line; std::getline(text, line);) rows.push_back(parse_json(line, "test"));
    return rows;
  }
  /// The tied model with a vocabulary of 97 words: [UNK] [CLS] [SEP] [PAD] [MASK] w5 … w96.
  fs::path model_with_words() {
    fs::copy(kTiny / "tied", path("model"), fs::copy_options::recursive);
    std::string vocab = "[UNK]\n[CLS]\n[SEP]\n[PAD]\n[MASK]\n";
    for (int i = 5; i < num_words_; ++i) vocab += concat("w", i, "\n");
    write_file_atomic(path("model") / "vocab.txt", vocab);
    return path("model");
  }
  fs::path path(const std::string& name) const { return dir_.path() / name; }

  int num_words_ = 97;
  test::TemporaryDirectory dir_;
};

TEST_F(ScoreCopyTest, TokenIdsGetTheScoresOfTransformers) {
  for (const char* model : {"tied", "untied"}) {
    const Json golden = read_json_file(kTiny / concat(model, ".json"));
    std::string lines;
    for (const Json& row : golden["scores"]) {
      lines += dump_line({{"id", "a"}, {"input_ids", row["input_ids"]}, {"labels_from", row["labels_from"]}}) + "\n";
    }
    const auto scores = score(lines, kTiny / model);
    ASSERT_EQ(scores.size(), golden["scores"].size());
    for (size_t i = 0; i < scores.size(); ++i) {
      const double expected = golden["scores"][i]["logprob"].get<double>();
      EXPECT_EQ(scores[i]["tokens"], golden["scores"][i]["tokens"]);
      EXPECT_NEAR(scores[i]["logprob"].get<double>(), expected, 1e-5 * std::abs(expected));
    }
  }
}

TEST_F(ScoreCopyTest, TextsAreScoredAsTheirTokens) {
  const auto rows = score(R"({"id":7,"prompt":"w10 w11","text":"w12 w13 w14"}
{"content":"w10 w11","summary":"w12 w13 w14"}

{"id":"raw","input_ids":[10,11,12,13,14],"labels_from":2})", model_with_words());
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0]["id"], 7);
  EXPECT_EQ(rows[1]["id"], 2);
  EXPECT_EQ(rows[2]["id"], "raw");
  for (const Json& row : rows) {
    EXPECT_EQ(row["tokens"], 3);
    EXPECT_EQ(row["logprob"], rows[0]["logprob"]);
  }
}

TEST_F(ScoreCopyTest, BadRowsAreListedAndTheOthersScored) {
  const auto rows = score(R"({"id":1,"input_ids":[5,6],"labels_from":1}
not json
{"id":3,"input_ids":[5,97],"labels_from":1}
{"id":4,"input_ids":[5,6],"labels_from":3}
{"id":5,"input_ids":[5,6.5],"labels_from":1}
{"id":6,"input_ids":[5,6]}
{"id":8}
{"id":9,"input_ids":[6,5],"labels_from":1}
)", kTiny / "tied", false);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[1]["id"], 9);
  const auto rejects = json_lines(path("rejects.jsonl"));
  ASSERT_EQ(rejects.size(), 6u);
  EXPECT_EQ(rejects[0]["row"], 2);
  EXPECT_EQ(rejects[0]["code"], "NOT_JSON");
  EXPECT_EQ(rejects[1]["row"], 3);
}

TEST_F(ScoreCopyTest, MessagesNameRowFieldAndValue) {
  CopyScorer scorer(kTiny / "tied", {.threads = 1});
  const auto refusal = [&](const char* line) {
    return message_of<InvalidInput>([&] { scorer.score(parse_json(line, "x"), 1, "in.jsonl row 4"); });
  };
  EXPECT_NE(refusal(R"({"input_ids":[1,97],"labels_from":1})").find("in.jsonl row 4: [Decoder] score: token 97"), std::string::npos);
  EXPECT_NE(refusal(R"({"input_ids":[1,2],"labels_from":-1})").find("row 4: labels_from: expected 0 to 2, got -1"), std::string::npos);
  EXPECT_NE(refusal(R"([])").find("expected an object"), std::string::npos);
}

TEST_F(ScoreCopyTest, ATextForAModelWithoutTokenizerIsAFailureThatNamesTheFiles) {
  CopyScorer scorer(kTiny / "tied", {.threads = 1});
  const auto message = message_of<NotFound>([&] { scorer.score(parse_json(R"({"prompt":"a","text":"b"})", "x"), 1, "in.jsonl row 4"); });
  EXPECT_NE(message.find("tokenizer.json"), std::string::npos) << message;
}

TEST_F(ScoreCopyTest, AnInputWithoutRowsIsRefused) {
  write_file_atomic(path("empty.jsonl"), "\n");
  const auto message = message_of<Corrupt>([&] { run_score_copy({.input = path("empty.jsonl"), .model = kTiny / "tied", .output = path("out.jsonl"), .rejects = {}, .dtype = {}}); });
  EXPECT_NE(message.find("EMPTY_FILE"), std::string::npos) << message;
}

TEST_F(ScoreCopyTest, ATokenizerOfAnotherSizeIsRefused) {
  num_words_ = 96;
  const auto model = model_with_words();
  EXPECT_NE(message_of<Corrupt>([&] { CopyScorer scorer(model, {.threads = 1}); }).find("TOK_MISMATCH"), std::string::npos);
}

}  // namespace
}  // namespace vitrine::recipes
