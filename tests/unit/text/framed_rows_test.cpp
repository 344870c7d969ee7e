#include "text/framed_rows.h"

#include <gtest/gtest.h>

#include "unit/text/tokenizer_dir.h"

namespace vitrine::text {
namespace {

TEST(FramedRowsTest, TextsStandBetweenStartAndEndAndArePaddedToTheLongest) {
  TokenizerDir dir;
  dir.put("vocab.txt", kSmallVocab);
  const auto tokenizer = load_tokenizer(dir.path());
  const std::vector<std::string> texts = {"红裙", "", "a"};
  const TokenRows rows = frame_rows(*tokenizer, texts, 10);
  EXPECT_EQ(rows.num_rows, 3);
  EXPECT_EQ(rows.length, 4);
  EXPECT_EQ(rows.input_ids, (std::vector<int64_t>{2, 5, 6, 3, 2, 3, 0, 0, 2, 9, 3, 0}));
  EXPECT_EQ(rows.is_token, (std::vector<uint8_t>{1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 0}));
  EXPECT_EQ(rows.num_cut, 0);
}

TEST(FramedRowsTest, ALongTextIsCutAndKeepsItsEnd) {
  const auto tokenizer = load_tokenizer("data/vocab/clip");
  const std::vector<std::string> texts = {"a dress with lace"};
  const TokenRows rows = frame_rows(*tokenizer, texts, 4);
  EXPECT_EQ(rows.length, 4);
  EXPECT_EQ(rows.input_ids.front(), 49406);
  EXPECT_EQ(rows.input_ids.back(), 49407);
  EXPECT_EQ(rows.num_cut, 1);
  EXPECT_THROW(frame_rows(*tokenizer, texts, 2), InvalidInput);
}

}  // namespace
}  // namespace vitrine::text
