// The evaluation as JSON, as a page and as a table for the terminal.
#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <set>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/html_report.h"
#include "base/utc_time.h"
#include "data/advertisegen.h"
#include "recipes/evaluate_copy.h"
#include "text/utf8.h"

namespace vitrine::recipes {
namespace {

using eval::Metric;
using eval::MetricValue;
using eval::MetricValues;
using eval::SystemReport;

Json number_or_null(double value) { return std::isnan(value) ? Json(nullptr) : Json(value); }

Json json_of(const MetricValues& values) {
  Json json = Json::object();
  for (size_t m = 0; m < eval::kNumMetrics; ++m) {
    const MetricValue& value = values[m];
    Json one = {{"value", number_or_null(value.value)}, {"low", number_or_null(value.interval.low)}, {"high", number_or_null(value.interval.high)}, {"n", value.n}};
    if (!value.by_run.empty()) {
      one["by_run"] = value.by_run;
      one["spread"] = value.spread;
    }
    json[eval::metric_info(static_cast<Metric>(m)).name] = std::move(one);
  }
  return json;
}

std::string texts_sha256(const eval::SystemRun& run) {
  std::string all;
  for (const auto& text : run.texts) all += text + "\n";
  return sha256_hex(all);
}

double length_quantile(const SystemReport& report, double share) {
  std::vector<double> lengths = report.lengths;
  std::sort(lengths.begin(), lengths.end());
  return eval::quantile(lengths, share);
}

Json json_of(const CopyEvaluation& evaluation, size_t system_idx) {
  const SystemReport& report = evaluation.reports[system_idx];
  Json json = {{"name", report.name}, {"runs", Json::array()}};
  for (const auto& run : evaluation.systems[system_idx].runs) json["runs"].push_back({{"label", run.label}, {"texts_sha256", texts_sha256(run)}});
  json["all"] = json_of(report.all);
  json["single_inputs"] = json_of(report.single);
  json["length_p10"] = length_quantile(report, 0.1);
  json["length_p90"] = length_quantile(report, 0.9);
  for (const auto& [key, coverage] : report.by_key) json["coverage_by_key"][key] = {{"pairs", coverage.pairs}, {"realised", coverage.realised}};
  for (const auto& target : targets_of(evaluation, report)) json["targets"].push_back({{"name", target.name}, {"met", target.met}, {"detail", target.detail}});
  return json;
}

Json definitions_json() {
  Json definitions = Json::object();
  for (size_t m = 0; m < eval::kNumMetrics; ++m) {
    const auto& info = eval::metric_info(static_cast<Metric>(m));
    definitions[info.name] = {{"unit", info.unit}, {"definition", info.definition}};
  }
  return definitions;
}

std::string cell(Metric metric, const MetricValue& value) {
  std::string text = eval::format_metric(metric, value.value);
  if (std::isnan(value.value)) return text;
  text += " [" + eval::format_metric(metric, value.interval.low) + ", " + eval::format_metric(metric, value.interval.high) + "]";
  if (!value.by_run.empty()) text += " ±" + format_number(std::round(value.spread * 1000) / 1000);
  return text;
}

/// All but the best of n, which have charts of their own.
std::vector<std::reference_wrapper<const SystemReport>> shown_reports(const CopyEvaluation& evaluation) {
  std::set<std::string> hidden;
  for (const GateRates& gate : evaluation.gates) {
    for (const GateRate& rate : gate.rates) hidden.insert(best_of_name(gate, rate));
  }
  std::vector<std::reference_wrapper<const SystemReport>> reports;
  for (const auto& report : evaluation.reports) {
    if (!hidden.contains(report.name)) reports.emplace_back(report);
  }
  return reports;
}

std::vector<std::string> header_of(const CopyEvaluation& evaluation, std::string first) {
  std::vector<std::string> header = {std::move(first)};
  for (const SystemReport& report : shown_reports(evaluation)) header.push_back(report.name);
  return header;
}

void add_metric_table(HtmlReport& page, const CopyEvaluation& evaluation, const MetricValues SystemReport::*part) {
  std::vector<std::vector<std::string>> rows;
  for (size_t m = 0; m < eval::kNumMetrics; ++m) {
    std::vector<std::string> row = {std::string(eval::metric_info(static_cast<Metric>(m)).title)};
    for (const SystemReport& report : shown_reports(evaluation)) row.push_back(cell(static_cast<Metric>(m), (report.*part)[m]));
    rows.push_back(std::move(row));
  }
  page.table(header_of(evaluation, "指标 metric"), rows);
}

bool is_baseline(const std::string& name) { return name == kHumanName || name == kJoinedName || name == kTemplateName || name == kRetrievalName; }

void add_targets(HtmlReport& page, const CopyEvaluation& evaluation) {
  std::vector<std::vector<std::string>> rows;
  for (const SystemReport& report : shown_reports(evaluation)) {
    if (is_baseline(report.name)) continue;
    for (const auto& target : targets_of(evaluation, report)) rows.push_back({report.name, target.name, target.met ? "达到 met" : "未达到 MISSED", target.detail});
  }
  if (rows.empty()) return;
  page.heading("目标 Targets");
  page.table({"系统 system", "目标 target", "结果", "实测 / 目标"}, rows);
}

/// The keys with most pairs, at most `limit`.
std::vector<std::string> commonest_keys(const SystemReport& report, size_t limit) {
  std::vector<std::string> keys;
  for (const auto& [key, coverage] : report.by_key) keys.push_back(key);
  std::stable_sort(keys.begin(), keys.end(), [&](const auto& a, const auto& b) { return report.by_key.at(a).pairs > report.by_key.at(b).pairs; });
  keys.resize(std::min(keys.size(), limit));
  return keys;
}

void add_coverage_by_key(HtmlReport& page, const CopyEvaluation& evaluation) {
  const auto keys = commonest_keys(evaluation.reports[0], 12);
  std::vector<HtmlReport::Bars> bars;
  for (const SystemReport& report : shown_reports(evaluation)) {
    if (report.name == kJoinedName) continue;  // always 1
    auto& one = bars.emplace_back(HtmlReport::Bars{report.name, {}});
    for (const auto& key : keys) one.values.push_back(report.by_key.at(key).share());
  }
  page.heading("各属性覆盖 Coverage by key");
  page.grouped_bar_chart({"覆盖率（字面） coverage, literal", "", "share"}, keys, bars);
  std::vector<std::vector<std::string>> rows;
  for (const auto& [key, first] : evaluation.reports[0].by_key) {
    std::vector<std::string> row = {key, std::to_string(first.pairs)};
    for (const SystemReport& report : shown_reports(evaluation)) row.push_back(format_number(std::round(1000 * report.by_key.at(key).share()) / 10));
    rows.push_back(std::move(row));
  }
  auto header = header_of(evaluation, "属性 key");
  header.insert(header.begin() + 1, "n");
  page.begin_details("全部属性 all keys (%)");
  page.table(header, rows);
  page.end_details();
}

/// Share of all rows whose value lies in each of `bins` equal steps of [0, high); the last bin takes the rest.
std::vector<std::pair<double, double>> binned(const std::vector<double>& values, double high, int bins, size_t rows) {
  std::vector<double> counts(static_cast<size_t>(bins), 0);
  for (const double value : values) counts[static_cast<size_t>(std::min<double>(bins - 1, value / high * bins))] += 1;
  std::vector<std::pair<double, double>> points;
  for (int i = 0; i < bins; ++i) points.emplace_back((i + 0.5) * high / bins, counts[static_cast<size_t>(i)] / static_cast<double>(rows));
  return points;
}

/// Share of all rows with a value <= x.
std::vector<std::pair<double, double>> cumulative(const std::vector<double>& values, size_t rows) {
  std::vector<std::pair<double, double>> points;
  for (int step = 0; step <= 20; ++step) {
    const double x = step / 20.0;
    const auto below = std::count_if(values.begin(), values.end(), [x](double value) { return value <= x; });
    points.emplace_back(x, static_cast<double>(below) / static_cast<double>(rows));
  }
  return points;
}

void add_curves(HtmlReport& page, const CopyEvaluation& evaluation) {
  std::vector<HtmlReport::Series> reached, histogram, lengths;
  double longest = 1;
  for (const SystemReport& report : shown_reports(evaluation)) longest = std::max(longest, length_quantile(report, 0.99));
  for (const SystemReport& report : shown_reports(evaluation)) {
    lengths.push_back({report.name, binned(report.lengths, std::ceil(longest / 10) * 10, 20, evaluation.num_rows)});
    if (report.name == kJoinedName) continue;
    reached.push_back({report.name, cumulative(report.point_offsets, evaluation.num_rows)});
    histogram.push_back({report.name, binned(report.point_offsets, 1, 10, evaluation.num_rows)});
  }
  page.heading("独特卖点位置 Where the distinctive point stands");
  page.paragraph("独特卖点：该商品在训练集中文档频率最低的取值。曲线为在相对位置 x 之前已提到它的商品占比。 Share of all rows that have named it by relative offset x.");
  page.line_chart("累计 cumulative", "相对位置 offset", "share of rows", reached);
  page.line_chart("分布 histogram", "相对位置 offset", "share of rows", histogram);
  page.heading("长度 Length");
  page.line_chart("长度分布 length histogram", "字数 characters", "share of rows", lengths);
}

void add_side_by_side(HtmlReport& page, const CopyEvaluation& evaluation) {
  const size_t shown = std::min(static_cast<size_t>(evaluation.config.side_by_side), evaluation.num_rows);
  if (shown == 0) return;
  page.heading(concat("并排文案 Texts side by side (", shown, ")"));
  for (size_t i = 0; i < shown; ++i) {
    const size_t row = i * evaluation.num_rows / shown;
    std::vector<std::vector<std::string>> texts;
    for (const SystemReport& report : shown_reports(evaluation)) texts.push_back({report.name, report.texts[row]});
    page.begin_details(concat(evaluation.products[row].id, "  ", data::raw_content(evaluation.products[row])));
    page.table({"系统 system", "文案 text"}, texts);
    page.end_details();
  }
}

void add_definitions(HtmlReport& page) {
  std::vector<std::vector<std::string>> rows;
  for (size_t m = 0; m < eval::kNumMetrics; ++m) {
    const auto& info = eval::metric_info(static_cast<Metric>(m));
    rows.push_back({std::string(info.title), std::string(info.unit), std::string(info.definition)});
  }
  page.heading("定义 Definitions");
  page.paragraph("文本按 NFC 归一、去空白后的码点计算。 Text counts as code points after NFC, white space removed.");
  page.begin_details("全部定义 all definitions");
  page.table({"指标 metric", "单位 unit", "definition"}, rows);
  page.end_details();
}

void add_summary(HtmlReport& page, const CopyEvaluation& evaluation) {
  page.paragraph(concat("评测集 set: ", evaluation.set_file.path, "，n = ", evaluation.num_rows, "，不同输入 distinct inputs ", evaluation.num_inputs,
                        "，输入只出现一次 single inputs ", evaluation.num_single, "。训练集 train: ", evaluation.train_file.path, "，n = ", evaluation.num_train, "。"));
  page.paragraph(concat("区间 interval: 95 % bootstrap，按商品重采样 over products，", evaluation.config.resamples, " resamples，seed ", evaluation.config.seed,
                        "。± 为多个解码种子间的标准差 standard deviation over decoding seeds。distinct-4 的区间按重采样均值平移 shifted by the resamples' bias。"));
  page.paragraph(concat("稀有 rare: 训练文档频率 train document frequency <= ", format_number(evaluation.rare_df), "（按使用 by use: <= ", format_number(evaluation.rare_df_by_use), "）。"));
  const auto& leakage = evaluation.leakage;
  const std::string text = concat("泄漏检查 leakage: 相同行 rows ", leakage.rows, "，相同文案 texts ", leakage.texts, "，相同输入 inputs ", leakage.inputs, "。");
  leakage.rows + leakage.texts > 0 ? page.notice(text) : page.paragraph(text);
}

std::string outputs_jsonl(const CopyEvaluation& evaluation) {
  std::string lines;
  for (const auto& system : evaluation.systems) {
    for (const auto& run : system.runs) {
      for (size_t row = 0; row < run.texts.size(); ++row) {
        lines += dump_line({{"system", system.name}, {"run", run.label}, {"id", evaluation.products[row].id}, {"text", run.texts[row]}, {"sha256", sha256_hex(run.texts[row])}}) + "\n";
      }
    }
  }
  return lines;
}

std::string padded(std::string text, size_t width) {
  const size_t have = text::count_code_points(text);
  return have < width ? std::string(width - have, ' ') + text : text;
}

/// copy-mini (int8): human copies in its prompt format: perplexity 38.21 of 40213 tokens, 2.7071 nats a character
std::string words_of(const ModelFit& fit) {
  const auto fixed = [](double value, int decimals) {
    char text[32];
    std::snprintf(text, sizeof text, "%.*f", decimals, value);
    return std::string(text);
  };
  return concat(fit.name, " (", fit.dtype, "): human copies in its prompt format: perplexity ", fixed(fit.perplexity(), 3), " of ", fit.tokens,
                " tokens, ", fixed(fit.nats_per_character(), 4), " nats a character");
}

constexpr Metric kShownOfAttached[] = {Metric::point_mention, Metric::point_offset, Metric::point_in_first_sentence, Metric::coverage, Metric::bleu_4, Metric::distinct_4, Metric::repetition_4, Metric::catalogue_self_similarity, Metric::mean_length};

void add_gate(HtmlReport& page, const GateRates& gate) {
  const auto percent = [](double share) {
    char text[16];
    std::snprintf(text, sizeof text, "%.1f", 100 * share);
    return std::string(text);
  };
  page.heading("检查前后 Before and after the checks (% of products)");
  std::vector<std::vector<std::string>> rows;
  for (const GateRate& rate : gate.rates) {
    rows.push_back({std::to_string(rate.n), percent(rate.unsupported_before),
                    percent(rate.unsupported_after), percent(rate.banned_before),
                    percent(rate.banned_after), percent(rate.empty_after)});
  }
  page.table({"n", "无依据 前 unsupported before", "后 after", "禁用语 前 banned before", "后 after", "无可用 none left"}, rows);
  page.paragraph(concat("候选 candidates ", gate.candidates, "，去掉 dropped ", gate.dropped, "，避开禁用词而保住 saved ", gate.saved));
}

/// The metrics of the best of n against n, one chart a metric with a curve for each model; the ranking model's own score last.
void add_best_of_n(HtmlReport& page, const CopyEvaluation& evaluation) {
  if (evaluation.gates.empty()) return;
  page.heading("取 n 条中最好的一条 Best of n");
  page.paragraph("检查之后的成品；n 越大，排序（规则与排序模型）挑选的余地越大。 Texts after the checks: the more candidates, the more the order has to choose from.");
  const auto chart = [&](const std::string& title, const auto& value_at) {
    std::vector<HtmlReport::Series> series;
    for (const GateRates& gate : evaluation.gates) {
      auto& one = series.emplace_back(HtmlReport::Series{gate.name, {}});
      for (const GateRate& rate : gate.rates) one.points.emplace_back(rate.n, value_at(gate, rate));
    }
    page.line_chart(title, "n", "", series);
  };
  for (const Metric metric : {Metric::point_mention, Metric::point_offset, Metric::point_in_first_sentence, Metric::coverage, Metric::bleu_4, Metric::distinct_4, Metric::repetition_4}) {
    chart(std::string(eval::metric_info(metric).title), [&](const GateRates& gate, const GateRate& rate) {
      const auto* report = evaluation.find(best_of_name(gate, rate));
      return report == nullptr ? std::nan("") : report->all[static_cast<size_t>(metric)].value;
    });
  }
  const bool scored = std::any_of(evaluation.gates.begin(), evaluation.gates.end(), [](const GateRates& gate) { return !std::isnan(gate.rates.front().ranker); });
  if (scored) chart("排序模型的分 score of the ranking model", [](const GateRates&, const GateRate& rate) { return rate.ranker; });
}

void add_attached(HtmlReport& page, const AttachedEvaluation& attached) {
  page.heading(attached.title);
  page.paragraph(concat("另一次评测 another evaluation: n = ", attached.num_rows));
  std::vector<std::string> header = {"系统 system"};
  for (const Metric metric : kShownOfAttached) header.emplace_back(eval::metric_info(metric).title);
  std::vector<std::vector<std::string>> rows;
  for (const auto& system : attached.systems) {
    auto& row = rows.emplace_back(std::vector<std::string>{system.name});
    for (const Metric metric : kShownOfAttached) row.push_back(cell(metric, system.values[static_cast<size_t>(metric)]));
  }
  page.table(header, rows);
}

}  // namespace

Json metrics_json(const CopyEvaluation& evaluation) {
  const auto& leakage = evaluation.leakage;
  Json json = {{"kind", "copy_evaluation"},
               {"set", {{"file", evaluation.set_file.path}, {"sha256", evaluation.set_file.sha256}, {"rows", evaluation.num_rows}, {"distinct_inputs", evaluation.num_inputs}, {"single_inputs", evaluation.num_single}}},
               {"train", {{"file", evaluation.train_file.path}, {"sha256", evaluation.train_file.sha256}, {"rows", evaluation.num_train}, {"rare_df", evaluation.rare_df}, {"rare_df_by_use", evaluation.rare_df_by_use}}},
               {"leakage", {{"rows", leakage.rows}, {"texts", leakage.texts}, {"inputs", leakage.inputs}}},
               {"bootstrap", {{"unit", "product"}, {"resamples", evaluation.config.resamples}, {"level", 0.95}, {"seed", evaluation.config.seed}}},
               {"definitions", definitions_json()},
               {"fits", Json::array()},
               {"gates", Json::array()},
               {"systems", Json::array()}};
  for (const ModelFit& fit : evaluation.fits) {
    json["fits"].push_back({{"model", fit.name},
                            {"dtype", fit.dtype},
                            {"tokens", fit.tokens},
                            {"characters", fit.characters},
                            {"perplexity", fit.perplexity()},
                            {"nats_per_character", fit.nats_per_character()}});
  }
  for (const GateRates& gate : evaluation.gates) json["gates"].push_back(to_json(gate));
  for (size_t i = 0; i < evaluation.reports.size(); ++i) json["systems"].push_back(json_of(evaluation, i));
  return json;
}

std::string report_html(const CopyEvaluation& evaluation) {
  HtmlReport page("文案评测 Copy evaluation");
  add_summary(page, evaluation);
  page.heading(concat("全部行 All rows (n = ", evaluation.num_rows, ")"));
  add_metric_table(page, evaluation, &SystemReport::all);
  page.heading(concat("输入只出现一次的行 Rows whose input occurs once (n = ", evaluation.num_single, ")"));
  if (evaluation.num_single > 0) add_metric_table(page, evaluation, &SystemReport::single);
  for (const ModelFit& fit : evaluation.fits) page.paragraph(words_of(fit));
  for (const GateRates& gate : evaluation.gates) add_gate(page, gate);
  add_best_of_n(page, evaluation);
  for (const auto& attached : evaluation.attached) add_attached(page, attached);
  add_targets(page, evaluation);
  add_curves(page, evaluation);
  add_coverage_by_key(page, evaluation);
  add_side_by_side(page, evaluation);
  add_definitions(page);
  return page.html();
}

std::string terminal_table(const CopyEvaluation& evaluation) {
  constexpr size_t kFirst = 26;
  std::string table = std::string(kFirst, ' ');
  for (const SystemReport& report : shown_reports(evaluation)) table += "  " + padded(report.name, 24);
  table += "\n";
  for (size_t m = 0; m < eval::kNumMetrics; ++m) {
    const std::string name(eval::metric_info(static_cast<Metric>(m)).name);
    table += name + std::string(name.size() < kFirst ? kFirst - name.size() : 0, ' ');
    for (const SystemReport& report : shown_reports(evaluation)) table += "  " + padded(cell(static_cast<Metric>(m), report.all[m]), 24);
    table += "\n";
  }
  for (const ModelFit& fit : evaluation.fits) table += "\n" + words_of(fit) + "\n";
  for (const GateRates& gate : evaluation.gates) table += "\n" + to_table(gate);
  return table;
}

void write_evaluation(const CopyEvaluation& evaluation, const std::filesystem::path& place) {
  ArtefactFolder folder(place, kCopyEvaluationKind);
  const std::filesystem::path& output = folder.path();
  write_file_atomic(output / "outputs.jsonl", outputs_jsonl(evaluation));
  write_file_atomic(output / "metrics.json", dump_pretty(metrics_json(evaluation)));
  write_file_atomic(output / "report.html", report_html(evaluation));
  Json manifest = manifest_of(kCopyEvaluationKind);
  manifest.update({{"verb", "evaluate copy"}, {"date", to_iso_time(system_utc_clock()())}, {"hardware_threads", std::thread::hardware_concurrency()}, {"seed", evaluation.config.seed},
                   {"config", config_to_json(evaluation.config)}, {"set", evaluation.set_file.sha256}, {"train", evaluation.train_file.sha256}});
  write_file_atomic(output / kManifestName, dump_pretty(manifest));
  folder.commit();
}

}  // namespace vitrine::recipes
