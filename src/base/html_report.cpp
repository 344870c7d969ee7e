#include "base/html_report.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace vitrine {
namespace {

constexpr std::string_view kStyle = R"css(
:root{--paper:#fff;--ink:#1d232b;--soft:#5c6670;--grid:#dfe3e8;--band:#f5f7f9;--warn:#a3430a;
--c0:#2563a8;--c1:#c2571a;--c2:#2b8a57;--c3:#8a3fa0;--c4:#b08a00;--c5:#0e8a96;--c6:#b5345f;--c7:#6b7280}
@media (prefers-color-scheme:dark){:root{--paper:#14181d;--ink:#e4e8ec;--soft:#9aa5b1;--grid:#2c343d;--band:#1c2229;--warn:#f0a060;
--c0:#6fa8e8;--c1:#f0955c;--c2:#63c690;--c3:#c98ade;--c4:#dcb93c;--c5:#4cc3cf;--c6:#ec7ba0;--c7:#9aa5b1}}
*{box-sizing:border-box}
body{margin:0 auto;padding:2rem 1.25rem 4rem;max-width:68rem;background:var(--paper);color:var(--ink);
font:16px/1.65 system-ui,-apple-system,"Segoe UI","PingFang SC","Hiragino Sans GB","Noto Sans CJK SC","Microsoft YaHei",sans-serif}
h1{font-size:1.7rem;line-height:1.3;margin:0 0 1rem}h2{font-size:1.3rem;margin:2.4rem 0 .6rem;border-bottom:1px solid var(--grid);padding-bottom:.25rem}
h3{font-size:1.05rem;margin:1.6rem 0 .4rem}p{margin:.5rem 0;max-width:46rem}
.notice{border-left:4px solid var(--warn);padding:.3rem .8rem;color:var(--warn)}
.scroll{overflow-x:auto;margin:.8rem 0}table{border-collapse:collapse;font-size:.875rem;line-height:1.5}
th,td{padding:.3rem .7rem;text-align:left;vertical-align:top;border-bottom:1px solid var(--grid)}
th{color:var(--soft);font-weight:600;white-space:nowrap;border-bottom-width:2px}tbody tr:nth-child(even){background:var(--band)}
.scroll th:first-child,.scroll td:first-child{position:sticky;left:0;background:var(--paper)}
td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
figure{margin:1rem 0}.chart{width:100%;max-width:760px;height:auto;display:block}
.chart text{fill:var(--soft);font-size:12px}.chart .chart-title{fill:var(--ink);font-size:14px;font-weight:600}.grid{stroke:var(--grid)}
.legend span{margin-right:1rem;font-size:.85rem;color:var(--soft);white-space:nowrap}
.legend i{display:inline-block;width:.8em;height:.8em;margin-right:.35em;border-radius:2px}
details{margin:.6rem 0}summary{cursor:pointer;color:var(--c0)}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--band);padding:.7rem .9rem;border-radius:6px;font-size:.85rem}
)css";

/// Digits with signs, units of share and intervals: "12.3", "-0.4", "87.1 %", "4.97 [4.8, 5.1]".
bool looks_numeric(std::string_view cell) {
  bool digit = false;
  for (const char c : cell) {
    if (c >= '0' && c <= '9') digit = true;
    else if (std::string_view("+-., %[]()eE:").find(c) == std::string_view::npos) return false;
  }
  return digit;
}

std::string tagged(std::string_view tag, std::string_view text) {
  return concat("<", tag, ">", escape_html(text), "</", tag.substr(0, tag.find(' ')), ">");
}

std::string table_row(const std::vector<std::string>& cells, size_t columns) {
  std::string html = "<tr>";
  for (size_t i = 0; i < columns; ++i) {
    const std::string_view cell = i < cells.size() ? std::string_view(cells[i]) : "";
    html += tagged(looks_numeric(cell) ? "td class=\"n\"" : "td", cell);
  }
  return html + "</tr>\n";
}

}  // namespace

HtmlReport::HtmlReport(std::string title, std::string lang) : title_(std::move(title)), lang_(std::move(lang)) {}

void HtmlReport::heading(std::string_view text) { body_ += tagged("h2", text) + "\n"; }
void HtmlReport::subheading(std::string_view text) { body_ += tagged("h3", text) + "\n"; }
void HtmlReport::paragraph(std::string_view text) { body_ += tagged("p", text) + "\n"; }
void HtmlReport::notice(std::string_view text) { body_ += tagged("p class=\"notice\"", text) + "\n"; }

void HtmlReport::list(const std::vector<std::string>& points) {
  body_ += "<ul>\n";
  for (const auto& point : points) body_ += tagged("li", point) + "\n";
  body_ += "</ul>\n";
}

void HtmlReport::table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows) {
  body_ += "<div class=\"scroll\"><table><thead><tr>";
  for (const auto& name : header) body_ += tagged("th", name);
  body_ += "</tr></thead><tbody>\n";
  for (const auto& row : rows) {
    VITRINE_REQUIRE(row.size() <= header.size(), "[HtmlReport::table] row: expected at most ", header.size(), " cells, got ", row.size());
    body_ += table_row(row, header.size());
  }
  body_ += "</tbody></table></div>\n";
}

void HtmlReport::line_chart(const std::string& title, const std::string& x_label, const std::string& y_label,
                            const std::vector<Series>& series) {
  body_ += svg_line_chart({title, x_label, y_label}, series);
}

void HtmlReport::bar_chart(const std::string& title, const std::vector<std::string>& labels, const std::vector<double>& values) {
  grouped_bar_chart({title, "", ""}, labels, {{"", values}});
}

void HtmlReport::grouped_bar_chart(const ChartLabels& chart, const std::vector<std::string>& labels, const std::vector<Bars>& groups) {
  body_ += svg_bar_chart(chart, labels, groups);
}

void HtmlReport::histogram(const std::string& title, const std::string& x_label, const std::vector<double>& values, int bins) {
  VITRINE_REQUIRE(bins >= 1, "[HtmlReport::histogram] bins: expected >= 1, got ", bins);
  std::vector<std::string> labels;
  std::vector<double> counts;
  if (!values.empty()) {
    const auto [least, greatest] = std::minmax_element(values.begin(), values.end());
    const double low = *least, width = *greatest > low ? (*greatest - low) / bins : 1;
    counts.assign(static_cast<size_t>(bins), 0);
    for (const double value : values) counts[static_cast<size_t>(std::min<double>(bins - 1, std::floor((value - low) / width)))] += 1;
    for (int i = 0; i < bins; ++i) labels.push_back(format_number(low + width * i));
  }
  grouped_bar_chart({title, x_label, ""}, labels, {{"", counts}});
}

void HtmlReport::raw_text(std::string_view summary, std::string_view text) {
  begin_details(summary);
  body_ += tagged("pre", text) + "\n";
  end_details();
}

void HtmlReport::begin_details(std::string_view summary) { body_ += "<details>" + tagged("summary", summary) + "\n"; }
void HtmlReport::end_details() { body_ += "</details>\n"; }
void HtmlReport::raw(std::string_view html) { body_ += html; }

std::string HtmlReport::html() const {
  return concat("<!DOCTYPE html>\n<html lang=\"", escape_html(lang_), "\">\n<head>\n<meta charset=\"utf-8\">\n",
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n",
                tagged("title", title_), "\n<style>", kStyle, "</style>\n</head>\n<body>\n", tagged("h1", title_), "\n", body_, "</body>\n</html>\n");
}

}  // namespace vitrine
