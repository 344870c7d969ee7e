#include "recipes/evaluate_gate.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/file_arguments.h"
#include "base/hash.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/version.h"
#include "checks/rule_set.h"
#include "copywriting/copy_model.h"
#include "copywriting/copy_writer.h"
#include "copywriting/ranking_model.h"
#include "data/import.h"
#include "data/preferences.h"
#include "eval/diversity.h"
#include "recipes/align_stages.h"
#include "recipes/blocked.h"
#include "recipes/system_texts.h"
#include "text/utf8.h"

namespace vitrine::recipes {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kVerb = "evaluate gate";
constexpr const char* kBefore = "before";
constexpr const char* kAfter = "after";

// ---- criteria

using Values = std::vector<double>;

Values values_of(std::span<const GateText> texts, double (*value)(const GateText&)) {
  Values values;
  for (const GateText& text : texts) values.push_back(value(text));
  return values;
}

double mean_of(const Values& values) {
  double sum = 0;
  int64_t n = 0;
  for (const double value : values) {
    if (std::isnan(value)) continue;
    sum += value;
    ++n;
  }
  return n == 0 ? std::nan("") : sum / static_cast<double>(n);
}

GateMeasure measure(const Values& values, const eval::Bootstrap& draws) {
  const auto left_out = std::count_if(values.begin(), values.end(), [](double value) { return std::isnan(value); });
  return {mean_of(values), draws.mean(values), static_cast<int64_t>(values.size()) - left_out};
}

/// A mean over products, and its difference on the same draws.
GateRow mean_row(const char* metric, const Values& before, const Values& after, const eval::Bootstrap& draws) {
  Values difference;
  for (size_t i = 0; i < before.size(); ++i) difference.push_back(after[i] - before[i]);
  GateRow row;
  row.metric = metric;
  row.before = measure(before, draws);
  row.after = measure(after, draws);
  row.difference = measure(difference, draws);
  return row;
}

/// 1 = the new model's text is preferred, 0.5 = a tie; NaN where neither has one.
double win_of(double before, double after) {
  if (std::isnan(before) || std::isnan(after)) return std::isnan(before) && std::isnan(after) ? std::nan("") : std::isnan(before) ? 1 : 0;
  return after == before ? 0.5 : after > before ? 1 : 0;
}

GateRow win_row(std::span<const double> before, std::span<const double> after, const eval::Bootstrap& draws) {
  Values wins;
  for (size_t i = 0; i < before.size(); ++i) wins.push_back(win_of(before[i], after[i]));
  GateRow row;
  row.metric = "win_rate";
  row.after = measure(wins, draws);
  VITRINE_REQUIRE(row.after.n > 0, "[", kVerb, "] no product for which a model has a text that the judge can read");
  row.passed = row.after.interval.low > 0.5;
  return row;
}

eval::FourGrams four_grams_of(std::span<const GateText> texts) {
  std::vector<std::u32string> code_points;
  for (const GateText& text : texts) code_points.push_back(text::metric_code_points(text.text));
  return eval::FourGrams(code_points);
}

/// Counted over all texts at once: draws repeat rows, which both models lose by alike.
GateRow distinct_row(std::span<const GateText> before, std::span<const GateText> after, const eval::Bootstrap& draws) {
  const eval::FourGrams old_grams = four_grams_of(before), new_grams = four_grams_of(after);
  const auto share = [](const eval::FourGrams& grams) { return [&grams](std::span<const uint32_t> rows) { return grams.distinct_share(rows); }; };
  const double old_share = old_grams.distinct_share(), new_share = new_grams.distinct_share();
  const auto n = static_cast<int64_t>(before.size());
  GateRow row;
  row.metric = "distinct_4";
  row.before = {old_share, draws.centred(share(old_grams), old_share), n};
  row.after = {new_share, draws.centred(share(new_grams), new_share), n};
  row.difference = {new_share - old_share,
                    draws.centred([&](std::span<const uint32_t> rows) { return new_grams.distinct_share(rows) - old_grams.distinct_share(rows); }, new_share - old_share), n};
  row.passed = row.difference->interval.high >= 0;
  return row;
}

std::vector<uint32_t> one_group_each(size_t count) {
  std::vector<uint32_t> groups(count);
  for (size_t i = 0; i < count; ++i) groups[i] = static_cast<uint32_t>(i);
  return groups;
}

// ---- what is compared

/// One of the two models.
struct GateModel {
  fs::path directory;
  std::string sha256;  // of its weights
};

GateModel open_model(const std::string& name) {
  GateModel model{copywriting::find_model(name), {}};
  copywriting::require_copy_model(model.directory);
  model.sha256 = sha256_file(model.directory / "model.safetensors");
  return model;
}

/// Always the same ones, whatever the order of the rows.
std::vector<data::Product> drawn(std::vector<data::Product> products, int count) {
  std::stable_sort(products.begin(), products.end(), [](const auto& a, const auto& b) { return data::split_position(a.id, "gate") < data::split_position(b.id, "gate"); });
  if (products.size() > static_cast<size_t>(count)) products.resize(static_cast<size_t>(count));
  return products;
}

Json to_json(const GateText& text) { return {{"text", text.text}, {"coverage", text.coverage}, {"banned", text.banned}, {"unsupported", text.unsupported}}; }

GateText gate_text_from(const Json& json) {
  return {json.at("text").get<std::string>(), json.at("coverage").get<double>(), json.at("banned").get<bool>(), json.at("unsupported").get<bool>()};
}

/// Writes with one model, as the server does but without a ranking model, which would be a judge in its own cause.
class GateWriter {
 public:
  GateWriter(const GateModel& model, const EvaluateGateRun& run, const EvaluateGateConfig& config)
      : model_(copywriting::load_copy_model(model.directory, {.threads = run.threads, .dtype = run.dtype.empty() ? copywriting::kDefaultDtype : run.dtype})),
        checked_(settings(run, config), &model_), drafts_(draft_settings(run, config), &model_) {}

