#include "text/utf8.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace vitrine::text
