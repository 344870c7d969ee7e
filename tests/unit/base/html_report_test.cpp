#include "base/html_report.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"

namespace vitrine {
namespace {

size_t count(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++found;
  return found;
}

TEST(HtmlReportTest, EverythingButRawIsEscaped) {
  HtmlReport report("a<b", "en");
  report.heading("<i>");
  report.paragraph("x & \"y\"");
  report.table({"<th>"}, {{"<UNK>"}});
  report.raw_text("s<", "<script>alert(1)</script>");
  report.bar_chart("<bar>", {"<l>"}, {1});
  report.line_chart("<line>", "<x>", "<y>", {{"<s>", {{0, 1}, {1, 2}}}});
  const std::string html = report.html();
  for (const char* bad : {"<i>", "<UNK>", "<script", "<bar>", "<l>", "<line>", "<x>", "<s>", "a<b"}) {
    EXPECT_EQ(html.find(bad), std::string::npos) << bad;
  }
  EXPECT_NE(html.find("&lt;UNK&gt;"), std::string::npos);
}

TEST(HtmlReportTest, ThePageAsksForNoOtherFile) {
  HtmlReport report("报告");
  report.line_chart("t", "x", "y", {{"s", {{0, 1}}}});
  const std::string html = report.html();
  for (const char* outside : {" src=", " href=", "url(", "@import"}) EXPECT_EQ(html.find(outside), std::string::npos) << outside;
  EXPECT_NE(html.find("lang=\"zh-CN\""), std::string::npos);
  EXPECT_NE(html.find("prefers-color-scheme:dark"), std::string::npos);
}

TEST(HtmlReportTest, NumbersAreSetToTheRightAndShortRowsFilled) {
  HtmlReport report("t");
  report.table({"name", "value", "more"}, {{"BLEU-4", "4.97 [4.80, 5.10]"}});
  EXPECT_NE(report.html().find("<td>BLEU-4</td><td class=\"n\">4.97 [4.80, 5.10]</td><td></td>"), std::string::npos);
  EXPECT_THROW(report.table({"one"}, {{"a", "b"}}), InvalidInput);
}

TEST(HtmlReportTest, AHistogramCountsEachValueOnce) {
  HtmlReport report("t");
  report.histogram("h", "x", {0, 1, 2, 3, 4}, 2);  // width 2: {0, 1} and {2, 3, 4}
  EXPECT_NE(report.html().find("<title>0: 2</title>"), std::string::npos);
  EXPECT_NE(report.html().find("<title>2: 3</title>"), std::string::npos);
}

TEST(SvgChartTest, TicksAreRoundAndEncloseTheData) {
  EXPECT_EQ(axis_ticks(0, 1, 5), (std::vector<double>{0, 0.2, 0.2 * 2, 0.2 * 3, 0.2 * 4, 1}));
  for (const auto& [low, high] : {std::pair{-3.0, 17.0}, {0.021, 0.0342}, {5.0, 5.0}, {0.0, 0.0}}) {
    const auto ticks = axis_ticks(low, high, 5);
    EXPECT_LE(ticks.front(), low + 1e-12);
    EXPECT_GE(ticks.back(), high - 1e-12);
    EXPECT_GE(ticks.size(), 2u);
    EXPECT_LE(ticks.size(), 9u);
  }
}

TEST(SvgChartTest, PointsThatAreNotFiniteAreLeftOut) {
  const std::vector<ChartSeries> series = {{"s", {{0, 1}, {1, NAN}, {2, 3}}}};
  const std::string svg = svg_line_chart({"t", "", ""}, series);
  EXPECT_EQ(count(svg, "<circle"), 2u);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  EXPECT_EQ(count(svg_line_chart({"t", "", ""}, {}), "<polyline"), 0u);
}

TEST(SvgChartTest, AGroupWithTooFewValuesIsRejected) {
  const std::vector<std::string> names = {"a", "b"};
  const std::vector<ChartBars> groups = {{"g", {1}}};
  EXPECT_THROW(svg_bar_chart({"t", "", ""}, names, groups), InvalidInput);
}

}  // namespace
}  // namespace vitrine
