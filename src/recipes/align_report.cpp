#include "recipes/align_report.h"

#include <cstdio>
#include <vector>

#include "base/error.h"
#include "base/html_report.h"

namespace vitrine::recipes {
namespace {

/// A number of the watch, or of its points.
struct Row {
  const char* title;
  const char* field;
  bool of_points;
  double scale;
  int decimals;
};

constexpr Row kRows[] = {
    {"独特卖点提及 % (point mention)", "point_mention", true, 100, 1},
    {"独特卖点位置 (offset)", "point_offset", true, 1, 3},
    {"独特卖点在首句 % (in the first sentence)", "point_in_first_sentence", true, 100, 1},
    {"属性覆盖 % (coverage)", "coverage", true, 100, 1},
    {"平均长度 字 (mean length)", "mean_length", false, 1, 1},
    {"重复-4 % (repetition)", "repetition_4", false, 100, 1},
    {"distinct-4", "distinct_4", false, 1, 3},
    {"与 SFT 的 KL，nat/词元 (KL to SFT)", "kl_to_sft", false, 1, 3},
    {"无依据 % (unsupported)", "unsupported", false, 100, 1},
    {"禁用语 % (banned)", "banned", false, 100, 1},
    {"排序模型与规则不一致 % (disagreement)", "disagreement", false, 100, 1},
};

std::string printed(const Json& value, double scale, int decimals) {
  if (!value.is_number()) return "-";
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", decimals, value.get<double>() * scale);
  return text;
}

const Json& value_of(const Json& watch, const Row& row) { return row.of_points ? watch.at("points").at(row.field) : watch.at(row.field); }

/// What the watch saw: of the SFT model, then of each round's.
std::vector<Json> watches(const Json& report) {
  std::vector<Json> all{report.at("start")};
  for (const auto& round : report.at("rounds")) all.push_back(round.at("watch"));
  return all;
}

std::vector<std::string> names(const Json& report) {
  std::vector<std::string> names{"SFT"};
  for (const auto& round : report.at("rounds")) names.push_back(concat("第 ", round.at("round").get<int>(), " 轮"));
  return names;
}

void add_watch(const Json& report, HtmlReport& page) {
  page.heading("每一轮的模型写出什么 (watch)");
  std::vector<std::string> header{""};
  for (const auto& name : names(report)) header.push_back(name);
  std::vector<std::vector<std::string>> rows;
  for (const Row& row : kRows) {
    rows.push_back({row.title});
    for (const auto& watch : watches(report)) rows.back().push_back(printed(value_of(watch, row), row.scale, row.decimals));
  }
  page.table(header, rows);
  page.paragraph(concat("固定的一组商品，每个商品数条，各句只抽一次、不重写、不检查；", report.at("start").at("texts").get<int64_t>(), " 条文案。"));
}

void add_alarms(const Json& report, HtmlReport& page) {
  for (const auto& round : report.at("rounds")) {
    for (const auto& alarm : round.at("watch").at("alarms")) page.notice(alarm.at("zh").get<std::string>());
  }
}

void add_curve(const Json& report, HtmlReport& page) {
  std::vector<HtmlReport::Series> series;
  for (const Row& row : kRows) {
    if (!row.of_points) continue;
    auto& one = series.emplace_back(HtmlReport::Series{row.title, {}});
    double round = 0;
    for (const auto& watch : watches(report)) {
      if (const Json& value = value_of(watch, row); value.is_number()) one.points.emplace_back(round, value.get<double>());
      round += 1;
    }
  }
  page.line_chart("独特卖点随轮次的变化（0 = SFT）", "轮次 (round)", "份额 (share)", series);
}

void add_orders(const Json& report, HtmlReport& page) {
  page.heading("每一轮排了什么 (order)");
  std::vector<std::vector<std::string>> rows;
  for (const auto& round : report.at("rounds")) {
    for (const char* which : {"all", "best"}) {
      const Json& sums = round.at("order").at(which);
      rows.push_back({concat("第 ", round.at("round").get<int>(), " 轮，", std::string_view(which) == "all" ? "全部" : "每个商品最好的一条"),
                      printed(sums.at("texts"), 1, 0), printed(sums.at("coverage"), 100, 1), printed(sums.at("point_mention"), 100, 1),
                      printed(sums.at("point_offset"), 1, 3), printed(sums.at("point_in_first_sentence"), 100, 1), printed(sums.at("mean_length"), 1, 1)});
    }
  }
  page.table({"", "文案 (texts)", "覆盖 %", "独特卖点提及 %", "位置", "在首句 %", "长度"}, rows);
}

void add_pairs(const Json& report, HtmlReport& page) {
  if (!report.contains("ranker")) return;
  page.heading("排序模型的偏好对 (pairs)");
  std::vector<std::vector<std::string>> rows;
  for (const auto& [source, count] : report.at("ranker").at("pairs").items()) rows.push_back({source, printed(count, 1, 0)});
  page.table({"来源 (source)", "对 (pairs)"}, rows);
  if (!report.at("ranker").contains("held_out_accuracy")) return;
  page.subheading("在未参与训练的商品上 (held out)");
  rows.clear();
  for (const auto& [source, accuracy] : report.at("ranker").at("held_out_accuracy").items()) {
    rows.push_back({source, printed(accuracy.at("value"), 100, 1), printed(accuracy.at("low"), 100, 1), printed(accuracy.at("high"), 100, 1), printed(accuracy.at("n"), 1, 0)});
  }
  page.table({"来源 (source)", "准确率 % (accuracy)", "下限 (low)", "上限 (high)", "对 (pairs)"}, rows);
}

void add_stages(const Json& report, HtmlReport& page) {
  page.heading("各阶段用时 (stages)");
  std::vector<std::vector<std::string>> rows;
  double sum = 0;
  const auto add = [&](const std::string& name, const Json& stage) {
    sum += stage.at("seconds").get<double>();
    rows.push_back({name, (stage.value("resumed", false) ? "> " : "") + printed(stage.at("seconds"), 1, 1)});
  };
  add("SFT 模型的检视 (watch)", report.at("start"));
  if (report.contains("ranker")) add("排序模型 (ranker)", report.at("ranker"));
  for (const auto& round : report.at("rounds")) {
    for (const auto& [stage, title] : {std::pair{"sample", "抽样 (sample)"}, {"fluency", "流畅度 (fluency)"}, {"order", "排序 (order)"}, {"tune", "调优 (tune)"}, {"watch", "检视 (watch)"}}) {
      add(concat("第 ", round.at("round").get<int>(), " 轮 ", title), round.at(stage));
    }
  }
  rows.push_back({"合计 (all)", printed(sum, 1, 1)});
  page.table({"阶段", "秒 (s)"}, rows);
  page.paragraph("> ：此阶段中断后继续，只计最后一次的时间。 Resumed after an interruption: only the time since.");
}

}  // namespace

std::string align_report_html(const Json& report) {
  HtmlReport page("对齐报告 · align copy");
  page.paragraph(concat("商品 ", report.at("products").get<int64_t>(), "，其中有可用的人写文案 ", report.at("human_copies").get<int64_t>(), "。"));
  add_watch(report, page);
  add_alarms(report, page);
  add_curve(report, page);
  add_orders(report, page);
  add_pairs(report, page);
  add_stages(report, page);
  page.raw_text("设置 (settings)", dump_pretty(report.value("settings", Json::object())));
  return page.html();
}

std::string align_table(const Json& report) {
  std::string table;
  for (const auto& name : names(report)) table += (table.empty() ? "" : " · ") + name;
  table += "\n";
  for (const Row& row : kRows) {
    table += row.title;
    for (const auto& watch : watches(report)) table += "  " + printed(value_of(watch, row), row.scale, row.decimals);
    table += "\n";
  }
  return table;
}

}  // namespace vitrine::recipes
