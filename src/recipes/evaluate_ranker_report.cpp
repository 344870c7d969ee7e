// The evaluation of a ranking model as JSON, as a page and as a table for the terminal.
#include <cmath>
#include <cstdio>

#include "base/error.h"
#include "base/html_report.h"
#include "recipes/evaluate_ranker.h"
#include "text/utf8.h"

namespace vitrine::recipes {
namespace {

std::string percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", 100 * share);
  return text;
}

std::string cell(const eval::Estimate& estimate) {
  return concat(percent(estimate.value), " [", percent(estimate.interval.low), ", ",
                percent(estimate.interval.high), "]");
}

std::string plain(const eval::Estimate& estimate) {
  return concat(format_number(estimate.value), " [", format_number(estimate.interval.low), ", ",
                format_number(estimate.interval.high), "]");
}

std::string name_of(const eval::AccuracyRow& row) {
  if (row.source.empty()) return "全部 all";
  return row.type.empty() ? row.source : concat(row.source, " · ", row.type);
}

std::string title_of(const std::string& ranker) {
  if (ranker == "ranker") return "排序模型 ranker";
  if (ranker == "length") return "长度 length";
  if (ranker == "coverage") return "覆盖率 coverage";
  if (ranker == "rules") return "规则命中 rules";
  return ranker == "random" ? "随机 random" : ranker;
}

Json accuracy_json(const RankerEvaluation& evaluation) {
  Json rows = Json::array();
  for (const auto& row : evaluation.accuracy) {
    Json one = {{"source", row.source},
                {"type", row.type},
                {"pairs", row.accuracy.front().n},
                {"products", row.accuracy.front().products}};
    for (size_t r = 0; r < evaluation.rankers.size(); ++r)
      one["rankers"][evaluation.rankers[r]] = to_json(row.accuracy[r]);
    rows.push_back(std::move(one));
  }
  return rows;
}

Json calibration_json(const eval::Calibration& calibration) {
  Json bins = Json::array();
  for (const auto& bin : calibration.bins) {
    bins.push_back({{"n", bin.n},
                    {"low", bin.low},
                    {"high", bin.high},
                    {"predicted", bin.predicted},
                    {"observed", bin.observed}});
  }
  return {{"ece", to_json(calibration.ece)}, {"bins", std::move(bins)}};
}

Json definitions() {
  return {{"accuracy",
           "share of pairs with score(chosen) > score(rejected), ties 0.5; interval: percentile "
           "bootstrap over products"},
          {"margin", "score(chosen) - score(rejected)"},
          {"ece",
           "sigma(margin) as a probability; each pair in both orientations, equal-count bins; sum "
           "over bins of share * |observed - predicted|"},
          {"disagreement",
           "share of pairs that the model and the rule count order differently; 0.5 where one of "
           "them has a tie"},
          {"baselines",
           "length: code points; coverage: literal share of attribute values; rules: fewer hits of "
           "the checks; random: a draw by seed, product and text"}};
}

void add_accuracy(HtmlReport& page, const RankerEvaluation& evaluation) {
  std::vector<std::string> header = {"来源 source", "对数 pairs", "商品 products"};
  for (const auto& ranker : evaluation.rankers) header.push_back(title_of(ranker));
  std::vector<std::vector<std::string>> rows;
  for (const auto& row : evaluation.accuracy) {
    auto& cells = rows.emplace_back(
        std::vector<std::string>{name_of(row), std::to_string(row.accuracy.front().n),
                                 std::to_string(row.accuracy.front().products)});
    for (const auto& accuracy : row.accuracy) cells.push_back(cell(accuracy));
  }
  page.heading("成对准确率 Pairwise accuracy (%)");
  page.table(header, rows);
}

void add_targets(HtmlReport& page, const RankerEvaluation& evaluation) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& target : evaluation.targets())
    rows.push_back({target.name, target.met ? "达到 met" : "未达到 MISSED", target.detail});
  page.heading("目标 Targets");
  page.table({"目标 target", "结果 result", "实测 / 目标 measured / target"}, rows);
}