  std::vector<GateText> write(std::span<const data::Product> products) {
    std::vector<GateText> texts(products.size());
    const auto written = checked_.write(products);
    const auto drafts = drafts_.write(products);
    for (size_t i = 0; i < products.size(); ++i) {
      if (!drafts[i].candidates.empty()) texts[i].unsupported = blocked(drafts[i].candidates.front()).unsupported;
      if (written[i].candidates.empty()) continue;
      const auto& best = written[i].candidates.front();
      texts[i].text = best.text;
      texts[i].coverage = best.coverage;
      texts[i].banned = blocked(best).banned;
    }
    return texts;
  }

 private:
  static copywriting::WriteConfig settings(const EvaluateGateRun& run, const EvaluateGateConfig& config) {
    copywriting::WriteConfig write;
    write.model = run.model;
    write.ranker = "";
    write.num_return_sequences = config.num_return_sequences;
    write.seed = run.seed;
    return write;
  }
  /// One draw a sentence, nothing dropped or written anew: what the model says by itself.
  static copywriting::WriteConfig draft_settings(const EvaluateGateRun& run, const EvaluateGateConfig& config) {
    copywriting::WriteConfig write = settings(run, config);
    write.num_return_sequences = write.variants = 1;
    write.retries = write.rewrites = 0;
    write.check = false;
    return write;
  }

  copywriting::CopyModel model_;
  copywriting::CopyWriter checked_, drafts_;
};

/// The writing, stage by stage.
class GateWork {
 public:
  GateWork(const EvaluateGateRun& run, const EvaluateGateConfig& config, const std::vector<data::Product>& products, const AlignStages& work)
      : run_(run), config_(config), products_(products), work_(work) {}

  std::vector<GateText> texts(const char* side, const GateModel& model) const {
    std::optional<GateWriter> writer;
    std::vector<GateText> all;
    for (int part = 0; part < kGateParts; ++part) {
      const Json stage = work_.run(concat(side, "-", part + 1), [&] {
        throw_if_interrupted("the finished stages are kept; the same command goes on");
        Json written = Json::array();
        if (const auto products = products_of(part); !products.empty()) {
          if (!writer) writer.emplace(model, run_, config_);
          for (const GateText& text : writer->write(products)) written.push_back(to_json(text));
        }
        return Json{{"texts", std::move(written)}};
      });
      for (const Json& text : stage.at("texts")) all.push_back(gate_text_from(text));
    }
    return all;
  }

