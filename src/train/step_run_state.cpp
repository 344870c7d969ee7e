#include "train/step_run_state.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdio>
#include <sstream>

#include "base/base64.h"
#include "base/error.h"
#include "base/file.h"
#include "base/html_report.h"
#include "io/safetensors.h"
#include "train/state_file.h"

namespace vitrine::train {
namespace {

StepValidation validation_from_json(const Json& json) {
  StepValidation validation;
  validation.step = json.at("step");
  validation.train_loss = json.at("train_loss");
  validation.learning_rate = json.at("learning_rate");
  validation.seconds = json.at("seconds");
  for (const Json& pair : json.at("measures")) validation.measures.emplace_back(pair.at(0), pair.at(1));
  validation.sample_png = json.at("sample_png");
  return validation;
}

Json to_json(const StepProgress& progress) {
  Json json = {{"step", progress.step}, {"seconds", progress.seconds}, {"loss_sum", progress.loss_sum}, {"loss_count", progress.loss_count},
               {"alarm", progress.alarm}, {"validations", Json::array()}};
  for (const StepValidation& validation : progress.validations) json["validations"].push_back(to_json(validation));
  return json;
}

StepProgress progress_from_json(const Json& json) {
  StepProgress progress;
  progress.step = json.at("step");
  progress.seconds = json.at("seconds");
  progress.loss_sum = json.at("loss_sum");
  progress.loss_count = json.at("loss_count");
  progress.alarm = json.at("alarm");
  for (const Json& validation : json.at("validations")) progress.validations.push_back(validation_from_json(validation));
  return progress;
}

/// Means of neighbours, so that a long run gives a curve of some hundred points.
std::vector<std::pair<double, double>> thinned(const std::vector<std::pair<double, double>>& points) {
  constexpr size_t kPoints = 300;
  const size_t width = std::max<size_t>(1, points.size() / kPoints);
  std::vector<std::pair<double, double>> result;
  for (size_t begin = 0; begin + width <= points.size(); begin += width) {
    double sum = 0;
    for (size_t i = begin; i < begin + width; ++i) sum += points[i].second;
    result.emplace_back(points[begin + width - 1].first, sum / static_cast<double>(width));
  }
  return result;
}

std::vector<ChartSeries> measure_series(const std::vector<StepValidation>& validations) {
  std::vector<ChartSeries> series;
  if (validations.empty()) return series;
  for (size_t m = 0; m < validations.front().measures.size(); ++m) {
    series.push_back({validations.front().measures[m].first, {}});
    for (const StepValidation& validation : validations) series[m].points.emplace_back(static_cast<double>(validation.step), validation.measures[m].second);
  }
  return series;
}

void add_table(HtmlReport& page, const std::vector<StepValidation>& validations) {
  if (validations.empty()) return;
  std::vector<std::string> header{"step", "minutes", "train loss", "learning rate"};
  for (const auto& [name, value] : validations.front().measures) header.push_back(name);
  std::vector<std::vector<std::string>> rows;
  for (const StepValidation& validation : validations) {
    rows.push_back({std::to_string(validation.step), format_number(validation.seconds / 60), format_number(validation.train_loss),
                    format_number(validation.learning_rate)});
    for (const auto& [name, value] : validation.measures) rows.back().push_back(format_number(value));
  }
  page.table(header, rows);
}

void add_samples(HtmlReport& page, const std::vector<StepValidation>& validations, const std::filesystem::path& run_dir) {
  for (auto validation = validations.rbegin(); validation != validations.rend(); ++validation) {
    const std::filesystem::path file = run_dir / validation->sample_png;
    if (validation->sample_png.empty() || !std::filesystem::exists(file)) continue;
    const std::string image = concat("<img alt=\"samples\" src=\"", data_uri("image/png", read_file(file)), "\">");
    const std::string summary = concat("samples after step ", validation->step);
    if (validation == validations.rbegin()) {
      page.paragraph(summary);
      page.raw(image);
    } else {
      page.begin_details(summary);
      page.raw(image);
      page.end_details();
    }
  }
}

}  // namespace

Json to_json(const StepValidation& validation) {
  Json measures = Json::array();
  for (const auto& [name, value] : validation.measures) measures.push_back({name, value});
  return {{"step", validation.step}, {"train_loss", validation.train_loss}, {"learning_rate", validation.learning_rate},
          {"seconds", validation.seconds}, {"measures", measures}, {"sample_png", validation.sample_png}};
}

void save_step_state(const std::filesystem::path& path, const StepProgress& progress, const Json& settings, const StepRun& run) {
  const at::Tensor values = run.parameters.values().cpu(), mean = run.optimizer.mean().cpu(), variance = run.optimizer.variance().cpu();
  const at::Tensor average = run.average.defined() ? run.average.cpu() : at::Tensor();
  std::vector<io::TensorToSave> tensors{flat_tensor("values", values), flat_tensor("mean", mean), flat_tensor("variance", variance)};
  if (average.defined()) tensors.push_back(flat_tensor("average", average));
  io::save_safetensors(path, tensors,
                       {{"config", settings.dump()}, {"optimizer_steps", std::to_string(run.optimizer.num_steps())}, {"progress", to_json(progress).dump()}});
}

StepProgress load_step_state(const std::filesystem::path& path, const Json& settings, const StepRun& run) {
  const io::SafetensorsFile file(path);
  require_same_settings(parse_json(metadata_of(file, "config", path), path.string()), settings, path);
  const Json progress = parse_json(metadata_of(file, "progress", path), path.string());
  copy_flat_tensor(file, "values", path, run.parameters.values());
  copy_flat_tensor(file, "mean", path, run.optimizer.mean());
  copy_flat_tensor(file, "variance", path, run.optimizer.variance());
  if (run.average.defined()) copy_flat_tensor(file, "average", path, run.average);
  run.optimizer.set_num_steps(std::stoll(metadata_of(file, "optimizer_steps", path)));
  return progress_from_json(progress);
}

StepLog::StepLog(const std::filesystem::path& run_dir, const StepProgress& progress) : path_(run_dir / "train.jsonl") {
  std::filesystem::create_directories(run_dir);
  if (!std::filesystem::exists(path_)) return;
  std::istringstream lines(read_file(path_));
  std::string kept, line;
  while (std::getline(lines, line)) {
    const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (json.is_discarded() || json.at("step").get<int64_t>() > progress.step) break;  // cut by a crash, or to be done again
    kept += line + "\n";
    if (json.contains("loss")) losses_.emplace_back(json.at("step").get<double>(), json.at("loss").get<double>());
  }
  write_file_atomic(path_, kept);
}

void StepLog::add_step(int64_t step, double loss, double learning_rate, double gradient_norm, double pictures_per_s) {
  losses_.emplace_back(static_cast<double>(step), loss);
  write({{"step", step}, {"loss", loss}, {"learning_rate", learning_rate}, {"gradient_norm", gradient_norm}, {"pictures_per_s", pictures_per_s}});
}

void StepLog::add(const StepValidation& validation) { write(to_json(validation)); }

void StepLog::write(const Json& line) {
  std::FILE* file = std::fopen(path_.c_str(), "a");
  if (file == nullptr) throw IoError(concat("[StepLog] cannot open ", path_.string()));
  const std::string text = dump_line(line) + "\n";
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (std::fclose(file) != 0 || !written) throw IoError(concat("[StepLog] cannot write ", path_.string()));
}

std::string step_run_page(const std::string& name, const Json& settings, const std::vector<std::pair<double, double>>& losses,
                          const std::vector<StepValidation>& validations, const std::filesystem::path& run_dir) {
  HtmlReport page(concat("training: ", name), "en");
  page.heading("Losses");
  page.line_chart("training loss, mean of neighbouring steps", "step", "loss", {{"training", thinned(losses)}});
  for (const ChartSeries& series : measure_series(validations)) page.line_chart(series.name, "step", series.name, {series});
  add_table(page, validations);
  page.heading("Samples");
  add_samples(page, validations, run_dir);
  page.heading("Settings");
  page.raw_text("settings", dump_pretty(settings));
  return page.html();
}

}  // namespace vitrine::train
