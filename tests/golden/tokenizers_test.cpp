// Ids and texts of the reference tokenizers, written by tools/golden/tokenizer_golden.py.
#include <gtest/gtest.h>

#include <sstream>

#include "base/file.h"
#include "base/json.h"
#include "text/gzip.h"
#include "text/tokenizer.h"
#include "text/tokenizer_spec.h"

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
  const auto rows = rows_of(gunzip(read_file("tests/data/golden/tokenizers.jsonl.gz"), "golden"));
  ASSERT_GT(rows.size(), 5000u);
  const auto& columns = rows[0]["columns"];
  const auto column = static_cast<size_t>(std::find(columns.begin(), columns.end(), GetParam()) - columns.begin());
  ASSERT_LT(column, columns.size());
  const auto tokenizer = load(GetParam());
  Differences differences;
  for (size_t i = 1; i < rows.size(); ++i) {
    const auto expected = rows[i]["ids"][column].get<std::vector<int32_t>>();
    differences.compare("ids", rows[i]["text"], expected, tokenizer->encode(rows[i]["text"].get<std::string>()));
    if (!rows[i].contains("decoded")) continue;
    differences.compare("decoded text", rows[i]["text"], rows[i]["decoded"][column].get<std::string>(), tokenizer->decode(expected));
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
                                           "bpe_prefix", "clip", "clip_added", "legacy_wordpiece", "legacy_bpe", "legacy_clip"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace vitrine::text