void add_margins(HtmlReport& page, const RankerEvaluation& evaluation) {
  page.heading("分差 Margin");
  std::vector<std::string> header = {"平均 mean"}, row = {plain(evaluation.margins.mean)};
  for (const auto& [share, value] : evaluation.margins.quantiles) {
    header.push_back(concat("p", std::lround(100 * share)));
    row.push_back(format_number(value));
  }
  page.table(header, {row});
  page.histogram("分差分布 Distribution of margins", "score(chosen) - score(rejected)",
                 evaluation.margin_of, 30);
}

void add_calibration(HtmlReport& page, const RankerEvaluation& evaluation) {
  page.heading("校准 Calibration");
  page.paragraph(
      concat("ECE ", plain(evaluation.calibration.ece),
             "。每一对正反各计一次，分箱等量 each pair in both orientations, equal-count bins."));
  HtmlReport::Series measured{"实测 observed", {}}, ideal{"理想 ideal", {{0, 0}, {1, 1}}};
  std::vector<std::vector<std::string>> rows;
  for (const auto& bin : evaluation.calibration.bins) {
    measured.points.emplace_back(bin.predicted, bin.observed);
    rows.push_back({std::to_string(bin.n), format_number(bin.low), format_number(bin.high),
                    format_number(bin.predicted), format_number(bin.observed)});
  }
  page.line_chart("可靠性 Reliability", "预测概率 predicted", "实际比例 observed",
                  {measured, ideal});
  page.table({"条数 n", "最低 low", "最高 high", "预测 predicted", "实际 observed"}, rows);
}

std::string padded(std::string text, size_t columns) {
  size_t width = 0;
  for (const char32_t c : text::to_utf32(text)) width += c >= 0x2E80 ? 2 : 1;
  return text + std::string(width < columns ? columns - width : 1, ' ');
}

}  // namespace

Json to_json(const RankerEvaluation& evaluation, const Json& manifest) {
  Json quantiles = Json::object();
  for (const auto& [share, value] : evaluation.margins.quantiles)
    quantiles[concat("p", std::lround(100 * share))] = value;
  Json json = {{"kind", kRankerEvaluationKind.name}};
  json.update(manifest);
  json["definitions"] = definitions();
  json["accuracy"] = accuracy_json(evaluation);
  json["margin"] = {{"mean", to_json(evaluation.margins.mean)},
                    {"quantiles", std::move(quantiles)}};
  json["calibration"] = calibration_json(evaluation.calibration);
  json["disagreement_with_rules"] = to_json(evaluation.disagreement);
  json["targets"] = Json::array();
  for (const auto& target : evaluation.targets())
    json["targets"].push_back(
        {{"name", target.name}, {"met", target.met}, {"detail", target.detail}});
  return json;
}

std::string to_html(const RankerEvaluation& evaluation, const Json& manifest) {
  HtmlReport page("排序模型评测 Ranking model evaluation");
  add_accuracy(page, evaluation);
  add_targets(page, evaluation);
  add_margins(page, evaluation);
  add_calibration(page, evaluation);
  page.heading("与规则不一致 Disagreement with the rules (%)");
  page.paragraph(cell(evaluation.disagreement));
  page.heading("定义 Definitions");
  std::vector<std::string> lines;
  const Json defined = definitions();
  for (const auto& [name, text] : defined.items())
    lines.push_back(concat(name, ": ", text.get<std::string>()));
  page.list(lines);
  page.raw_text("出处 Provenance", dump_pretty(manifest));
  return page.html();
}

std::string terminal_table(const RankerEvaluation& evaluation) {
  std::string table = padded("成对准确率 %", 34) + padded("对数", 8);
  for (const auto& ranker : evaluation.rankers) table += padded(title_of(ranker), 21);
  for (const auto& row : evaluation.accuracy) {
    table += "\n" + padded(name_of(row), 34) + padded(std::to_string(row.accuracy.front().n), 8);
    for (const auto& accuracy : row.accuracy) table += padded(cell(accuracy), 21);
  }
  table += concat("\n分差 ", plain(evaluation.margins.mean), "   ECE ",
                  plain(evaluation.calibration.ece), "   与规则不一致 ",
                  cell(evaluation.disagreement), "%\n");
  for (const auto& target : evaluation.targets())
    table += concat(target.met ? "达到   " : "未达到 ", target.name, "  ", target.detail, "\n");
  return table;
}

}  // namespace vitrine::recipes
