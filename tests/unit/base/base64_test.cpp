#include "base/base64.h"

#include <gtest/gtest.h>

namespace vitrine {
namespace {

// The vectors of RFC 4648, section 10.
TEST(Base64Test, TextsOfTheRfcGoThereAndBack) {
  const std::pair<const char*, const char*> rows[] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"},
                                                      {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : rows) {
    EXPECT_EQ(base64(bytes), text);
    EXPECT_EQ(from_base64(text), bytes);
  }
}

TEST(Base64Test, BothAlphabetsAreRead) {
  const std::string bytes = "\xfb\xff\xfe";
  EXPECT_EQ(from_base64("+//+"), bytes);
  EXPECT_EQ(from_base64("-__-"), bytes);
}

TEST(Base64Test, OtherTextsAreNoBytes) {
  for (const char* text : {"Zg=", "Zg", "Z===", "Zm 9", "Zg==Zg==", "图图"}) EXPECT_FALSE(from_base64(text)) << text;
}

}  // namespace
}  // namespace vitrine
