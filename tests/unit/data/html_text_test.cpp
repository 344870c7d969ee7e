#include "data/html_text.h"

#include <gtest/gtest.h>

namespace vitrine::data {
namespace {

std::string cleaned(std::string text) {
  remove_unsafe_html(text);
  return text;
}

TEST(HtmlTextTest, ScriptElementsGoWithTheirText) {
  EXPECT_EQ(cleaned("真丝<script>alert(1)</script>裙"), "真丝裙");
  EXPECT_EQ(cleaned("真丝<SCRIPT src='x>y'>a<b</Script >裙"), "真丝裙");
  EXPECT_EQ(cleaned("真丝<script>alert(1)"), "真丝");
  EXPECT_EQ(cleaned("<scr<script></script>ipt>alert(1)</script>裙"), "裙");
}

TEST(HtmlTextTest, EventAttributesGoAndTheTagStays) {
  EXPECT_EQ(cleaned(R"html(<img src="a.jpg" onerror="alert(1)" alt="裙">)html"), R"(<img src="a.jpg" alt="裙">)");
  EXPECT_EQ(cleaned("<svg/onload=alert(1)>"), "<svg>");
  EXPECT_EQ(cleaned("<p ONCLICK = 'a>b' class=c>裙</p>"), "<p class=c>裙</p>");
  EXPECT_EQ(cleaned("<img src=x onerror=alert(1)"), "<img src=x");
}

TEST(HtmlTextTest, WhatCannotRunStaysAsItIs) {
  for (const char* text : {"价格<200 on=sale", "<UNK>上装 onsale=1", "<p title=\"onclick=x\">裙</p>", "<b>透气</b>", "a<b", "<", "<scripture>", "style<p once>"}) {
    EXPECT_EQ(cleaned(text), text);
  }
}

TEST(HtmlTextTest, WhatWasRemovedIsTold) {
  std::string text = "<b onclick=f()>裙</b><script>g()</script>";
  EXPECT_EQ(remove_unsafe_html(text), "onclick=f() <script>g()</script>");
  EXPECT_EQ(remove_unsafe_html(text), "");
}

}  // namespace
}  // namespace vitrine::data
