#include "text/added_tokens.h"

#include <gtest/gtest.h>

namespace vitrine::text {
namespace {

/// Pieces joined by '|', added tokens in brackets.
std::string split(std::vector<AddedToken> tokens, std::string_view text) {
  std::vector<std::string> contents;
  for (AddedToken& token : tokens) {
    token.id = static_cast<int32_t>(contents.size());
    contents.push_back(token.content);
  }
  std::vector<Piece> pieces;
  AddedTokenSplitter(tokens, contents).split(text, pieces);
  std::string shown;
  for (const Piece& piece : pieces) {
    if (!shown.empty()) shown += '|';
    shown += piece.id >= 0 ? "[" + std::string(piece.text) + "]" : std::string(piece.text);
  }
  return shown;
}

TEST(AddedTokensTest, TheLongestOfThoseThatStartLeftmostWins) {
  EXPECT_EQ(split({{.content = "连衣"}, {.content = "连衣裙"}, {.content = "衣裙子"}}, "红连衣裙子"), "红|[连衣裙]|子");
}

TEST(AddedTokensTest, NeighboursLeaveNoEmptyPieceBetween) {
  EXPECT_EQ(split({{.content = "ab"}}, "abab"), "[ab]|[ab]");
  EXPECT_EQ(split({{.content = "ab"}}, ""), "");
}

TEST(AddedTokensTest, StrippingTakesWhiteSpaceOfItsSideOnly) {
  EXPECT_EQ(split({{.content = "<m>", .lstrip = true}}, "a  <m> b"), "a|[  <m>]| b");
  EXPECT_EQ(split({{.content = "<m>", .rstrip = true}}, "a <m>\u3000\nb"), "a |[<m>\u3000\n]|b");
  EXPECT_EQ(split({{.content = "<m>", .lstrip = true, .rstrip = true}}, "<m> <m>"), "[<m> ]|[<m>]");
}

TEST(AddedTokensTest, ASingleWordStandsBetweenNonWordCharacters) {
  const std::vector<AddedToken> slot = {{.content = "slot", .single_word = true}};
  EXPECT_EQ(split(slot, "a slot, slots aslot 红slot slot_"), "a |[slot]|, slots aslot 红slot slot_");
  EXPECT_EQ(split(slot, "slot"), "[slot]");
}

}  // namespace
}  // namespace vitrine::text
