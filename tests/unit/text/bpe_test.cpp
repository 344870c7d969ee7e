#include "text/bpe.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "base/random.h"
#include "text/byte_level.h"
#include "text/clip_words.h"

namespace vitrine::text {
namespace {

Vocabulary byte_vocabulary(std::initializer_list<std::string> more) {
  Vocabulary vocabulary;
  for (size_t byte = 0; byte < 256; ++byte) vocabulary.add(byte_symbol_texts()[byte], static_cast<int32_t>(byte), "test");
  for (const std::string& token : more) vocabulary.add(token, vocabulary.size(), "test");
  return vocabulary;
}

const std::vector<Merge> kMerges = {{"b", "a"}, {"a", "b"}, {"ba", "ba"}, {"a", "a"}, {"aa", "b"}, {"baba", "a"}};

/// The definition, slowly: merge the lowest rank, leftmost, until none is left.
std::vector<std::string> merged_slowly(const std::string& word) {
  std::vector<std::string> parts;
  for (const char c : word) parts.emplace_back(1, c);
  while (true) {
    size_t best_rank = kMerges.size();
    size_t best = 0;
    for (size_t i = 0; i + 1 < parts.size(); ++i) {
      const auto rank = static_cast<size_t>(std::find(kMerges.begin(), kMerges.end(), Merge(parts[i], parts[i + 1])) - kMerges.begin());
      if (rank < best_rank) {
        best_rank = rank;
        best = i;
      }
    }
    if (best_rank == kMerges.size()) return parts;
    parts[best] += parts[best + 1];
    parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(best) + 1);
  }
}

TEST(BpeTest, ScanAndHeapBothGiveWhatTheDefinitionGives) {
  const Vocabulary vocabulary = byte_vocabulary({"ba", "ab", "baba", "aa", "aab", "babaa"});
  const BpeModel model(vocabulary, kMerges, {}, "test");
  RandomStream random(RandomKey(7));
  for (size_t length = 1; length < 130; ++length) {
    std::string word;
    for (size_t i = 0; i < length; ++i) word += "aab"[random.below(3)];
    std::vector<int32_t> ids;
    model.encode_word(word, ids);
    std::vector<std::string> parts;
    for (const int32_t id : ids) parts.push_back(vocabulary.token(id));
    ASSERT_EQ(parts, merged_slowly(word)) << word;
    std::vector<int32_t> again;
    model.encode_word(word, again);  // from the cache
    ASSERT_EQ(again, ids);
  }
}

TEST(BpeTest, AMergeWithoutTokenIsAMismatch) {
  const Vocabulary vocabulary = byte_vocabulary({});
  try {
    BpeModel(vocabulary, std::vector<Merge>{{"a", "b"}}, {}, "merges.txt");
    FAIL() << "nothing was thrown";
  } catch (const Corrupt& e) {
    EXPECT_STREQ(e.what(), "[load_tokenizer] TOK_MISMATCH: merges.txt merge 1: 'ab' is no token of the vocabulary");
  }
}

TEST(BpeTest, UnknownBytesAreDroppedOrReplaced) {
  Vocabulary vocabulary;
  for (const char* token : {"a", "<u>"}) vocabulary.add(token, vocabulary.size(), "test");
  const auto encode = [&](BpeConfig config) {
    std::vector<int32_t> ids;
    BpeModel(vocabulary, {}, std::move(config), "test").encode_word("axxa", ids);
    return ids;
  };
  EXPECT_EQ(encode({}), (std::vector<int32_t>{0, 0}));
  EXPECT_EQ(encode({.unk_token = "<u>"}), (std::vector<int32_t>{0, 1, 1, 0}));
  EXPECT_EQ(encode({.unk_token = "<u>", .fuse_unk = true}), (std::vector<int32_t>{0, 1, 0}));
}

std::vector<std::string> gpt2_words(std::string_view text) {
  std::vector<std::string> words;
  split_gpt2(text, [&](std::string_view word) { words.emplace_back(word); });
  return words;
}

TEST(ByteLevelTest, SplitsAsThePatternOfGpt2) {
  using Words = std::vector<std::string>;
  EXPECT_EQ(gpt2_words("it's  红裙 100%!"), (Words{"it", "'s", " ", " 红裙", " 100", "%!"}));
  EXPECT_EQ(gpt2_words("a \n b\u3000c  "), (Words{"a", " \n", " b", "\u3000", "c", "  "}));
  EXPECT_EQ(gpt2_words(" 'll'"), (Words{" '", "ll", "'"}));
  EXPECT_EQ(gpt2_words("2米，b"), (Words{"2", "米", "，", "b"}));
}

TEST(ByteLevelTest, EveryByteHasASymbolAndComesBack) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  std::string back;
  append_bytes_of_token(back, to_byte_level(all));
  EXPECT_EQ(back, all);
  EXPECT_EQ(to_byte_level(" \n"), "ĠĊ");
}

TEST(ByteLevelTest, UnfinishedSequencesBecomeOneReplacementEach) {
  EXPECT_EQ(replace_invalid_utf8("a\xE8\xA3"), "a\uFFFD");           // cut short
  EXPECT_EQ(replace_invalid_utf8("\xE8\xA3" "b"), "\uFFFDb");
  EXPECT_EQ(replace_invalid_utf8("\x80\x80"), "\uFFFD\uFFFD");       // no lead byte
  EXPECT_EQ(replace_invalid_utf8("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");  // a surrogate
  EXPECT_EQ(replace_invalid_utf8("裙\xF0\x9F\x91"), "裙\uFFFD");
}

TEST(ClipWordsTest, LowersAndSplitsDigitsOneByOne) {
  std::string text;
  normalize_clip("A\u030A  Dress\u3000's 23", text);
  EXPECT_EQ(text, "å dress 's 23");
  std::vector<std::string> words;
  split_clip(text, [&](std::string_view word) { words.emplace_back(word); });
  EXPECT_EQ(words, (std::vector<std::string>{"å", "dress", "'s", "2", "3"}));
}

}  // namespace
}  // namespace vitrine::text
