#include "base/python_json.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace vitrine {
namespace {

TEST(PythonJsonTest, NumbersThatAreNotFiniteAreReadAsStrings) {
  const Json json = parse_python_json(R"({"a": -Infinity, "b": [Infinity, NaN], "c": -1})", "text");
  EXPECT_EQ(json["a"], "-Infinity");
  EXPECT_EQ(json["b"][0], "Infinity");
  EXPECT_EQ(json["b"][1], "NaN");
  EXPECT_EQ(json["c"], -1);
}

TEST(PythonJsonTest, StringsStayAsTheyAre) {
  EXPECT_EQ(parse_python_json(R"({"a": "x\" NaN, \\", "b": 1})", "text")["a"], "x\" NaN, \\");
}

TEST(PythonJsonTest, WhatIsNoJsonIsRefusedWithItsPlace) {
  try {
    parse_python_json("{", "f.json");
    FAIL();
  } catch (const Corrupt& error) {
    EXPECT_NE(std::string(error.what()).find("f.json"), std::string::npos);
  }
}

}  // namespace
}  // namespace vitrine
