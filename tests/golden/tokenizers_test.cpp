// Ids and texts of the reference tokenizers, written by tools/golden/tokenizer_golden.py.
#include <gtest/gtest.h>

#include <sstream>

#include "base/file.h"
#include "base/json.h"
#include "text/bpe_trainer.h"
#include "base/compressed.h"
#include "text/tokenizer.h"
#include "text/tokenizer_spec.h"
#include "unit/text/tokenizer_dir.h"

namespace vitrine::text {
namespace {
namespace fs = std::filesystem;

constexpr int kShown = 8;  // differences printed before only counting

std::vector<Json> rows_of(const std::string& text) {
  std::vector<Json> rows;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) rows.push_back(parse_json(line, "golden row"));
  return rows;
}

/// Counts differences and prints the first ones.
class Differences {
 public:
  template <typename T>
  void compare(const std::string& what, const Json& text, const T& expected, const T& actual) {
    if (expected == actual) return;
    if (++count_ <= kShown) ADD_FAILURE() << what << " of " << text.dump() << "\nexpected " << Json(expected).dump() << "\nactual   " << Json(actual).dump();
  }
  ~Differences() { EXPECT_EQ(count_, 0) << "differences in all"; }

 private:
  int count_ = 0;
};

std::unique_ptr<Tokenizer> cased_bert() {
  auto spec = read_vocabulary_files("data/vocab/bert-chinese");
  spec->bert.lowercase = false;
  spec->bert.handle_chinese_chars = false;
  for (const char* token : {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}) add_token(*spec, {.content = token, .special = true});
  return make_tokenizer(std::move(*spec));
}

class GoldenTokenizerTest : public ::testing::TestWithParam<const char*> {
 protected:
  static std::unique_ptr<Tokenizer> load(const std::string& column) {
    if (column == "bert_cased") return cased_bert();
    return load_tokenizer(fs::path("data/vocab") / (column == "bert" ? "bert-chinese" : column));
  }
};

TEST_P(GoldenTokenizerTest, GivesTheIdsAndTextsOfTheReference) {
  const auto rows = rows_of(read_file_unpacked("tests/data/golden/tokenizers.jsonl.gz"));
  ASSERT_GT(rows.size(), 5000u);
  const auto& columns = rows[0]["columns"];
  const auto column = static_cast<size_t>(std::find(columns.begin(), columns.end(), GetParam()) - columns.begin());
  ASSERT_LT(column, columns.size());
  const auto tokenizer = load(GetParam());
  Differences differences;
  for (size_t i = 1; i < rows.size(); ++i) {
    const auto expected = rows[i]["ids"][column].get<std::vector<int32_t>>();
    const Json shown = rows[i].contains("text") ? rows[i]["text"] : rows[i]["ids"][column];  // random ids have no text
    if (rows[i].contains("text")) differences.compare("ids", shown, expected, tokenizer->encode(shown.get<std::string>()));
    if (!rows[i].contains("decoded")) continue;
    differences.compare("decoded text", shown, rows[i]["decoded"][column].get<std::string>(), tokenizer->decode(expected));
  }
}

INSTANTIATE_TEST_SUITE_P(Shipped, GoldenTokenizerTest, ::testing::Values("bert", "bert_cased", "gpt2", "clip"),
                         [](const auto& test) { return std::string(test.param); });

class SavedTokenizerTest : public ::testing::TestWithParam<const char*> {};

TEST_P(SavedTokenizerTest, IsReadAsTransformersReadsIt) {
  const fs::path dir = fs::path("tests/data/tokenizers") / GetParam();
  const auto tokenizer = load_tokenizer(dir);
  Differences differences;
  for (const Json& row : rows_of(read_file(dir / "cases.jsonl"))) {
    const auto expected = row["ids"].get<std::vector<int32_t>>();
    differences.compare("ids", row["text"], expected, tokenizer->encode(row["text"].get<std::string>()));
    differences.compare("decoded text", row["text"], row["decoded"].get<std::string>(), tokenizer->decode(expected));
  }
}

INSTANTIATE_TEST_SUITE_P(Small, SavedTokenizerTest,
                         ::testing::Values("wordpiece", "wordpiece_cased", "wordpiece_accents", "wordpiece_added", "bpe", "bpe_added",
                                           "bpe_prefix", "clip", "clip_added", "legacy_wordpiece", "legacy_bpe", "legacy_clip", "trained"),
                         [](const auto& test) { return std::string(test.param); });

/// tests/data/tokenizers/trained is this directory; its cases.jsonl was written by transformers.
TEST(SavedVocabularyTest, IsTheDirectoryThatTransformersRead) {
  const std::vector<AddedToken> added = {{.content = "<pad>", .special = true},   {.content = "<s>", .special = true},
                                         {.content = "</s>", .special = true},    {.content = "<slot:1>", .special = true},
                                         {.content = "连衣裙"}, {.content = "阔腿裤"}, {.content = "V领"},
                                         {.content = "V"},      {.content = "slot", .single_word = true}};
  const std::vector<std::string> texts(3, "这件红色连衣裙采用V领设计，面料舒适，红色很显气质。The red dress, 阔腿裤 and the dress: 舒适的面料，红色的气质。");
  const TokenizerDir dir;
  save_bpe_tokenizer(dir.path(), train_bpe(texts, {.vocab_size = 330, .max_token_code_points = 3, .added_tokens = added}), added,
                     {.bos = "<s>", .eos = "</s>", .pad = "<pad>"});
  for (const char* file : {"vocab.json", "merges.txt", "added_tokens.json", "special_tokens_map.json", "tokenizer_config.json"}) {
    EXPECT_EQ(read_file(dir.path() / file), read_file(fs::path("tests/data/tokenizers/trained") / file)) << file;
  }
}

}  // namespace
}  // namespace vitrine::text
