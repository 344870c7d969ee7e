#include "base/svg_chart.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/error.h"

namespace vitrine {
namespace {

constexpr double kWidth = 760, kHeight = 340;                        // user units
constexpr double kLeft = 62, kRight = 16, kTop = 40, kBottom = 64;  // margins
constexpr size_t kColours = 8;

/// Maps data to the plot area of the chart.
struct Axes {
  double x_low, x_high, y_low, y_high;
  double x(double v) const { return kLeft + (v - x_low) / (x_high - x_low) * (kWidth - kLeft - kRight); }
  double y(double v) const { return kHeight - kBottom - (v - y_low) / (y_high - y_low) * (kHeight - kTop - kBottom); }
};

std::string fixed(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", value);
  return text;
}

std::string colour(size_t series_idx) { return concat("var(--c", series_idx % kColours, ")"); }

std::string svg_text(double x, double y, std::string_view anchor, std::string_view text, std::string_view more = "") {
  return concat("<text x=\"", fixed(x), "\" y=\"", fixed(y), "\" text-anchor=\"", anchor, "\"", more, ">", escape_html(text),
                "</text>\n");
}

std::string svg_line(double x1, double y1, double x2, double y2) {
  return concat("<line class=\"grid\" x1=\"", fixed(x1), "\" y1=\"", fixed(y1), "\" x2=\"", fixed(x2), "\" y2=\"", fixed(y2), "\"/>\n");
}

std::string frame_open(const ChartLabels& labels) {
  return concat("<svg class=\"chart\" role=\"img\" aria-label=\"", escape_html(labels.title), "\" viewBox=\"0 0 ", kWidth, " ",
                kHeight, "\" xmlns=\"http://www.w3.org/2000/svg\">\n",
                svg_text(kLeft, 18, "start", labels.title, " class=\"chart-title\""),
                svg_text((kLeft + kWidth - kRight) / 2, kHeight - 8, "middle", labels.x_label),
                svg_text(14, (kTop + kHeight - kBottom) / 2, "middle", labels.y_label,
                         concat(" transform=\"rotate(-90 14 ", fixed((kTop + kHeight - kBottom) / 2), ")\"")));
}

std::string y_axis(const Axes& axes, const std::vector<double>& ticks) {
  std::string svg;
  for (const double tick : ticks) {
    svg += svg_line(kLeft, axes.y(tick), kWidth - kRight, axes.y(tick));
    svg += svg_text(kLeft - 6, axes.y(tick) + 4, "end", format_number(tick));
  }
  return svg;
}

std::string x_axis(const Axes& axes, const std::vector<double>& ticks) {
  std::string svg;
  for (const double tick : ticks) svg += svg_text(axes.x(tick), kHeight - kBottom + 16, "middle", format_number(tick));
  return svg;
}

template <typename Named>
std::string legend(std::span<const Named> series) {
  if (series.size() < 2 && (series.empty() || series[0].name.empty())) return "";
  std::string html = "<p class=\"legend\">";
  for (size_t i = 0; i < series.size(); ++i) {
    html += concat("<span><i style=\"background:", colour(i), "\"></i>", escape_html(series[i].name), "</span> ");
  }
  return html + "</p>\n";
}

std::string figure(const std::string& svg, const std::string& legend_html) {
  return "<figure>\n" + svg + "</svg>\n" + legend_html + "</figure>\n";
}

bool finite(const std::pair<double, double>& point) { return std::isfinite(point.first) && std::isfinite(point.second); }

/// Bounds of all finite points; false when there are none.
bool bounds(std::span<const ChartSeries> series, Axes& axes) {
  axes = {INFINITY, -INFINITY, INFINITY, -INFINITY};
  for (const auto& one : series) {
    for (const auto& point : one.points) {
      if (!finite(point)) continue;
      axes.x_low = std::min(axes.x_low, point.first);
      axes.x_high = std::max(axes.x_high, point.first);
      axes.y_low = std::min(axes.y_low, point.second);
      axes.y_high = std::max(axes.y_high, point.second);
    }
  }
  return axes.x_low <= axes.x_high;
}

std::string polyline(const Axes& axes, const ChartSeries& series, size_t series_idx) {
  std::string points, dots;
  const bool few = series.points.size() <= 24;
  for (const auto& point : series.points) {
    if (!finite(point)) continue;
    const std::string x = fixed(axes.x(point.first)), y = fixed(axes.y(point.second));
    points += x + "," + y + " ";
    if (few) {
      dots += concat("<circle cx=\"", x, "\" cy=\"", y, "\" r=\"3\" fill=\"", colour(series_idx), "\"><title>",
                     escape_html(series.name), " ", format_number(point.first), ": ", format_number(point.second),
                     "</title></circle>\n");
    }
  }
  return concat("<polyline fill=\"none\" stroke=\"", colour(series_idx), "\" stroke-width=\"2\" points=\"", points, "\"/>\n", dots);
}

std::string bar(double x, double width, const Axes& axes, const ChartBars& group, size_t label_idx, size_t group_idx,
                std::string_view label) {
  const double value = group.values[label_idx];
  if (!std::isfinite(value)) return "";
  const double top = std::min(axes.y(value), axes.y(0)), height = std::abs(axes.y(value) - axes.y(0));
  return concat("<rect x=\"", fixed(x), "\" y=\"", fixed(top), "\" width=\"", fixed(width), "\" height=\"", fixed(height), "\" fill=\"",
                colour(group_idx), "\"><title>", escape_html(label), group.name.empty() ? "" : " ", escape_html(group.name), ": ",
                format_number(value), "</title></rect>\n");
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&': result += "&amp;"; break;
      case '<': result += "&lt;"; break;
      case '>': result += "&gt;"; break;
      case '"': result += "&quot;"; break;
      case '\'': result += "&#39;"; break;
      default:
        if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t') result += c;
    }
  }
  return result;
}

