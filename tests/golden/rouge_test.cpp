#include <gtest/gtest.h>

#include <fstream>

#include "base/json.h"
#include "eval/overlap.h"
#include "text/segment.h"
#include "text/utf8.h"

namespace vitrine::eval {
namespace {

TEST(RougeGoldenTest, WordRougeEqualsThePythonPackage) {
  std::ifstream rows(VITRINE_SOURCE_DIR "/data/advertisegen/dev.jsonl"), expected(VITRINE_SOURCE_DIR "/tests/golden/rouge/dev_pairs.tsv");
  std::vector<std::u32string> texts;
  for (std::string line; std::getline(rows, line);) texts.push_back(text::metric_code_points(parse_json(line, "dev.jsonl")["summary"].get<std::string>()));
  size_t pairs = 0;
  for (double rouge_1 = 0, rouge_2 = 0, rouge_l = 0; expected >> rouge_1 >> rouge_2 >> rouge_l; ++pairs) {
    const WordRouge rouge = word_rouge(texts[pairs], texts[pairs + 1], text::default_segmenter());
    EXPECT_NEAR(rouge.rouge_1, rouge_1, 1e-12) << "row " << pairs;
    EXPECT_NEAR(rouge.rouge_2, rouge_2, 1e-12) << "row " << pairs;
    EXPECT_NEAR(rouge.rouge_l, rouge_l, 1e-12) << "row " << pairs;
  }
  EXPECT_EQ(pairs, 120u);
}

}  // namespace
}  // namespace vitrine::eval
