// base/html_report.h - one self-contained HTML page: headings, tables, charts and texts that fold.
//
// No script, no outside file; light and dark follow the reader's system. Everything but raw() is escaped.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/svg_chart.h"

namespace vitrine {

class HtmlReport {
 public:
  using Series = ChartSeries;  // {name, points}
  using Bars = ChartBars;      // {name, values}

  /// lang: of the page's words, "zh-CN" or "en".
  explicit HtmlReport(std::string title, std::string lang = "zh-CN");

  void heading(std::string_view text);     // a section
  void subheading(std::string_view text);  // a part of a section
  void paragraph(std::string_view text);
  /// A paragraph that stands out: a warning or a missed target.
  void notice(std::string_view text);
  void list(const std::vector<std::string>& points);

  /// Cells that are numbers are set to the right. A short row is filled with empty cells.
  /// Throws InvalidInput for a row that is longer than the header.
  void table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows);

  void line_chart(const std::string& title, const std::string& x_label, const std::string& y_label, const std::vector<Series>& series);
  void bar_chart(const std::string& title, const std::vector<std::string>& labels, const std::vector<double>& values);
  void grouped_bar_chart(const ChartLabels& chart, const std::vector<std::string>& labels, const std::vector<Bars>& groups);
  /// Counts of `values` in `bins` >= 1 equal bins between the least and the greatest.
  void histogram(const std::string& title, const std::string& x_label, const std::vector<double>& values, int bins = 20);

  /// Folded until the reader opens it: a text as it is (line ends kept), or everything up to end_details.
  void raw_text(std::string_view summary, std::string_view text);
  void begin_details(std::string_view summary);
  void end_details();

  /// HTML of the caller's own making, not escaped.
  void raw(std::string_view html);

  /// The whole page.
  std::string html() const;

 private:
  std::string title_;
  std::string lang_;
  std::string body_;
};

}  // namespace vitrine
