#include "text/segment.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/json.h"
#include "text/utf8.h"

namespace vitrine::text {
namespace {

std::vector<std::string> lines_of(const std::string& relative) {
  std::ifstream file(VITRINE_SOURCE_DIR "/" + relative);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

std::string lengths_of(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + std::to_string(count_code_points(word));
  return text;
}

TEST(SegmentGoldenTest, AllDevelopmentTextsAreCutAsByJieba) {
  const auto rows = lines_of("data/advertisegen/dev.jsonl"), expected = lines_of("tests/golden/segment/dev_lengths.txt");
  ASSERT_EQ(rows.size(), 535u);
  ASSERT_EQ(expected.size(), rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    const std::string text = parse_json(rows[i], "dev.jsonl")["summary"];
    EXPECT_EQ(lengths_of(default_segmenter().cut(text)), expected[i]) << text;
  }
}

TEST(SegmentGoldenTest, OddTextsAreCutAsByJieba) {
  const auto rows = lines_of("tests/golden/segment/odd.jsonl");
  ASSERT_GE(rows.size(), 20u);
  for (const auto& line : rows) {
    const Json row = parse_json(line, "odd.jsonl");
    const std::string text = row["text"];
    EXPECT_EQ(Json(default_segmenter().cut(text)), row["words"]) << text;
  }
}

}  // namespace
}  // namespace vitrine::text
