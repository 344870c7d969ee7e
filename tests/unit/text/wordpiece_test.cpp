#include "text/wordpiece.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace vitrine::text {
namespace {

std::string normalized(std::string_view text, const BertNormalizerConfig& config = {}) {
  std::string out;
  normalize_bert(text, config, out);
  return out;
}

TEST(BertNormalizerTest, DropsControlCharactersAndMakesWhiteSpaceSpaces) {
  EXPECT_EQ(normalized("a\x01\u200B" "b\tc\u3000d\uFFFD"), "ab c d");
  EXPECT_EQ(normalized("a\x01\t", {.clean_text = false}), "a\x01\t");
}

TEST(BertNormalizerTest, SetsIdeographsOffBySpaces) {
  EXPECT_EQ(normalized("V领A"), "v 领 a");
  EXPECT_EQ(normalized("V领A", {.handle_chinese_chars = false}), "v领a");
}

TEST(BertNormalizerTest, StripsAccentsAsLowerCaseSaysUnlessTold) {
  EXPECT_EQ(normalized("ÉE\u0301İ"), "eei");
  EXPECT_EQ(normalized("É", {.strip_accents = false}), "é");
  EXPECT_EQ(normalized("É", {.lowercase = false}), "É");
  EXPECT_EQ(normalized("É", {.strip_accents = true, .lowercase = false}), "E");
}

class WordPieceTest : public ::testing::Test {
 protected:
  WordPieceTest() {
    int32_t id = 0;
    for (const char* token : {"[UNK]", "un", "##aff", "##able", "unaff", "!", "##a", "a"}) vocabulary_.add(token, id++, "test");
  }
  std::vector<int32_t> encode(std::string_view text, WordPieceConfig config = {}) const {
    std::vector<int32_t> ids;
    WordPieceModel(vocabulary_, config, "test").encode(text, ids);
    return ids;
  }
  Vocabulary vocabulary_;
};

TEST_F(WordPieceTest, TakesTheLongestPieceFirst) { EXPECT_EQ(encode("unaffable"), (std::vector<int32_t>{4, 3})); }

TEST_F(WordPieceTest, AWordWithOneUncoveredPartIsUnknownAsAWhole) {
  EXPECT_EQ(encode("unx a"), (std::vector<int32_t>{0, 7}));
}

TEST_F(WordPieceTest, SplitsAtPunctuation) { EXPECT_EQ(encode("a!!un"), (std::vector<int32_t>{7, 5, 5, 1})); }

TEST_F(WordPieceTest, AWordBeyondTheLongestLengthIsUnknown) {
  EXPECT_EQ(encode(std::string(100, 'a')).size(), 100u);
  EXPECT_EQ(encode(std::string(101, 'a')), (std::vector<int32_t>{0}));
}

TEST_F(WordPieceTest, AMissingUnknownTokenIsNamed) {
  try {
    encode("a", {.unk_token = "<unk>"});
    FAIL() << "nothing was thrown";
  } catch (const Corrupt& e) {
    EXPECT_NE(std::string(e.what()).find("'<unk>' is missing"), std::string::npos) << e.what();
  }
}

TEST(WordPieceDecodeTest, GluesContinuedPiecesAndCleansPunctuation) {
  EXPECT_EQ(decode_wordpiece({"un", "##able", ",", "红", "'s", "."}, {}), "unable, 红's.");
  EXPECT_EQ(decode_wordpiece({"a", ",", "##b"}, {.cleanup = false}), "a ,b");
}

}  // namespace
}  // namespace vitrine::text
