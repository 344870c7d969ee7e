#include "base/log.h"

#include <gtest/gtest.h>

namespace vitrine {
namespace {

TEST(LogTest, ControlCharactersAreWrittenAsCodes) {
  EXPECT_EQ(printable("a\x1b[31mb\x7f\r"), "a\\x1b[31mb\\x7f\\x0d");
  EXPECT_EQ(printable("\xc2\x9b" "31m"), "\\xc2\\x9b31m");  // C1 control sequence introducer
  EXPECT_EQ(printable("two\nlines\tand 裙€😀"), "two\nlines\tand 裙€😀");
}

TEST(LogTest, BytesThatAreNoUtf8AreWrittenAsCodes) {
  EXPECT_EQ(printable("\xff裙\xe8\xa3"), "\\xff裙\\xe8\\xa3");
}

TEST(LogTest, AnExceptionKnowsWhereItWasThrown) {
  try {
    throw NotFound("x");
  } catch (const Error& e) {
    EXPECT_TRUE(std::string(e.where().file_name()).ends_with("log_test.cpp"));
  }
}

}  // namespace
}  // namespace vitrine