std::vector<double> axis_ticks(double low, double high, int count) {
  if (!(high > low)) high = low + (low == 0 ? 1 : std::abs(low) * 0.1);
  const double raw = (high - low) / count;
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  double step = 10 * power;
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= raw * (1 - 1e-9)) {
      step = factor * power;
      break;
    }
  }
  std::vector<double> ticks;
  const double first = std::floor(low / step + 1e-9);
  for (double i = first; ticks.empty() || ticks.back() < high - 1e-9 * step; ++i) ticks.push_back(i * step);
  return ticks;
}

std::string format_number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value == 0 ? 0.0 : value);
  return text;
}

std::string svg_line_chart(const ChartLabels& labels, std::span<const ChartSeries> series) {
  std::string svg = frame_open(labels);
  Axes axes{};
  if (!bounds(series, axes)) return figure(svg + svg_text(kWidth / 2, kHeight / 2, "middle", "–"), legend(series));
  const auto x_ticks = axis_ticks(axes.x_low, axes.x_high, 8), y_ticks = axis_ticks(axes.y_low, axes.y_high, 5);
  axes = {x_ticks.front(), x_ticks.back(), y_ticks.front(), y_ticks.back()};
  svg += y_axis(axes, y_ticks) + x_axis(axes, x_ticks);
  for (size_t i = 0; i < series.size(); ++i) svg += polyline(axes, series[i], i);
  return figure(svg, legend(series));
}

std::string svg_bar_chart(const ChartLabels& labels, std::span<const std::string> names, std::span<const ChartBars> groups) {
  double low = 0, high = 0;
  for (const auto& group : groups) {
    VITRINE_REQUIRE(group.values.size() == names.size(), "[svg_bar_chart] ", group.name, ": expected ", names.size(),
                    " values, got ", group.values.size());
    for (const double value : group.values) {
      if (std::isfinite(value)) low = std::min(low, value), high = std::max(high, value);
    }
  }
  const auto ticks = axis_ticks(low, high, 5);
  const Axes axes{0, std::max<double>(1, static_cast<double>(names.size())), ticks.front(), ticks.back()};
  std::string svg = frame_open(labels) + y_axis(axes, ticks);
  const double slot = axes.x(1) - axes.x(0);
  const double width = slot * 0.8 / std::max<double>(1, static_cast<double>(groups.size()));
  const bool tilted = slot < 44;  // labels would run into each other
  for (size_t i = 0; i < names.size(); ++i) {
    const double left = axes.x(static_cast<double>(i)) + slot * 0.1, middle = left + slot * 0.4;
    for (size_t g = 0; g < groups.size(); ++g) svg += bar(left + width * static_cast<double>(g), width, axes, groups[g], i, g, names[i]);
    const double y = kHeight - kBottom + 16;
    svg += tilted ? svg_text(middle, y - 4, "end", names[i], concat(" transform=\"rotate(-40 ", fixed(middle), " ", fixed(y - 4), ")\""))
                  : svg_text(middle, y, "middle", names[i]);
  }
  return figure(svg, legend(groups));
}

}  // namespace vitrine
