#include "recipes/evaluate_copy.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/file_arguments.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/resource.h"
#include "base/svg_chart.h"
#include "eval/anchors.h"
#include "recipes/evaluate_inputs.h"

namespace vitrine::recipes {
namespace {

using eval::Metric;
using eval::MetricValue;

const MetricValue& value_of(const eval::SystemReport& report, Metric metric) { return report.all[static_cast<size_t>(metric)]; }

void check_leakage(const EvaluateCopyInput& input, const eval::Leakage& leakage, bool allowed) {
  if (leakage.rows == 0 && leakage.texts == 0) return;
  const std::string message = concat("[evaluate_copy] ", input.set_file.path, ": ", leakage.rows, " rows and ", leakage.texts,
                                     " texts are also in ", input.train_file.path, " (first: ", leakage.first, ")");
  VITRINE_REQUIRE(allowed, message, "; --allow-leakage goes on");
  log_warn(message);
}

/// What was found before, or is found now.
eval::Leakage checked_leakage(const EvaluateCopyInput& input, const EvaluateCopyConfig& config) {
  if (input.leakage) return *input.leakage;
  const eval::Leakage leakage = eval::find_leakage(input.train, input.set);
  check_leakage(input, leakage, config.allow_leakage);
  return leakage;
}

template <typename Generator>
eval::SystemOutputs generated(const char* name, const std::vector<data::Product>& products, const Generator& generate) {
  eval::SystemRun run;
  for (const auto& product : products) run.texts.push_back(generate(product));
  return {name, {std::move(run)}};
}

std::vector<eval::SystemOutputs> with_baselines(EvaluateCopyInput& input, bool anchors) {
  std::vector<eval::SystemOutputs> systems;
  systems.push_back(generated(kHumanName, input.set, [](const data::Product& product) { return product.summary; }));
  if (anchors) {
    const eval::RetrievalAnchor retrieval(input.train);
    systems.push_back(generated(kJoinedName, input.set, eval::joined_values));
    systems.push_back(generated(kTemplateName, input.set, eval::anchor_template));
    systems.push_back(generated(kRetrievalName, input.set, [&](const data::Product& product) { return retrieval(product); }));
  }
  std::move(input.systems.begin(), input.systems.end(), std::back_inserter(systems));
  std::set<std::string> names;
  for (const auto& system : systems) VITRINE_REQUIRE(names.insert(system.name).second, "[evaluate_copy] two systems named ", system.name);
  return systems;
}

size_t count_inputs(const eval::CopySet& set) {
  std::set<uint32_t> groups;
  for (const auto& item : set) groups.insert(item.group);
  return groups.size();
}

Target at_least(std::string name, double value, double bound) {
  return {std::move(name), value >= bound, concat(format_number(value), " / >= ", format_number(bound))};
}

Target at_most(std::string name, double value, double bound) {
  return {std::move(name), value <= bound, concat(format_number(value), " / <= ", format_number(bound))};
}

/// Whole interval above the whole interval of the floor.
Target above(std::string name, const MetricValue& value, const MetricValue& floor) {
  return {std::move(name), value.interval.low > floor.interval.high,
          concat(format_number(value.interval.low), " / > ", format_number(floor.interval.high))};
}

struct CopyRows {
  std::vector<data::Product> products;
  DataFile file;
  int64_t rejected = 0;
};

CopyRows read_rows(const std::string& path) {
  auto result = data::read_products(path);
  if (result.report.rows_rejected > 0) data::log_table(concat("[evaluate copy] ", path, ":"), result.report.table(), true);
  for (const auto& product : result.products) {
    VITRINE_REQUIRE(!product.summary.empty(), "[evaluate copy] ", path, " row ", product.source.row, ": summary: no human copy to compare with");
  }
  return {std::move(result.products), {path, std::move(result.sha256)}, result.report.rows_rejected};
}

/// The best of the first n candidates, checked, is a system of its own.
void add_gate(GateRates rates, EvaluateCopyInput& input) {
  for (const GateRate& rate : rates.rates) {
    input.systems.push_back({best_of_name(rates, rate), {{.label = "", .texts = rate.texts, .candidates = {}}}});
  }
  input.gates.push_back(std::move(rates));
}

double number_at(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_number() ? found->get<double>() : std::nan("");
}

AttachedEvaluation::System attached_system(const Json& json) {
  AttachedEvaluation::System system{json.at("name").get<std::string>(), {}};
  for (size_t m = 0; m < eval::kNumMetrics; ++m) {
    const std::string name(eval::metric_info(static_cast<Metric>(m)).name);
    const Json value = json.at("all").value(name, Json::object());
    system.values[m].value = number_at(value, "value");
    system.values[m].interval = {number_at(value, "low"), number_at(value, "high")};
  }
  return system;
}

/// The file of TITLE=DIR, or of DIR alone.
std::string file_of_attached(const std::string& argument) {
  const std::string directory = argument.substr(argument.find('=') + 1);
  if (directory.empty() || argument.starts_with("=")) throw UsageError(concat("--attach: expected TITLE=DIR, got '", argument, "'"));
  return (std::filesystem::path(directory) / "metrics.json").string();
}

AttachedEvaluation read_attached(const std::string& argument) {
  const size_t sign = argument.find('=');
  const std::filesystem::path file = file_of_attached(argument);
  if (!std::filesystem::exists(file)) throw NotFound(concat("[evaluate copy] --attach: no evaluation at ", file.string()));
  const Json json = read_json_file(file);
  AttachedEvaluation attached{sign == std::string::npos ? std::filesystem::weakly_canonical(file).parent_path().filename().string() : argument.substr(0, sign), 0, {}};
  try {
    if (json.at("kind") != kCopyEvaluationKind.name) throw InvalidInput(concat("[evaluate copy] --attach: ", file.string(), ": kind: expected ", kCopyEvaluationKind.name, ", got ", dump_line(json.at("kind"))));
    attached.num_rows = json.at("set").at("rows").get<size_t>();
    for (const auto& system : json.at("systems")) attached.systems.push_back(attached_system(system));
  } catch (const Json::exception& e) {
    throw Corrupt(concat("[evaluate copy] --attach: ", file.string(), ": not the metrics of an evaluation: ", e.what()));
  }
  return attached;
}

std::vector<std::string> input_files(const std::string& set, const std::string& train, const std::vector<std::string>& outputs,
                                     const std::string& synonyms) {
  std::vector<std::string> files = {set, train, synonyms};
  for (const std::string& argument : outputs) files.push_back(file_of_argument(argument));
  return files;
}

/// Two models of one name would be one system.
void require_different_names(const std::vector<EvaluateModelConfig>& models) {
  std::map<std::string, std::string> model_of;
  for (const auto& config : models) {
    const auto [known, is_new] = model_of.emplace(system_name(config), config.write.model);
    if (!is_new) throw UsageError(concat("--model: ", known->second, " and ", config.write.model, " are both named ", known->first, "; give one a name: NAME=", config.write.model));
  }
}

}  // namespace

std::string best_of_name(const GateRates& gate, const GateRate& rate) { return concat(gate.name, " best of ", rate.n); }

const eval::SystemReport* CopyEvaluation::find(std::string_view name) const {
  const auto found = std::find_if(reports.begin(), reports.end(), [&](const auto& report) { return report.name == name; });
  return found == reports.end() ? nullptr : &*found;
}

CopyEvaluation evaluate_copy(EvaluateCopyInput input, const EvaluateCopyConfig& config) {
  config.validate();
  CopyEvaluation evaluation;
  evaluation.leakage = checked_leakage(input, config);
  const eval::CopySet set = eval::make_copy_set(input.set);
  const eval::TrainTable train(input.train);
  const eval::CopyScorer scorer(set, train, input.synonyms, {.resamples = config.resamples, .seed = static_cast<uint64_t>(config.seed)});
  evaluation.systems = with_baselines(input, config.anchors);
  Progress progress("evaluate", evaluation.systems.size(), "systems");
  for (const auto& system : evaluation.systems) {
    throw_if_interrupted("nothing was written");
    evaluation.reports.push_back(scorer.score(system));
    progress.advance();
  }
  evaluation.config = config;
  evaluation.set_file = input.set_file;
  evaluation.train_file = input.train_file;
  evaluation.num_train = input.train.size();
  evaluation.num_rows = scorer.num_rows();
  evaluation.num_single = scorer.num_single();
  evaluation.num_inputs = count_inputs(set);
  evaluation.rare_df = train.rare_df();
  evaluation.rare_df_by_use = train.rare_df_by_use();
  evaluation.products = std::move(input.set);
  evaluation.fits = std::move(input.fits);
  evaluation.gates = std::move(input.gates);
  return evaluation;
}

std::vector<Target> targets_of(const CopyEvaluation& evaluation, const eval::SystemReport& report) {
  const auto* human = evaluation.find(kHumanName);
  const auto* anchor = evaluation.find(kTemplateName);
  const auto* retrieval = evaluation.find(kRetrievalName);
  if (human == nullptr || anchor == nullptr || retrieval == nullptr) return {};
  const auto number = [&](Metric metric) { return value_of(report, metric).value; };
  return {above("BLEU-4 高于模板 above the template", value_of(report, Metric::bleu_4), value_of(*anchor, Metric::bleu_4)),
          above("BLEU-4 高于检索 above retrieval", value_of(report, Metric::bleu_4), value_of(*retrieval, Metric::bleu_4)),
          at_least("覆盖率 coverage (%)", number(Metric::coverage), 88),
          at_least("distinct-4 ≥ 0.72 × 人工 human", number(Metric::distinct_4), 0.72 * value_of(*human, Metric::distinct_4).value),
          at_most("repetition-4 ≤ 人工 human (%)", number(Metric::repetition_4), value_of(*human, Metric::repetition_4).value),
          at_least("独特卖点提及 point mention (%)", number(Metric::point_mention), 95),
          at_most("独特卖点位置 point offset", number(Metric::point_offset), 0.25),
          at_least("独特卖点在首句 in the first sentence (%)", number(Metric::point_in_first_sentence), 60)};
}

CopyEvaluation run_evaluate_copy(const std::string& set, const std::vector<std::string>& outputs,
                                 const std::vector<EvaluateModelConfig>& models, const std::vector<std::string>& attached,
                                 const std::string& output, const EvaluateCopyConfig& config) {
  config.validate();
  const std::string train = config.train.empty() ? resource_path("data/advertisegen/train.jsonl").string() : config.train;
  auto files = input_files(set, train, outputs, config.synonyms);
  for (const auto& argument : attached) files.push_back(file_of_attached(argument));
  require_different_names(models);
  check_inputs("evaluate copy", files);
  const auto place = require_artefact_place("evaluate copy", output, kCopyEvaluationKind, files);
  std::vector<AttachedEvaluation> others;
  for (const auto& argument : attached) others.push_back(read_attached(argument));
  CopyRows set_rows = read_rows(set), train_rows = read_rows(train);
  const int64_t rejected = set_rows.rejected + train_rows.rejected;
  EvaluateCopyInput input;
  input.set = std::move(set_rows.products);
  input.set_file = set_rows.file;
  input.train = std::move(train_rows.products);
  input.train_file = train_rows.file;
  input.leakage = checked_leakage(input, config);  // before a model writes anything
  input.synonyms = read_synonyms(config.synonyms);
  input.systems = read_systems(outputs, input.set);
  for (const auto& model : models) {
    auto written = write_systems(input.set, input.train, model);
    const bool has_fit = std::any_of(input.fits.begin(), input.fits.end(), [&](const auto& fit) { return fit.name == written.fit.name; });
    if (!has_fit) input.fits.push_back(std::move(written.fit));
    if (config.gate) add_gate(gate_rates(input.set, model, {1, 4, 8, 16}), input);
    for (auto& system : written.systems) {  // template bank and retrieval come with every model
      const bool known = std::any_of(input.systems.begin(), input.systems.end(), [&](const auto& s) { return s.name == system.name; });
      if (!known) input.systems.push_back(std::move(system));
    }
  }
  CopyEvaluation evaluation = evaluate_copy(std::move(input), config);
  evaluation.rows_rejected = rejected;
  evaluation.attached = std::move(others);
  write_evaluation(evaluation, place);
  return evaluation;
}

}  // namespace vitrine::recipes