  /// NaN for one that is not there or does not fit.
  Values scores(const char* side, std::span<const GateText> texts, copywriting::RankingModel& judge) const {
    Values scores(texts.size(), std::nan(""));
    std::vector<copywriting::ProductText> read;
    std::vector<size_t> places;
    for (size_t i = 0; i < texts.size(); ++i) {
      if (texts[i].text.empty() || !judge.fitting_ids(products_[i], texts[i].text)) continue;
      read.push_back({&products_[i], texts[i].text});
      places.push_back(i);
    }
    if (read.size() < texts.size()) log_warn("[", kVerb, "] ", side, ": ", texts.size() - read.size(), " products without a text that the judge can read");
    const auto found = judge.score(read);
    for (size_t i = 0; i < places.size(); ++i) scores[places[i]] = found[i];
    return scores;
  }

 private:
  std::span<const data::Product> products_of(int part) const {
    const size_t begin = products_.size() * static_cast<size_t>(part) / kGateParts, end = products_.size() * static_cast<size_t>(part + 1) / kGateParts;
    return std::span(products_).subspan(begin, end - begin);
  }

  const EvaluateGateRun& run_;
  const EvaluateGateConfig& config_;
  const std::vector<data::Product>& products_;
  const AlignStages& work_;
};

struct GateInputs {
  GateModel before, after;
  copywriting::RankingModel judge;
  std::string set_sha256;
  std::vector<data::Product> products;  // that are written for
  int64_t rows_rejected = 0;
};

GateInputs open_inputs(const EvaluateGateRun& run, const EvaluateGateConfig& config) {
  GateModel before = open_model(run.against), after = open_model(run.model);
  if (before.sha256 == after.sha256) throw UsageError(concat("--model and --against: ", after.directory.string(), " and ", before.directory.string(), " have the same weights"));
  auto judge = copywriting::RankingModel::load(copywriting::find_model(config.judge), {.threads = run.threads, .dtype = "float32"});
  auto set = data::read_products(run.set);
  if (set.report.rows_rejected > 0) data::log_table(concat("[", kVerb, "] ", run.set, ":"), set.report.table(), true);
  std::erase_if(set.products, [](const data::Product& product) { return product.attributes.empty(); });
  VITRINE_REQUIRE(!set.products.empty(), "[", kVerb, "] ", run.set, ": no product with attributes");
  auto products = drawn(std::move(set.products), config.products);
  warn_of_few(kVerb, "the two models", products.size());
  return {std::move(before), std::move(after), std::move(judge), std::move(set.sha256), std::move(products), set.report.rows_rejected};
}

/// All that the texts and figures depend on.
Json settings_of(const EvaluateGateRun& run, const EvaluateGateConfig& config, const GateInputs& inputs) {
  Json settings = config_to_json(config);
  settings.update({{"before_sha256", inputs.before.sha256}, {"after_sha256", inputs.after.sha256}, {"judge_sha256", inputs.judge.sha256()},
                   {"set_sha256", inputs.set_sha256}, {"dtype", run.dtype}, {"seed", run.seed}, {"ruleset_sha256", checks::RuleSet::shipped().sha256()},
                   {"program", program_version()}});
  return settings;
}

// ---- report

Json to_json(const GateMeasure& measure) { return {{"value", measure.value}, {"low", measure.interval.low}, {"high", measure.interval.high}, {"n", measure.n}}; }
Json to_json(const std::optional<GateMeasure>& measure) { return measure ? to_json(*measure) : Json(nullptr); }

Json rows_json(std::span<const GateRow> rows) {
  Json json = Json::array();
  for (const GateRow& row : rows) {
    json.push_back({{"metric", row.metric}, {"before", to_json(row.before)}, {"after", to_json(row.after)}, {"difference", to_json(row.difference)}, {"passed", row.passed}});
  }
  return json;
}

Json report_of(std::span<const GateRow> rows, const GateInputs& inputs, const EvaluateGateRun& run, const Json& settings) {
  return {{"kind", kGateKind.name},
          {"passed", gate_passed(rows)},
          {"rows", rows_json(rows)},
          {"before", {{"model", inputs.before.directory.string()}, {"sha256", inputs.before.sha256}}},
          {"after", {{"model", inputs.after.directory.string()}, {"sha256", inputs.after.sha256}}},
          {"judge", {{"model", inputs.judge.directory().string()}, {"sha256", inputs.judge.sha256()}}},
          {"set", {{"file", run.set}, {"sha256", inputs.set_sha256}, {"products", inputs.products.size()}}},
          {"settings", settings}};
}

std::string outputs_jsonl(const std::vector<data::Product>& products, std::span<const GateText> before, std::span<const GateText> after) {
  std::string lines;
  for (size_t i = 0; i < products.size(); ++i) {
    for (const auto& [side, text] : {std::pair(kBefore, &before[i]), std::pair(kAfter, &after[i])}) {
      lines += dump_line(Json{{"id", products[i].id}, {"system", side}, {"text", text->text}, {"sha256", sha256_hex(text->text)}}) + "\n";
    }
  }
  return lines;
}

std::string cell(const std::optional<GateMeasure>& measure) {
  if (!measure) return "–";
  char text[96];
  std::snprintf(text, sizeof text, "%.3f [%.3f, %.3f]", measure->value, measure->interval.low, measure->interval.high);
  return text;
}

}  // namespace

