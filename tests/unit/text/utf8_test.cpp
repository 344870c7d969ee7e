#include "text/utf8.h"

#include <gtest/gtest.h>
#include <utf8proc.h>

#include <cstdlib>

namespace vitrine::text {
namespace {

TEST(Utf8Test, EveryBeginningOfACodePointIsIncompleteAndCanBecomeValid) {
  for (const char32_t c :
       {U'a', U'é', U'裙', U'\u0800', U'\ud7ff', U'\uffff', U'😀', U'\U0010ffff'}) {
    const std::string bytes = to_utf8(c);
    for (size_t size = 1; size < bytes.size(); ++size) {
      const std::string text = "裙" + bytes.substr(0, size);
      EXPECT_EQ(incomplete_tail(text), size) << "of " << bytes;
      EXPECT_TRUE(begins_valid_utf8(text)) << size << " bytes of " << bytes;
    }
    EXPECT_EQ(incomplete_tail(bytes), 0u);
    EXPECT_TRUE(begins_valid_utf8(bytes));
  }
  EXPECT_EQ(incomplete_tail(""), 0u);
  EXPECT_TRUE(begins_valid_utf8(""));
}

TEST(Utf8Test, WhatNoBytesCanMendDoesNotBeginValidUtf8) {
  for (const char* bytes : {"\x80", "\xff", "\xc0", "\xc1", "\xe0\x80", "\xf0\x80", "\xed\xa0",
                            "\xf4\x90", "\xf5", "a\xe8\xa3z", "\xe8\xa3\xe8"}) {
    EXPECT_FALSE(begins_valid_utf8(bytes)) << ::testing::PrintToString(bytes);
  }
}

/// What utf8proc says of the bytes.
bool is_valid_by_utf8proc(std::string_view bytes) {
  utf8proc_int32_t c = 0;
  while (!bytes.empty()) {
    const auto used = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(bytes.data()), static_cast<utf8proc_ssize_t>(bytes.size()), &c);
    if (used < 1) return false;
    bytes.remove_prefix(static_cast<size_t>(used));
  }
  return true;
}

TEST(Utf8Test, EverySequenceOfTwoAndThreeBytesIsJudgedAsUtf8procJudgesIt) {
  for (unsigned lead = 0x80; lead <= 0xff; ++lead) {
    for (unsigned second = 0x70; second <= 0xd0; ++second) {
      const std::string two{static_cast<char>(lead), static_cast<char>(second)};
      ASSERT_EQ(is_valid_utf8(two), is_valid_by_utf8proc(two)) << lead << " " << second;
      for (unsigned third = 0x7e; third <= 0xc2; ++third) {
        const std::string three = two + static_cast<char>(third);
        ASSERT_EQ(is_valid_utf8(three), is_valid_by_utf8proc(three)) << lead << " " << second << " " << third;
        for (const auto& [before, behind] : {std::pair{"", "裙裙裙"}, {"裙", "裙裙"}, {"裙裙", "裙"}, {"裙裙裙", ""}}) {
          const std::string among_others = before + three + behind;
          ASSERT_EQ(is_valid_utf8(among_others), is_valid_by_utf8proc(among_others)) << lead << " " << second << " " << third;
        }
        const std::string four = three + static_cast<char>(0x80 + third % 0x40);
        ASSERT_EQ(is_valid_utf8(four), is_valid_by_utf8proc(four)) << lead << " " << second << " " << third;
      }
    }
  }
}

TEST(Utf8Test, EveryCodePointHasTheNormalFormThatUtf8procGivesIt) {
  for (char32_t c = 1; c <= 0x2ffff; ++c) {
    if (c >= 0xd800 && c <= 0xdfff) continue;
    for (const std::string& text : {to_utf8(c), "\u88d9" + to_utf8(c) + "\u0301", "\u304b" + to_utf8(c) + "\u3099", "裙裙" + to_utf8(c) + "裙\u0301裙裙"}) {
      auto* expected = utf8proc_NFC(reinterpret_cast<const utf8proc_uint8_t*>(text.c_str()));
      ASSERT_EQ(nfc(text), reinterpret_cast<const char*>(expected)) << static_cast<uint32_t>(c);
      std::free(expected);
    }
  }
}

}  // namespace
}  // namespace vitrine::text
