// base/svg_chart.h - line and bar charts as SVG text that takes its colours from the page.
//
// Colours are CSS variables (--ink, --grid, --c0 … --c7), so a chart follows the page's light or dark scheme.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vitrine {

/// `text` with & < > " ' escaped; control characters that XML forbids are dropped.
std::string escape_html(std::string_view text);

struct ChartSeries {
  std::string name;
  std::vector<std::pair<double, double>> points;  // x, y; drawn in this order
};

struct ChartBars {
  std::string name;
  std::vector<double> values;  // one for each label
};

struct ChartLabels {
  std::string title, x_label, y_label;
};

/// Points that are not finite are left out; no points give a chart that says so.
std::string svg_line_chart(const ChartLabels& labels, std::span<const ChartSeries> series);

/// Groups of bars, one group for each label; the axis starts at 0.
/// Throws InvalidInput when a group's values and the labels differ in number.
std::string svg_bar_chart(const ChartLabels& labels, std::span<const std::string> names, std::span<const ChartBars> groups);

/// About `count` round numbers (1, 2, 5 times a power of ten) from at most `low` to at least `high`.
std::vector<double> axis_ticks(double low, double high, int count);

/// A number for people: at most 4 significant digits, no trailing zeros.
std::string format_number(double value);

}  // namespace vitrine