std::vector<GateRow> gate_rows(std::span<const GateText> before, std::span<const GateText> after, std::span<const double> scores_before,
                               std::span<const double> scores_after, const eval::BootstrapConfig& config) {
  VITRINE_REQUIRE(!before.empty() && before.size() == after.size() && before.size() == scores_before.size() && before.size() == scores_after.size(),
                  "[gate_rows] expected as many texts as scores, got ", before.size(), ", ", after.size(), ", ", scores_before.size(), " and ", scores_after.size());
  const eval::Bootstrap draws(one_group_each(before.size()), config);
  const auto banned = [](const GateText& text) { return text.banned ? 1.0 : 0.0; };
  const auto unsupported = [](const GateText& text) { return text.unsupported ? 1.0 : 0.0; };
  const auto coverage = [](const GateText& text) { return text.coverage; };
  std::vector<GateRow> rows;
  rows.push_back(win_row(scores_before, scores_after, draws));
  rows.push_back(mean_row("banned", values_of(before, banned), values_of(after, banned), draws));
  rows.back().passed = rows.back().after.value == 0;
  rows.push_back(mean_row("unsupported", values_of(before, unsupported), values_of(after, unsupported), draws));
  rows.back().passed = rows.back().difference->interval.low <= 0;
  rows.push_back(mean_row("coverage", values_of(before, coverage), values_of(after, coverage), draws));
  rows.back().passed = rows.back().difference->interval.high >= 0;
  rows.push_back(distinct_row(before, after, draws));
  return rows;
}

bool gate_passed(std::span<const GateRow> rows) {
  return std::all_of(rows.begin(), rows.end(), [](const GateRow& row) { return row.passed; });
}

std::string gate_table(std::span<const GateRow> rows) {
  std::string table = "上线检查（新旧模型写同样的商品；差的区间来自同样的抽样）\n";
  for (const GateRow& row : rows) {
    table += concat(row.passed ? "通过    " : "未通过  ", row.metric, "  原来 ", cell(row.before), "  新的 ", cell(row.after), "  差 ", cell(row.difference), "\n");
  }
  return table + (gate_passed(rows) ? "可以上线\n" : "不能上线\n");
}

GateOutcome run_evaluate_gate(const EvaluateGateRun& run, const EvaluateGateConfig& config) {
  config.validate();
  if (run.set == "-") throw UsageError("SET: expected a file, got standard input, which a gate that goes on later cannot read again");
  const std::vector<std::string> files = {run.set};
  check_inputs(kVerb, files);
  const fs::path place = require_artefact_place(kVerb, run.output, kGateKind, files);
  GateInputs inputs = open_inputs(run, config);
  const Json settings = settings_of(run, config, inputs);
  const AlignStages work({kVerb, {}}, place.string() + ".run", settings);
  const GateWork gate(run, config, inputs.products, work);
  const auto before = gate.texts(kBefore, inputs.before), after = gate.texts(kAfter, inputs.after);
  GateOutcome outcome;
  outcome.rows_rejected = inputs.rows_rejected;
  outcome.rows = gate_rows(before, after, gate.scores(kBefore, before, inputs.judge), gate.scores(kAfter, after, inputs.judge),
                           {.resamples = config.resamples, .seed = static_cast<uint64_t>(run.seed)});
  ArtefactFolder finished(place, kGateKind);
  write_file_atomic(finished.path() / "gate.json", dump_pretty(report_of(outcome.rows, inputs, run, settings)));
  write_file_atomic(finished.path() / "outputs.jsonl", outputs_jsonl(inputs.products, before, after));
  Json manifest = manifest_of(kGateKind);
  manifest["settings"] = settings;
  write_file_atomic(finished.path() / kManifestName, dump_pretty(manifest));
  finished.commit();
  work.remove();
  return outcome;
}

}  // namespace vitrine::recipes
